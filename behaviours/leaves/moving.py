"""Leaves that move the body and the arm."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Final

import numpy as np

from behaviours.leaves.base import DETECTION, OBJECT, MotionLeaf, RouteLeaf
from behaviours.leaves.walking import MAX_SPEED, MAX_YAW_RATE, STANDOFF, WalkLeaf
from behaviours.limits import MOST, up_to
from behaviours.model import RobotModel
from behaviours.robot import Command
from perception.geometry import Pose
from perception.hand.family import beside
from perception.types import Grasp
from perception.view import View
from trees.data.ports import Bounds, input_port, output_port

ARM = frozenset({"arm"})
DOWN: Final = 0.9
"""A hand that points down by more than this sine comes from above."""
SAME_M: Final = 0.01
MAX_HAND_SPEED = input_port(
    "max_speed_mps", float, unit="m/s", bounds=up_to(MOST.hand_speed_mps), text="limit of the hand's speed"
)


class ArmPoseName(Enum):
    """The named poses of the arm, as they are written in a tree file."""

    stow = "stow"
    ready = "ready"
    carry = "carry"


class MoveArm(MotionLeaf):
    """Move the arm to a named pose."""

    ACTUATORS = ARM
    PORTS = (
        input_port("pose", ArmPoseName, text="stow, ready or carry"),
        input_port(
            "max_joint_speed_radps",
            float,
            unit="rad/s",
            bounds=up_to(MOST.joint_speed_radps),
            text="limit of every joint's speed",
        ),
    )

    def start(self) -> Command:
        return self.robot.move_arm(self.get("pose").value, max_joint_speed_radps=self.get("max_joint_speed_radps"))


class HandLeaf(RouteLeaf):
    """A motion of the hand within the limit of the port."""

    ACTUATORS = ARM

    def go(self, goal: Pose) -> Command:
        return self.robot.move_hand(goal, max_speed_mps=self.get("max_speed_mps"))


def standoff_pose(world_from_body: Pose, target_m: np.ndarray, distance_m: float) -> Pose:
    """Where the body stands `distance_m` from a point, level, on the line from where it is now, facing the point.

    target_m: (3,) metres in the world; its height does not matter.
    """
    offset = np.asarray(target_m[:2]) - world_from_body.position_m[:2]
    yaw = float(np.arctan2(offset[1], offset[0])) if np.linalg.norm(offset) > 1e-6 else world_from_body.yaw_rad
    ahead = np.array([np.cos(yaw), np.sin(yaw)])
    place = np.array([*(np.asarray(target_m[:2]) - distance_m * ahead), world_from_body.position_m[2]])
    return Pose.from_rpy((0.0, 0.0, yaw), place)


class WalkToObject(WalkLeaf):
    """Walk to a distance from the object, facing it; from too near, walk back."""

    PORTS = (OBJECT, STANDOFF, MAX_SPEED, MAX_YAW_RATE)

    def route(self) -> list[Pose]:
        return [standoff_pose(self.robot.body_pose(), self.get("object").position_m, self.get("distance_m"))]


class FaceObject(WalkLeaf):
    """Turn the body until the detected object is straight ahead, by its direction in the picture.

    For an object without depth, at the edge of the picture: its distance is assumed.
    """

    PORTS = (
        DETECTION,
        input_port("guess_m", float, unit="m", default=1.5, bounds=up_to(20.0), text="distance taken for granted"),
        MAX_SPEED,
        MAX_YAW_RATE,
    )

    def route(self) -> list[Pose]:
        view: View = self.get("detection")
        frame = view.frame
        rows, columns = np.nonzero(view.detection.mask)
        ray = frame.intrinsics.back_project(float(columns.mean()), float(rows.mean()), self.get("guess_m"))
        body = self.robot.body_pose()
        offset = (frame.world_from_camera.transform(ray) - body.position_m)[:2]
        return [Pose.from_rpy((0.0, 0.0, float(np.arctan2(offset[1], offset[0]))), body.position_m)]


def _back(pose: Pose, distance_m: float) -> Pose:
    """The hand's pose moved back along its own x."""
    return Pose(pose.rotation, pose.position_m - distance_m * pose.rotation[:, 0])


def way_to(model: RobotModel, world_from_body: Pose, hand: Pose, goal: Pose) -> list[Pose]:
    """world_from_hand to go through one after the other, straight, the last is the goal.

    A level or oblique hand goes straight. One that points down turns where it is, raised to the goal's height if that
    is higher. Then it moves level until it is over the goal, and comes down. Only the turn may leave the straight line.
    What the arm does not reach on the way is left out.
    """
    if goal.rotation[2, 0] > -DOWN:
        return [goal]
    z_m = max(hand.position_m[2], goal.position_m[2])
    over = [Pose(goal.rotation, np.array([*place.position_m[:2], z_m])) for place in (hand, goal)]
    body_from_world = world_from_body.inverse()
    reached = [pose for pose in over if model.arm.joints_at(body_from_world @ pose) is not None]
    return [*(pose for pose in reached if pose.distance_m(goal) > SAME_M), goal]


class MoveToPreGrasp(HandLeaf):
    """Bring the hand in front of the grasp, back along the approach; one that points down comes from over it."""

    PORTS = (
        input_port("grasp", Grasp, text="the grasp to prepare"),
        input_port(
            "standoff_m", float, unit="m", default=0.12, bounds=Bounds(0.0, 1.0), text="how far before the grasp"
        ),
        MAX_HAND_SPEED,
    )

    def route(self) -> list[Pose]:
        goal, robot = _back(self.get("grasp").world_from_hand, self.get("standoff_m")), self.robot
        return way_to(robot.model, robot.body_pose(), robot.hand_pose(), goal)


class MoveToGrasp(HandLeaf):
    """Bring the hand along the approach to where the jaws close."""

    PORTS = (input_port("grasp", Grasp, text="the grasp"), MAX_HAND_SPEED)

    def route(self) -> list[Pose]:
        return [self.get("grasp").world_from_hand]


class MoveJawToObject(HandLeaf):
    """Move the hand to the side until the fixed jaw nearly touches the object, so that closing jaws do not push it.

    The way in needs more room beside the object than that. An object that the jaws push may tip over, or lean when they
    hold it and swing while it is carried.
    """

    PORTS = (
        input_port("grasp", Grasp, text="the grasp that the hand stands at"),
        MAX_HAND_SPEED,
        output_port("closing", Grasp, text="the same with the hand where the jaws close"),
    )

    def route(self) -> list[Pose]:
        grasp = self.get("grasp")
        closing = replace(grasp, world_from_hand=beside(grasp.world_from_hand, self.robot.model.gripper))
        self.set("closing", closing)
        return [closing.world_from_hand]


class LiftHand(HandLeaf):
    """Raise the hand straight up."""

    PORTS = (input_port("height_m", float, unit="m", bounds=up_to(1.5), text="how far up"), MAX_HAND_SPEED)

    def route(self) -> list[Pose]:
        hand = self.robot.hand_pose()
        return [Pose(hand.rotation, hand.position_m + np.array([0.0, 0.0, self.get("height_m")]))]


class RetreatHand(HandLeaf):
    """Draw the hand back along its own axis, away from an object between its open jaws.

    The object may still touch the fixed jaw, below the hand's axis, and would be dragged along. So the hand first moves
    by `aside_m` along its own -z.
    """

    PORTS = (
        input_port("distance_m", float, unit="m", bounds=Bounds(0.0, 1.5), text="how far back"),
        input_port(
            "aside_m",
            float,
            unit="m",
            default=0.0,
            bounds=Bounds(-0.5, 0.5),
            text="how far to the side of the fixed jaw before that",
        ),
        MAX_HAND_SPEED,
    )

    def route(self) -> list[Pose]:
        hand, aside_m = self.robot.hand_pose(), self.get("aside_m")
        aside = Pose(hand.rotation, hand.position_m - aside_m * hand.rotation[:, 2])
        back = _back(aside, self.get("distance_m"))
        return [aside, back] if aside_m else [back]
