"""One recorded run of a tree: the same log, statuses and result, whoever ticks it (a loop, a mission, a program)."""

from __future__ import annotations

import contextlib
import platform
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from behaviours.recording.btlog import BtLog
from behaviours.recording.commands import told
from behaviours.recording.folder import RunFolder
from behaviours.recording.monitor import Monitor
from behaviours.recording.result import Result
from behaviours.recording.states import FILE, States
from perception.base.errors import SpotGraspError
from perception.base.processor import processor
from trees.groot_xml import tree_xml

if TYPE_CHECKING:
    from behaviours.robot import Robot
    from behaviours.settings import Settings
    from behaviours.worker import Worker
    from perception.networks.protocols import Detector, HeatmapModel
    from trees import Document, Substitute, Tree

PERIOD_S: Final = 0.05
"""Robot seconds from tick to tick."""
PACKAGES: Final = ("spot-grasp", "numpy", "py_trees", "onnxruntime", "genesis-world", "torch", "opencv-python")


class RunSession:
    """Opens a run folder; leaving it writes the result, whatever has happened.

    folder: empty, see `new_folder`. tree: the file. robot: its name. began_s: when the run was asked for, on
    `time.monotonic`; None is now. ConfigError if the folder cannot be written.

    In this order: `describe`, `record.copy_tree`, `start`; `run`, or `tick` until the tree has ended; `settle`.
    """

    def __init__(self, folder: Path, *, tree: Path, robot: str, seed: int = 0, began_s: float | None = None) -> None:
        self._began_s = time.monotonic() if began_s is None else began_s
        self.result = Result(run=str(folder), seed=seed, tree=str(tree), robot=robot)
        self.record = RunFolder(folder)
        self.tree: Tree
        self.monitor: Monitor
        self.states: States
        self.xml = ""
        """The tree as Groot2 reads it; see `trees.groot_xml`."""
        self._robot: Robot
        self._worker: Worker
        self._closing = contextlib.ExitStack()
        self._closing.enter_context(self.record)
        self._concluded = self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is not None and not self._concluded:
            self.result.fail(error)
        self.finish()

    def describe(self, options: Mapping[str, Any]) -> None:
        """Keep the options of the run and the versions of what runs. RecordError if the disk refuses."""
        versions = {}
        for name in PACKAGES:
            with contextlib.suppress(metadata.PackageNotFoundError):
                versions[name] = metadata.version(name)
        self.record.write_config(
            {
                **options,
                "tree_file": self.result.tree,
                "versions": versions,
                "python": platform.python_version(),
                "platform": platform.platform(),
                "processor": processor(),
                "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            }
        )

    def start(
        self,
        document: Document,
        robot: Robot,
        detector: Detector,
        heatmap_model: HeatmapModel,
        worker: Worker,
        *,
        substitution: Callable[[Any, Callable[[], float]], Substitute] | None = None,
        settings: Settings | None = None,
    ) -> Monitor:
        """Build the tree for a robot that is entered, and follow it from now on.

        substitution: given the leaves' context and the robot's clock, what `trees.build` asks for other leaves.
        settings: numbers that no port gives; None for the usual ones.
        """
        import trees
        from behaviours.services import Services
        from behaviours.settings import Settings

        self._robot, self._worker, self.record.clock = robot, worker, robot.now
        self.record.log.info("robot ready", robot=self.result.robot, cpu_s=round(time.process_time(), 3))
        services = Services(
            told(robot, self.record.log), detector, heatmap_model, worker, self.record, settings or Settings()
        )
        substitute = None if substitution is None else substitution(services, robot.now)
        self.tree = trees.build(document, services, robot.now, substitute)
        title = Path(self.result.tree).stem
        self.monitor = Monitor(self.tree, document.main, robot.now, self.record.log, title, period_s=PERIOD_S)
        self.xml = tree_xml(document.main, self.monitor.nodes, document.leaves)
        btlog = BtLog(self.record.path / "tree.btlog", self.xml, time.time_ns() // 1000)
        self._closing.callback(btlog.close)
        self.monitor.follow_statuses(btlog.append)
        self.monitor.follow_values(self.record.value)
        self.states = States(self.record.path / FILE, robot)
        self._closing.callback(self.states.close)
        return self.monitor

    def run(
        self,
        *,
        time_limit_s: float,
        before_tick: Callable[[], None] = lambda: None,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Tick until the tree has ended or the robot's clock has gone `time_limit_s` on; the robot is stopped then.

        before_tick, on_tick: called before and after each tick. What they or a leaf raises ends the run and passes
        through.
        """
        from behaviours.run_loop import run_tree

        def after_tick() -> None:
            self._look()
            on_tick()

        outcome = run_tree(
            self.monitor.times,
            self._robot,
            self._worker,
            period_s=PERIOD_S,
            time_limit_s=time_limit_s,
            before_tick=before_tick,
            on_tick=after_tick,
        )
        self._ended(outcome.success, outcome.reason)

    def tick(self) -> bool:
        """One tick, for whoever keeps the time; whether the tree has ended. What a leaf raises passes through."""
        from py_trees.common import Status

        status = self.monitor.times.tick()
        self._look()
        if status != Status.RUNNING:
            self._ended(status == Status.SUCCESS, "the tree failed")
        return status != Status.RUNNING

    def _look(self) -> None:
        """After each tick."""
        self.monitor.tick()
        self.states.sample()

    def _ended(self, success: bool, reason: str) -> None:
        self.result.status = "success" if success else "failure"
        self.result.reason = "" if success else self.monitor.failure_words(reason)

    def settle(self, truth: Mapping[str, float]) -> None:
        """Take into the result what the run has counted, while the robot is still entered. truth: of a judge outside
        the tree, see `Result.judge`."""
        self.result.attempts = self.monitor.attempts.count
        self.result.reports = list(self.record.reports)
        self.result.sim_s = round(self._robot.now(), 3)
        self.result.judge(truth)

    def conclude(self, interrupted_by: str | None = None) -> Result:
        """The result with its final status. interrupted_by: the name of a signal that has come."""
        self._concluded = True
        self.result.close(interrupted_by, time.monotonic() - self._began_s)
        return self.result

    def finish(self) -> None:
        """Write the result and close the folder; safe twice. RecordError if the disk refuses, unless another error is
        on its way."""
        if self._finished:
            return
        self._finished = True
        on_the_way = sys.exc_info()[1]
        if not self._concluded:
            self.conclude()
        try:
            self.record.finish(self.result.as_json())
        except SpotGraspError:
            if on_the_way is None:
                raise
        finally:
            self._closing.close()
