"""What goes wrong on a fake robot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FakeScript:
    """What goes wrong on a fake robot.

    hidden_captures: pictures at the start without the bottle. misses: closings that miss it. slips: lifts after which
    it falls back. falls: walks on which the robot falls over halfway. drops: walks on which it is lost halfway; it is
    back at its first place afterwards. pull_after_s: somebody pulls at it once the robot has held it still for so long.
    walk_blocked, arm_stalls: these motions fail. out_of_reach: the arm reaches nothing. lost_after_s: the connection is
    lost at this time.
    """

    hidden_captures: int = 0
    misses: int = 0
    slips: int = 0
    falls: int = 0
    drops: int = 0
    pull_after_s: float | None = None
    walk_blocked: bool = False
    out_of_reach: bool = False
    arm_stalls: bool = False
    lost_after_s: float | None = None
