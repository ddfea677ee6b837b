"""Leaves that keep places: where the robot is, where an object stands, and what lies beside such a place."""

from __future__ import annotations

import numpy as np
from py_trees.common import Status

from behaviours.leaves.base import OBJECT, RobotLeaf
from behaviours.limits import TURN
from perception.geometry import Pose
from perception.surface.locate import ObjectLocation
from trees.data.ports import Bounds, input_port, output_port

FAR = Bounds(-1000.0, 1000.0)
"""Metres to another place."""


def level(pose: Pose) -> Pose:
    """The pose without its tilt: same position and heading."""
    return Pose.from_rpy((0.0, 0.0, pose.yaw_rad), pose.position_m)


def _words(pose: Pose) -> str:
    x, y, z = pose.position_m
    return f"({x:.2f}, {y:.2f}, {z:.2f}) m, heading {np.degrees(pose.yaw_rad):.0f} degrees"


class RememberPose(RobotLeaf):
    """Keep where the robot is now: its body's centre and heading, level."""

    NEVER_FAILS = True
    PORTS = (output_port("pose", Pose, text="where the robot is"),)

    def update(self) -> Status:
        pose = level(self.robot.body_pose())
        self.set("pose", pose)
        return self.succeed(_words(pose))


class RememberPlace(RobotLeaf):
    """Keep where an object stands: the middle of its foot, with the heading from the robot to it."""

    NEVER_FAILS = True
    PORTS = (OBJECT, output_port("place", Pose, text="the place under it"))

    def update(self) -> Status:
        location: ObjectLocation = self.get("object")
        offset = location.position_m - self.robot.body_pose().position_m
        heading = float(np.arctan2(offset[1], offset[0]))
        place = Pose.from_rpy((0.0, 0.0, heading), (*location.position_m[:2], location.bottom_z_m))
        self.set("place", place)
        return self.succeed(_words(place))


class OffsetPose(RobotLeaf):
    """The pose that lies beside another one, as seen from it."""

    NEVER_FAILS = True
    PORTS = (
        input_port("pose", Pose, text="the pose to start from"),
        input_port("forward_m", float, unit="m", default=0.0, bounds=FAR, text="how far ahead of it"),
        input_port("left_m", float, unit="m", default=0.0, bounds=FAR, text="how far to its left"),
        input_port("up_m", float, unit="m", default=0.0, bounds=FAR, text="how far above it"),
        input_port("turn_rad", float, unit="rad", default=0.0, bounds=TURN, text="how far turned to the left"),
        output_port("moved", Pose, text="the pose beside it"),
    )

    def update(self) -> Status:
        step = (self.get("forward_m"), self.get("left_m"), self.get("up_m"))
        moved = level(self.get("pose")) @ Pose.from_rpy((0.0, 0.0, self.get("turn_rad")), step)
        self.set("moved", moved)
        return self.succeed(_words(moved))
