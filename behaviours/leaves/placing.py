"""Leaves that hold an object out, and put it down upright.

The pose of the hand as the jaws closed, and where the object stood then, say how the object sits in the hand. To put it
down upright, the hand takes the tilt that it had then, and turns about the vertical only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from py_trees.common import Status

from behaviours.leaves.base import PlannedMotionLeaf, RobotLeaf
from behaviours.leaves.moving import MAX_HAND_SPEED, HandLeaf
from behaviours.limits import SHARE
from behaviours.robot import Command, CommandState
from perception.geometry import Pose, Vector
from perception.grasping.reach import Arm
from perception.surface.locate import ObjectLocation
from perception.types import Grasp, Rejection
from trees.data.ports import Bounds, input_port, output_port

REACH = Bounds(-1.5, 1.5)
"""Metres from the body's centre."""
PLACE_OF_HELD = (
    input_port("place", Pose, text="where its foot shall stand"),
    input_port("object", ObjectLocation, text="where it stood when it was gripped"),
    input_port("grasp", Grasp, text="how it was gripped"),
)


STEEP: Final = 0.1
"""A hand whose level part of x is less points up or down."""


def turned(rotation: Vector, heading_rad: float) -> Vector:
    """A hand's rotation (3, 3) turned about the vertical until its x points to a heading; its tilt stays.

    The heading of a hand that points up or down is that of the side that was its top or bottom when it was level.
    """
    ahead = rotation[:2, 0]
    if np.linalg.norm(ahead) < STEEP:
        ahead = -np.sign(rotation[2, 0]) * rotation[:2, 2]
    now = float(np.arctan2(ahead[1], ahead[0]))
    return np.asarray(Pose.from_rpy((0.0, 0.0, heading_rad - now)).rotation @ rotation)


def foot_in_hand(grasp: Grasp, location: ObjectLocation) -> Vector:
    """(3,) the middle of the object's foot in the frame of the hand that holds it, metres."""
    foot = np.array([*location.position_m[:2], location.bottom_z_m])
    return np.asarray(grasp.world_from_hand.inverse().transform(foot))


def reachable(
    arm: Arm,
    world_from_body: Pose,
    rotation: Vector,
    headings_rad: Sequence[float],
    hand_at: Callable[[Vector], list[Pose]],
) -> list[Pose] | None:
    """The first list of hand poses, of one for each heading, that the arm reaches from where the body stands.

    hand_at: gives the poses for a rotation (3, 3) of the hand; the last of them is tried first, as it is the farthest.
    """
    body_from_world = world_from_body.inverse()
    for heading_rad in headings_rad:
        poses = hand_at(turned(rotation, heading_rad))
        seed = arm.joints_at(body_from_world @ poses[-1])
        if seed is None:
            continue
        if all(arm.joints_at(body_from_world @ pose, seed) is not None for pose in poses[:-1]):
            return poses
    return None


class HoldAt(PlannedMotionLeaf[Pose], HandLeaf):
    """Bring the hand to a point in the body's frame, keeping its tilt and so that of the held object."""

    PORTS = (
        input_port("forward_m", float, unit="m", default=0.6, bounds=REACH, text="ahead of the body's centre"),
        input_port("left_m", float, unit="m", default=0.0, bounds=REACH, text="to its left"),
        input_port("up_m", float, unit="m", default=0.3, bounds=REACH, text="above it"),
        MAX_HAND_SPEED,
    )

    def plan(self) -> Callable[[], Pose | Rejection]:
        arm, body, rotation = self.robot.model.arm, self.robot.body_pose(), self.robot.hand_pose().rotation
        headings = [body.yaw_rad + turn for turn in self.context.settings.placing.turns_rad]
        point = np.array([self.get("forward_m"), self.get("left_m"), self.get("up_m")])

        def find() -> Pose | Rejection:
            poses = reachable(arm, body, rotation, headings, lambda turn: [Pose(turn, body.transform(point))])
            return poses[0] if poses else Rejection(f"out of reach: the hand cannot be at {point.tolist()} m like this")

        return find

    def begin(self, plan: Pose) -> Command:
        return self.go(plan)


@dataclass(frozen=True)
class _Placement:
    above: Pose
    placed: ObjectLocation


class MoveToPlace(PlannedMotionLeaf[_Placement], HandLeaf):
    """Bring the held object upright over a place; `placed` is where it will stand once it has been put down."""

    PORTS = (
        *PLACE_OF_HELD,
        input_port("above_m", float, unit="m", default=0.1, bounds=Bounds(0.0, 1.0), text="how far above the place"),
        MAX_HAND_SPEED,
        output_port("placed", ObjectLocation, text="where the object will stand"),
    )

    def plan(self) -> Callable[[], _Placement | Rejection]:
        place, location, grasp = self.get("place"), self.get("object"), self.get("grasp")
        above = np.array([0.0, 0.0, self.get("above_m")])
        arm, body, in_hand = self.robot.model.arm, self.robot.body_pose(), foot_in_hand(grasp, location)
        foot_m = place.position_m
        shoulder = body.transform(arm.shoulder_m)
        heading = float(np.arctan2(foot_m[1] - shoulder[1], foot_m[0] - shoulder[0]))
        headings = [heading + turn for turn in self.context.settings.placing.turns_rad]

        def hands(rotation: Vector) -> list[Pose]:
            low = foot_m - rotation @ in_hand
            return [Pose(rotation, low + above), Pose(rotation, low)]

        def find() -> _Placement | Rejection:
            poses = reachable(arm, body, grasp.world_from_hand.rotation, headings, hands)
            if poses is None:
                away = float(np.linalg.norm((foot_m - body.position_m)[:2]))
                return Rejection(f"out of reach: the place is {away:.2f} m away and the hand cannot be over it upright")
            return _Placement(poses[0], moved_to(location, foot_m))

        return find

    def begin(self, plan: _Placement) -> Command:
        self.set("placed", plan.placed)
        return self.go(plan.above)


def moved_to(location: ObjectLocation, foot_m: Vector) -> ObjectLocation:
    """The object standing with its foot on a point (3,), metres in the world."""
    shift = foot_m - np.array([*location.position_m[:2], location.bottom_z_m])
    return replace(
        location,
        position_m=location.position_m + shift,
        surface_m=location.surface_m + shift,
        bottom_z_m=location.bottom_z_m + float(shift[2]),
        top_z_m=location.top_z_m + float(shift[2]),
    )


class LowerObject(HandLeaf):
    """Lower the held object straight down until the hand meets resistance or is `below_m` below the place."""

    PORTS = (
        *PLACE_OF_HELD,
        input_port(
            "below_m", float, unit="m", default=0.02, bounds=Bounds(0.0, 0.5), text="how far further if nothing resists"
        ),
        MAX_HAND_SPEED,
    )

    def route(self) -> list[Pose] | str:
        hand = self.robot.hand_pose()
        foot = hand.transform(foot_in_hand(self.get("grasp"), self.get("object")))
        down = float(foot[2] - self.get("place").position_m[2]) + self.get("below_m")
        if down <= 0.0:
            return f"the object is {-down:.2f} m below the place already"
        self._start_z_m = float(hand.position_m[2])
        self._way = [(self.robot.now(), 0.0)]
        return [Pose(hand.rotation, hand.position_m - np.array([0.0, 0.0, down]))]

    def finished(self, message: str) -> Status:
        del message
        return self.succeed(f"lowered by {self._lowered_m():.3f} m, nothing resisted")

    def update(self) -> Status:
        if self._command is None:
            return super().update()
        state, lowered_m = self._command.poll().state, self._lowered_m()
        stalled = state is CommandState.FAILED and lowered_m > self.context.settings.placing.begun_m
        if stalled or (state is CommandState.RUNNING and self._rests(lowered_m)):
            self._command.cancel()
            return self.succeed(f"set down after {lowered_m:.3f} m")
        return super().update()

    def _lowered_m(self) -> float:
        return self._start_z_m - float(self.robot.hand_pose().position_m[2])

    def _rests(self, lowered_m: float) -> bool:
        """True once the hand has gone down and then stood still."""
        now, rule = self.robot.now(), self.context.settings.placing
        self._way = [(time_s, way) for time_s, way in self._way if time_s > now - 2 * rule.rest_s] + [(now, lowered_m)]
        before = [way for time_s, way in self._way if time_s <= now - rule.rest_s]
        return bool(before) and lowered_m > rule.begun_m and lowered_m - before[-1] < rule.rest_m


class StandsUpright(RobotLeaf):
    """FAILURE if an object is much lower than it was when it stood: it has fallen over."""

    KIND = "Condition"
    PORTS = (
        input_port("object", ObjectLocation, text="as it is seen now"),
        input_port("before", ObjectLocation, text="as it was seen standing"),
        input_port(
            "least_share", float, default=0.7, bounds=SHARE, text="of its height before that it must still have"
        ),
    )

    def update(self) -> Status:
        now_m, before_m = self.get("object").height_m, self.get("before").height_m
        words = f"{now_m:.3f} m high, {before_m:.3f} m before"
        return (
            self.succeed(words) if now_m >= self.get("least_share") * before_m else self.fail(f"fallen over: {words}")
        )
