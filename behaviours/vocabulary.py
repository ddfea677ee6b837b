"""The names that ports accept: a robot's cameras, the approaches with which it picks by itself, a detector's labels."""

from __future__ import annotations

from typing import Final

from perception.detection.by_depth.anything import ANY
from perception.detection.things import THING
from perception.networks.protocols import Detector
from perception.types import APPROACHES
from trees.data.ports import Names

NO_PICK: Final = "has no pick of its own (no method pick_in_image); take --robot spot, or grip with CloseGripper"


def robot_names(cameras: tuple[str, ...], *, picks: bool, whose: str) -> dict[str, Names]:
    """By kind, as ports name it. picks: whether the robot has a pick of its own. whose: such as `the robot 'fake'`."""
    return {"camera": Names(cameras, whose), "pick": Names(APPROACHES if picks else (), whose, NO_PICK)}


def label_names(detector: Detector, whose: str) -> Names:
    """The labels that a tree may ask for: those of the detector, `thing` and `any`. whose: for words."""
    return Names((*detector.labels, THING, ANY), whose)
