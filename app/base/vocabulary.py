"""What the chosen detector and robot know by name: a tree with other names is refused before a robot is started."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.session.options import RobotKind
from behaviours.robot import HAND_ONLY
from behaviours.robots.spot.images import CAMERAS as SPOT_CAMERAS
from trees.data.ports import Names, Vocabulary

if TYPE_CHECKING:
    from perception.models import Detector

CAMERAS: Final[dict[RobotKind, tuple[str, ...]]] = {
    "fake": HAND_ONLY, "genesis": HAND_ONLY, "spot": tuple(SPOT_CAMERAS),
}  # fmt: skip
"""Of each robot, to be told without one."""


def vocabulary(detector: Detector | None, file: Path | None, robot: RobotKind | None) -> dict[str, Names]:
    """The labels of a detector and the cameras of a robot, where they are given. file: of the detector, for words."""
    known = {}
    if detector is not None:
        whose = f"the detector {file}" if file is not None else "the detector"
        known["label"] = Names(detector.labels, whose)
    if robot is not None:
        known["camera"] = Names(CAMERAS[robot], f"the robot '{robot}'")
    return known


def vocabulary_for_check(file: Path | None, robot: RobotKind | None) -> Vocabulary:
    """What a run with these options would know. ModelError if the network cannot be used."""
    if file is None and robot is None:
        return {}
    if robot == "fake" and file is None:
        from behaviours.robots.fake.robot import FakeDetector

        return vocabulary(FakeDetector(), None, robot)
    from app.session.compose import weights_folder
    from perception.detection.detector import OnnxDetector

    return vocabulary(OnnxDetector(file or weights_folder() / "detector.onnx"), file, robot)
