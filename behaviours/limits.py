"""What a robot can be asked for: judged in one place for every robot and every command, before anything moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from behaviours.model import ARM_POSES
from perception.base.errors import LimitError
from perception.geometry import Pose
from perception.types import APPROACHES
from trees.data.ports import Bounds

SHARE: Final = Bounds(0.0, 1.0)
WAIT: Final = Bounds(0.0, 3600.0)
"""Seconds that a leaf may wait."""
TURN: Final = Bounds(-2 * math.pi, 2 * math.pi)
FARTHEST_M: Final = 10_000.0
"""From the origin of the world: farther away no pose is meant."""


LEAST: Final = 0.001
"""A speed, torque or distance below this is none: a motion would have no end."""


def up_to(maximum: float) -> Bounds:
    """From `LEAST` to `maximum`."""
    return Bounds(LEAST, maximum)


@dataclass(frozen=True)
class RobotLimits:
    """The largest values that commands may ask of a robot; the smallest is `LEAST` for all.

    walking_speed_mps, yaw_rate_radps: of the body. joint_speed_radps: of the arm's joints. hand_speed_mps: of the hand
    on a straight line. jaw_torque_nm: of the gripper's motor. body_lower_m, body_raise_m, body_pitch_rad: of a body
    pose, from standing level. body_speed_mps: of the body meanwhile.
    """

    walking_speed_mps: float
    yaw_rate_radps: float
    joint_speed_radps: float
    hand_speed_mps: float
    jaw_torque_nm: float
    body_lower_m: float
    body_raise_m: float
    body_pitch_rad: float
    body_speed_mps: float

    @property
    def body_height(self) -> Bounds:
        """Of a body pose's height, metres from standing."""
        return Bounds(-self.body_lower_m, self.body_raise_m)

    @property
    def body_pitch(self) -> Bounds:
        """Of a body pose's pitch, radians."""
        return Bounds(-self.body_pitch_rad, self.body_pitch_rad)


MOST: Final = RobotLimits(
    walking_speed_mps=1.6,
    yaw_rate_radps=2.0,
    joint_speed_radps=2.5,
    hand_speed_mps=1.5,
    jaw_torque_nm=15.32,
    body_lower_m=0.3,
    body_raise_m=0.2,
    body_pitch_rad=0.7,
    body_speed_mps=0.5,
)
"""The most that a tree file may ask of any robot; a robot may allow less."""

_LIMITS: Final = {
    ("walk_to", "max_speed_mps"): "walking_speed_mps",
    ("walk_to", "max_yaw_rate_radps"): "yaw_rate_radps",
    ("move_arm", "max_joint_speed_radps"): "joint_speed_radps",
    ("move_hand", "max_speed_mps"): "hand_speed_mps",
    ("set_gripper", "max_torque_nm"): "jaw_torque_nm",
    ("pick_in_image", "max_torque_nm"): "jaw_torque_nm",
    ("set_body", "max_speed_mps"): "body_speed_mps",
}
_UNITS: Final = {"mps": "m/s", "radps": "rad/s", "nm": "N·m"}


def require_pick(
    limits: RobotLimits,
    shape: tuple[int, int],
    pixel_uv: tuple[int, int],
    approach: str,
    *,
    palm_to_fingertip: float,
    max_torque_nm: float,
) -> None:
    """LimitError, naming argument, value and range, unless a robot with these limits may be asked for this pick.

    shape: (height, width) of the picture. pixel_uv: a pixel in it. approach, palm_to_fingertip, max_torque_nm: as in
    `behaviours.robot.PicksInImage.pick_in_image`.
    """
    u, v = pixel_uv
    if not (0 <= u < shape[1] and 0 <= v < shape[0]):
        raise LimitError(f"pick_in_image: the pixel ({u}, {v}) is outside the picture of {shape[1]}x{shape[0]} pixels")
    if approach not in APPROACHES:
        raise LimitError(f"pick_in_image: unknown approach {approach!r}; choose from: {', '.join(APPROACHES)}")
    if not SHARE.hold(palm_to_fingertip):
        raise LimitError(f"pick_in_image: palm_to_fingertip is {palm_to_fingertip:g}; it takes {SHARE}")
    _require("pick_in_image", limits, max_torque_nm=max_torque_nm)


def require_body(limits: RobotLimits, height_m: float, pitch_rad: float, *, max_speed_mps: float) -> None:
    """LimitError, naming argument, value and range, unless a robot with these limits may be asked for this body pose.

    height_m, pitch_rad, max_speed_mps: see `behaviours.robot.Robot.set_body`.
    """
    for name, value, bounds in (
        ("height_m", height_m, limits.body_height),
        ("pitch_rad", pitch_rad, limits.body_pitch),
    ):
        if not bounds.hold(value):
            raise LimitError(f"set_body: {name} is {value:g}; it must be {bounds}")
    _require("set_body", limits, max_speed_mps=max_speed_mps)


def require_limits(limits: RobotLimits, command: str, goal: Pose | str | float, **values: float) -> None:
    """LimitError, naming command, argument, value and range, unless a robot with these limits may be asked for this.

    Every adapter calls it first in each of its commands. command: as in the `Robot` protocol. goal: a pose, the name of
    a pose of the arm, or the opening of the gripper. values: the command's limits, by their names there.
    """
    if isinstance(goal, str):
        if goal not in ARM_POSES:
            raise LimitError(f"{command}: unknown arm pose {goal!r}; choose from: {', '.join(ARM_POSES)}")
    elif isinstance(goal, Pose):
        if not np.abs(goal.position_m).max() <= FARTHEST_M:
            place = ", ".join(f"{value:g}" for value in goal.position_m)
            raise LimitError(f"{command}: the goal ({place}) m is more than {FARTHEST_M:g} m away from the origin")
    elif not SHARE.hold(goal):
        raise LimitError(f"{command}: opening is {goal:g}; it takes {SHARE}: 0 is closed, 1 is open")
    _require(command, limits, **values)


def _require(command: str, limits: RobotLimits, **values: float) -> None:
    for name, value in values.items():
        bounds = up_to(getattr(limits, _LIMITS[command, name]))
        if not bounds.hold(value):
            unit = _UNITS[name.rpartition("_")[2]]
            raise LimitError(f"{command}: {name} is {value:g}; it must be positive, {bounds} {unit}")
