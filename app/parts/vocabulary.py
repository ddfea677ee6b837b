"""The names that the chosen detector and robot know; a tree with others is refused before the start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.parts.options import with_defaults
from app.parts.robots import robot_kind
from behaviours.robot import HAND_ONLY, Robot, picking
from behaviours.robots.spot.camera.images import CAMERAS as SPOT_CAMERAS
from behaviours.vocabulary import label_names, robot_names
from trees.data.ports import Names, Vocabulary

if TYPE_CHECKING:
    from perception.networks.protocols import Detector

CAMERAS: Final[dict[str, tuple[str, ...]]] = {
    "fake": HAND_ONLY, "genesis": HAND_ONLY, "spot": tuple(SPOT_CAMERAS),
}  # fmt: skip
"""The cameras of each built-in robot, known without making one."""
PICKING: Final = ("fake", "spot")
"""The built-in robots that pick by themselves, known without making one."""


def vocabulary(
    detector: Detector | None, which: Path | str | None, robot: str | None, made: Robot | None = None
) -> dict[str, Names]:
    """The labels of a detector and the names of a robot, where they are given.

    which: file or name of the detector, for words. made: the robot; None is the built-in one of that name.
    """
    known: dict[str, Names] = {}
    if detector is not None:
        whose = f"the detector {which}" if which is not None else "the detector"
        known["label"] = label_names(detector, whose)
    if robot is not None:
        cameras = CAMERAS[robot] if made is None else made.cameras
        picks = robot in PICKING if made is None else picking(made) is not None
        known |= robot_names(cameras, picks=picks, whose=f"the robot '{robot}'")
    return known


def vocabulary_for_check(detector: Path | str | None, robot: str | None, settings: Path | None = None) -> Vocabulary:
    """The vocabulary of a run with these options. settings: its file. ModelError for a network, ConfigError for a
    plug-in or settings that cannot be used."""
    if detector is None and robot is None:
        return {}
    made = None
    if robot is not None and robot not in CAMERAS:
        kind = robot_kind(robot)
        made = kind.make(with_defaults(kind, {}), seed=0, folder=None)
    if robot == "fake" and detector is None:
        from behaviours.robots.fake.robot import FakeDetector

        return vocabulary(FakeDetector(), None, robot)
    from app.parts.networks import open_detector
    from behaviours.settings import read_settings

    names = None if settings is None else read_settings(settings).names
    return vocabulary(open_detector(detector, names), detector, robot, made)
