"""One run of a served tree: ticked once for each Tick of its mission, recorded like every run."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.mission.parametrised import ParametrisedTree
from behaviours.recording.folder import new_folder
from behaviours.recording.result import Status
from behaviours.recording.session import RunSession
from perception.base.errors import SpotGraspError

if TYPE_CHECKING:
    from behaviours.robots.spot.robot import SpotRobot
    from behaviours.worker import Worker
    from perception.networks.protocols import Detector, HeatmapModel

Word = Literal["RUNNING", "SUCCESS", "FAILURE"]


@dataclass(frozen=True)
class MissionParts:
    """What all runs of a service share. tree: with its parameters. robot: entered, under the mission's lease. record:
    folder of the run folders, None: runs/."""

    tree: ParametrisedTree
    robot: SpotRobot
    detector: Detector
    heatmap_model: HeatmapModel
    worker: Worker
    record: Path | None = None


class MissionRun:
    """A run from its first Tick to its end. Not thread-safe; its owner takes care of that.

    values: of the tree's parameters, as text. SpotGraspError, the run recorded as an error, if the tree cannot be
    built: its file may have changed while it was served.
    """

    def __init__(self, parts: MissionParts, values: Mapping[str, str]) -> None:
        self._robot = parts.robot
        file, now = parts.tree.file, datetime.now()
        where = None if parts.record is None else parts.record / f"{now:%Y%m%d-%H%M%S-%f}-{file.stem}"
        self._session = RunSession(new_folder(where, file.stem, 0, now), tree=file, robot="spot")
        self.over = False
        try:
            self._session.describe({"mission": True, "parameters": dict(values)})
            document = parts.tree.document(values, self._session.record.path)
            self._session.record.copy_tree(document)
            self._session.start(document, parts.robot, parts.detector, parts.heatmap_model, parts.worker)
        except Exception as error:
            self.over = True
            self._session.result.fail(error)
            self._session.finish()
            raise

    def tick(self) -> tuple[Word, str]:
        """One tick of the tree: its status, and the reason of a failure. What a leaf raises closes the run and is
        raised as a SpotGraspError."""
        try:
            if not self._session.tick():
                return "RUNNING", ""
        except Exception as error:
            self._session.result.fail(error)
            self._close()
            if isinstance(error, SpotGraspError):
                raise
            raise SpotGraspError(f"{type(error).__name__}: {error}") from error
        self._close()
        result = self._session.result
        return ("SUCCESS", "") if result.status == "success" else ("FAILURE", result.reason)

    def stop(self, status: Status, reason: str) -> None:
        """Halt the tree, stop the robot, close the run folder. status, reason: of the result. Safe twice."""
        if not self.over:
            self._session.result.status, self._session.result.reason = status, reason
            self._close()

    def _close(self) -> None:
        self.over = True
        try:
            with contextlib.suppress(SpotGraspError):  # a lost robot stops by itself; the result has its reason
                self._session.tree.halt()
            self._robot.stop()
        finally:
            self._session.settle({})
            self._session.finish()
