"""Leaves that walk to a pose and round an object."""

from __future__ import annotations

import numpy as np

from behaviours.leaves.base import OBJECT, MotionLeaf, RouteLeaf
from behaviours.limits import MOST, TURN, up_to
from behaviours.robot import Command
from perception.geometry import Pose, Vector
from trees.data.ports import input_port

BASE = frozenset({"base"})
MAX_SPEED = input_port(
    "max_speed_mps", float, unit="m/s", bounds=up_to(MOST.walking_speed_mps), text="limit of the walking speed"
)
MAX_YAW_RATE = input_port(
    "max_yaw_rate_radps", float, unit="rad/s", bounds=up_to(MOST.yaw_rate_radps), text="limit of the turning rate"
)
STANDOFF = input_port(
    "distance_m", float, unit="m", default=1.0, bounds=up_to(100.0), text="from the body's centre to the object's axis"
)
STEP_RAD = 0.45
"""Longest piece of a walk round an object: its chord comes at most 2.5 % nearer than the circle."""


class WalkLeaf(RouteLeaf):
    """A walk within the limits of the ports, to one pose or through several."""

    ACTUATORS = BASE

    def go(self, goal: Pose) -> Command:
        speed, rate = self.get("max_speed_mps"), self.get("max_yaw_rate_radps")
        return self.robot.walk_to(goal, max_speed_mps=speed, max_yaw_rate_radps=rate)


class WalkTo(WalkLeaf):
    """Walk to a pose: the body's centre over it, with its heading."""

    PORTS = (input_port("pose", Pose, text="where to stand"), MAX_SPEED, MAX_YAW_RATE)

    def route(self) -> list[Pose]:
        return [self.get("pose")]


class SetBodyPose(MotionLeaf):
    """Raise or lower the body and pitch it, so that the arm reaches lower or higher; the hand goes along.

    It lasts until the next walk.
    """

    ACTUATORS = BASE
    PORTS = (
        input_port(
            "height_m", float, unit="m", default=0.0, bounds=MOST.body_height, text="of the body, from standing"
        ),
        input_port(
            "pitch_rad", float, unit="rad", default=0.0, bounds=MOST.body_pitch, text="of the body, positive nose down"
        ),
        input_port(
            "max_speed_mps", float, unit="m/s", bounds=up_to(MOST.body_speed_mps), text="limit of the body's speed"
        ),
    )

    def start(self) -> Command:
        height_m, pitch_rad = self.get("height_m"), self.get("pitch_rad")
        return self.robot.set_body(height_m, pitch_rad, max_speed_mps=self.get("max_speed_mps"))


class SelfRight(MotionLeaf):
    """Get up after a fall and stand, arm folded, jaws closed; a robot that has not fallen stays as it is."""

    ACTUATORS = frozenset({"base", "arm", "gripper"})

    def start(self) -> Command:
        return self.robot.self_right()


def poses_round(world_from_body: Pose, centre_m: Vector, angle_rad: float, distance_m: float) -> list[Pose]:
    """Poses of the body on the circle of `distance_m` round a point, facing it, at most STEP_RAD apart; at least one.

    centre_m: (3,) metres in the world; its height does not matter. angle_rad: from where the body is now to the last
    pose, the goal; counter-clockwise seen from above.
    """
    offset = world_from_body.position_m[:2] - np.asarray(centre_m)[:2]
    now = float(np.arctan2(offset[1], offset[0]))
    poses = []
    for angle in np.linspace(0.0, angle_rad, max(1, int(np.ceil(abs(angle_rad) / STEP_RAD))) + 1)[1:]:
        out = np.array([np.cos(now + angle), np.sin(now + angle)])
        heading = float(np.arctan2(-out[1], -out[0]))
        place = (*(np.asarray(centre_m)[:2] + distance_m * out), world_from_body.position_m[2])
        poses.append(Pose.from_rpy((0.0, 0.0, heading), place))
    return poses


class WalkAround(WalkLeaf):
    """Walk round an object, facing it at the end of every piece; no piece crosses the circle."""

    PORTS = (
        OBJECT,
        input_port(
            "angle_rad", float, unit="rad", bounds=TURN, text="how far round it, counter-clockwise seen from above"
        ),
        STANDOFF,
        MAX_SPEED,
        MAX_YAW_RATE,
    )

    def route(self) -> list[Pose]:
        centre = self.get("object").position_m
        return poses_round(self.robot.body_pose(), centre, self.get("angle_rad"), self.get("distance_m"))
