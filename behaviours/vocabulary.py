"""The names of a robot that ports accept: its cameras, and the approaches with which it picks by itself."""

from __future__ import annotations

from typing import Final

from perception.types import APPROACHES
from trees.data.ports import Names

NO_PICK: Final = "has no pick of its own (no method pick_in_image); take --robot spot, or grip with CloseGripper"


def robot_names(cameras: tuple[str, ...], *, picks: bool, whose: str) -> dict[str, Names]:
    """By kind, as ports name it. picks: whether the robot has a pick of its own. whose: such as `the robot 'fake'`."""
    return {"camera": Names(cameras, whose), "pick": Names(APPROACHES if picks else (), whose, NO_PICK)}
