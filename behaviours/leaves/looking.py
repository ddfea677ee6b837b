"""Leaves that hold the hand camera in front of what it shall see."""

from __future__ import annotations

from typing import Final

import numpy as np

from behaviours.leaves.base import OBJECT
from behaviours.leaves.moving import MAX_HAND_SPEED, HandLeaf
from behaviours.leaves.placing import REACH
from behaviours.limits import up_to
from behaviours.model import RobotModel
from behaviours.settings import LookingSettings
from perception.geometry import Pose, Vector, unit
from trees.data.ports import Bounds, input_port

DISTANCE = input_port(
    "distance_m", float, unit="m", default=0.45, bounds=up_to(5.0), text="from the camera to what it looks at"
)
USUAL_RAD: Final = 0.314
ELEVATION = input_port(
    "elevation_rad",
    float,
    unit="rad",
    default=USUAL_RAD,
    bounds=Bounds(0.0, 1.4),
    text="how steeply it looks down; 0 is level",
)


def looking_pose(
    model: RobotModel,
    world_from_body: Pose,
    target_m: Vector,
    distance_m: float,
    elevation_rad: float,
    settings: LookingSettings,
) -> Pose | None:
    """world_from_hand, level in roll, whose camera has a point (3,), metres in the world, on its axis from about
    `distance_m`, looking down by about `elevation_rad`.

    Other views near these are tried where the arm does not reach; None if it reaches none.
    """
    body_from_world = world_from_body.inverse()
    shoulder = world_from_body.transform(model.arm.shoulder_m)
    ahead = unit(np.array([*(target_m - shoulder)[:2], 0.0]))
    for elevation in np.clip(elevation_rad + np.array(settings.tilts_rad), 0.0, ELEVATION.bounds.maximum):
        for distance in distance_m + np.array(settings.offsets_m):
            back = np.array([*(-ahead[:2] * np.cos(elevation)), np.sin(elevation)])
            forward = -back
            right = unit(np.cross(forward, [0.0, 0.0, 1.0]))
            camera = Pose(np.stack([right, np.cross(forward, right), forward], axis=1), target_m + distance * back)
            hand = camera @ model.hand_from_camera.inverse()
            if model.arm.joints_at(body_from_world @ hand) is not None:
                return hand
    return None


class LookLeaf(HandLeaf):
    """A motion of the hand to where its camera sees a point."""

    def view_of(self, target_m: Vector) -> list[Pose] | str:
        """The way to a view of a point (3,), metres in the world; or why there is none."""
        robot, looking = self.robot, self.context.settings.looking
        view = self.get("distance_m"), self.get("elevation_rad")
        hand = looking_pose(robot.model, robot.body_pose(), target_m, *view, looking)
        return [hand] if hand is not None else "out of reach: no view of it that the arm can take from here"


class LookAt(LookLeaf):
    """Hold the hand camera in front of the object, looking at its middle or beside it, slightly from above or more
    steeply."""

    PORTS = (
        OBJECT,
        input_port("left_m", float, unit="m", default=0.0, bounds=REACH, text="beside it, to the left from the body"),
        DISTANCE,
        ELEVATION,
        MAX_HAND_SPEED,
    )

    def route(self) -> list[Pose] | str:
        middle_m = self.get("object").position_m
        x, y, _ = unit((middle_m - self.robot.body_pose().position_m) * [1.0, 1.0, 0.0])
        return self.view_of(middle_m + self.get("left_m") * np.array([-y, x, 0.0]))


class LookTowards(LookLeaf):
    """Hold the hand camera so that it looks at a point in the body's frame, such as the floor before the feet."""

    PORTS = (
        input_port("forward_m", float, unit="m", bounds=REACH, text="ahead of the body's centre"),
        input_port("left_m", float, unit="m", default=0.0, bounds=REACH, text="to its left"),
        input_port("up_m", float, unit="m", bounds=REACH, text="above it; negative is below"),
        DISTANCE,
        ELEVATION,
        MAX_HAND_SPEED,
    )

    def route(self) -> list[Pose] | str:
        point = np.array([self.get("forward_m"), self.get("left_m"), self.get("up_m")])
        return self.view_of(self.robot.body_pose().transform(point))
