"""One trial, in the process of a worker that keeps its simulator and networks for the next."""

from __future__ import annotations

import functools
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.session.compose import compose, description, open_networks
from app.session.options import RunOptions
from app.session.task import read_task
from app.trials.leaf_times import LeafTimes
from app.trials.outcome import LOST, Outcome
from behaviours.recording.result import JUDGED
from behaviours.recording.session import RunSession

if TYPE_CHECKING:
    from behaviours.recording.result import Result

_networks = functools.lru_cache(maxsize=1)(open_networks)
"""They are opened once in a process."""


@dataclass(frozen=True)
class Trial:
    """options: of the run; `record` is its folder. command: repeats it. keep: keep the folder of a success, too."""

    options: RunOptions
    command: str
    keep: bool

    def __str__(self) -> str:
        return f"{self.options.tree} seed {self.options.seed}"

    @property
    def folder(self) -> Path:
        assert self.options.record is not None
        return self.options.record

    def lost(self, reason: str) -> Outcome:
        """The outcome if the process of the trial ends before it has one. reason: in words."""
        words = f"the process of the trial {reason}"
        return Outcome(self.options.tree, self.options.seed, LOST, words, run=str(self.folder), command=self.command)


def ready() -> None:
    """Called in a worker before its first trial."""


def run_trial(trial: Trial) -> Outcome:
    """Run it, recorded like `spot-grasp run`, and say what came of it. An error within the run is an outcome, too."""
    began_s = time.monotonic()
    options, leaves = trial.options, LeafTimes(())
    task = read_task(options)
    trial.folder.mkdir(parents=True)
    parts = compose(
        options, trial.folder, _networks(options.robot, options.detector, options.heatmap, options.settings)
    )
    task.know(options, parts)
    session = RunSession(trial.folder, tree=task.file, robot=options.robot, seed=options.seed, began_s=began_s)
    try:
        with session:
            from behaviours.worker import Worker

            session.describe(description(options, parts, task.settings))
            task.keep(session)
            with parts.robot as robot, Worker() as worker:
                monitor = task.start(session, parts, robot, worker)
                leaves = LeafTimes(monitor.nodes)
                monitor.follow(leaves.take)
                try:
                    session.run(time_limit_s=options.time_limit_s)
                finally:
                    session.settle(parts.ground_truth())
    except Exception:  # it is in the result: one broken run says nothing about the others
        pass
    outcome = _outcome(trial, session.result, leaves)
    if outcome.success and not trial.keep:
        shutil.rmtree(trial.folder, ignore_errors=True)
    return outcome


def _outcome(trial: Trial, result: Result, leaves: LeafTimes) -> Outcome:
    values = {name: getattr(result, name) for name in JUDGED if name != "sim_s"}
    return Outcome(
        trial.options.tree,
        trial.options.seed,
        result.status,
        result.reason,
        result.attempts,
        result.sim_s,
        result.wall_s,
        {name: value for name, value in values.items() if value is not None},
        tuple(result.reports),
        str(trial.folder) if trial.keep or result.status != "success" else "",
        trial.command,
        leaves.slowest(),
    )
