"""One tree in a mission: built when it is begun, ticked once for each Tick, recorded like any run."""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from py_trees.common import Status

import trees
from app.mission.parametrised import Parametrised
from app.session.folder import RunFolder, new_folder
from app.session.result import Result
from app.session.result import Status as Ending
from behaviours.services import Services, Settings
from perception.base.errors import SpotGraspError

if TYPE_CHECKING:
    from behaviours.robots.spot.robot import SpotRobot
    from behaviours.worker import Worker
    from perception.models import Detector, HeatmapModel

Word = Literal["RUNNING", "SUCCESS", "FAILURE"]


@dataclass(frozen=True)
class Stage:
    """What every run shares. tree: with its parameters. robot: entered, as a guest. record: folder of the run folders;
    None: runs/."""

    tree: Parametrised
    robot: SpotRobot
    detector: Detector
    heatmap_model: HeatmapModel
    worker: Worker
    record: Path | None = None


class Player:
    """The run of a tree from its first Tick to its end. Not thread-safe; its owner takes care of that."""

    def __init__(self, stage: Stage, values: Mapping[str, str]) -> None:
        self._stage = stage
        self._begun_s = time.monotonic()
        path, now = stage.tree.file, datetime.now()
        where = None if stage.record is None else stage.record / f"{now:%Y%m%d-%H%M%S-%f}-{path.stem}"
        self.folder = RunFolder(new_folder(where, path.stem, 0, now))
        self.folder.clock = stage.robot.now
        config = {"tree_file": str(path), "mission": True, "parameters": dict(values)}
        self.folder.write_config({**config, "python": platform.python_version(), "started": now.isoformat()})
        self.over = False
        try:
            self._tree = self._build(values)
        except Exception as error:  # say, the file has been changed while it was served
            self.over = True
            self._finish("error", str(error))
            raise

    def _build(self, values: Mapping[str, str]) -> trees.Tree:
        stage, log = self._stage, self.folder.log
        models = (stage.detector, stage.heatmap_model)
        services = Services(stage.robot, *models, stage.worker, log, self.folder, Settings())
        document = stage.tree.document(values, self.folder.path)
        self.folder.copy_tree(document)
        tree = trees.build(document, services, stage.robot.now)

        def note(_uid: int, path: str, old: str, new: str, feedback: str) -> None:
            log.info("transition", path=path, old=old, new=new, feedback=feedback)

        tree.on_transition(note)
        return tree

    def tick(self) -> tuple[Word, str]:
        """One tick of the tree: its status, and why it failed. SpotGraspError for what a leaf raises, the run
        closed."""
        try:
            status = self._tree.tick()
        except SpotGraspError as error:
            self.stop("error", str(error))
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            self.stop("error", told)
            raise SpotGraspError(told) from error
        if status == Status.RUNNING:
            return "RUNNING", ""
        failure = self._tree.failure()
        reason = "" if status == Status.SUCCESS else f"{failure[0]}: {failure[1]}" if failure else "the tree failed"
        self.stop("success" if status == Status.SUCCESS else "failure", reason)
        return ("SUCCESS", "") if status == Status.SUCCESS else ("FAILURE", reason)

    def stop(self, status: Ending = "interrupted", reason: str = "stopped by the mission") -> None:
        """Halt the tree, stop the robot, close the run folder. Safe twice."""
        if self.over:
            return
        self.over = True
        stage = self._stage
        try:
            with contextlib.suppress(SpotGraspError):  # a lost robot stops by itself; its reason is already told
                self._tree.halt()
            stage.robot.stop()
        finally:
            self._finish(status, reason)

    def _finish(self, status: Ending, reason: str) -> None:
        result = Result(status, run=str(self.folder.path), tree=str(self._stage.tree.file), robot="spot")
        result.sim_s = round(self._stage.robot.now(), 3)
        result.close(None, time.monotonic() - self._begun_s)
        result.reason = reason
        self.folder.finish(result.as_json())
