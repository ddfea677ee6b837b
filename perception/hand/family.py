"""The family of grasps: the ways of bringing the hand in to a surface point, and the rule that makes a pose of each.

A way says from where the hand comes, how its jaws are rolled and how deep the object sits between them. One rule,
`hand_pose_of`, is shared by labels, training, oracle and run. Jaws close level, as tilted ones hold far less; only over
low objects the hand leans a little.

- `side`: along the surface normal, jaws level.
- `oblique`: 45 degrees down, heading as the surface does, or as the camera where the surface faces up; jaws level.
- `top`: straight down; the jaws close along the camera's heading turned by the way's roll.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from perception.geometry import Pose, Vector, unit
from perception.hand.gripper import GripperModel
from perception.hand.hand_pose import hand_rotation

Approach = Literal["side", "oblique", "top"]
Depth = Literal["wrap", "tips"]
UP: Final = (0.0, 0.0, 1.0)
STEEP: Final = float(np.sin(np.radians(45.0)))
"""Rise of a normal above which a surface has no side to come from."""
FACES_UP: Final = float(np.sin(np.radians(75.0)))
"""Rise of a normal above which a surface has no heading of its own."""


@dataclass(frozen=True)
class Way:
    """One way of bringing the hand in.

    roll_rad: of the jaws about the approach, from the camera's heading; ways from above only. depth: "wrap" puts the
    object deep between the jaws, "tips" between the finger tips.
    """

    approach: Approach
    roll_rad: float
    depth: Depth

    @property
    def name(self) -> str:
        """As files and figures call it: `top-45-tips`."""
        roll = f"-{round(np.degrees(self.roll_rad))}" if self.approach == "top" else ""
        return f"{self.approach}{roll}-{self.depth}"


TOP_ROLLS_RAD: Final = tuple(float(np.radians(angle)) for angle in (0.0, 45.0, 90.0, 135.0))
WAYS: Final[tuple[Way, ...]] = (
    Way("side", 0.0, "wrap"),
    *(Way("oblique", 0.0, depth) for depth in ("wrap", "tips")),
    *(Way("top", roll, depth) for roll in TOP_ROLLS_RAD for depth in ("wrap", "tips")),
)
"""All ways, in the order of a network's pictures; their places never change."""


NARROWER_RAD: Final = tuple(float(np.radians(angle)) for angle in (-7.5, 7.5, -15.0, 15.0, -22.5, 22.5))
NARROWER_M: Final = 0.0005
"""A span has to be so much less to count; otherwise the nearer turn is taken."""


@dataclass(frozen=True)
class JawTips:
    """What decides how deep the jaws may go, hand frame, metres.

    low_points_m: (x, y) of the points that come lowest when the hand points down, those of the moving jaw where it
    reaches furthest while it closes; mirrored in y. tips_depth_m: how far before the hand's origin the surface
    point lies for the finger tips. least_overlap_m: how much of the object must lie between the jaws.
    fixed_tip_x_m: end of the fixed jaw. support_margin_m: free height above the support. spare_m: how much wider
    than the object the jaws open, beside the fixed jaw's clearance. low_m: objects lower than this are gripped from
    above with the hand leaning by low_lean_rad, so that the tip of the fixed jaw reaches as low as the moving one.
    low_tips_m: (x, z) of the points that then come lowest, the fixed jaw's inner edge first. low_grip_x_m: where
    the fixed jaw then meets the object. wide_m: over objects wider than the first the hand leans the other way, by
    wide_lean_rad for those wider than the second, as the middle between jaws that are open so far then points down;
    less over those that are hardly higher than low_m, within wide_fades_m. wide_tips_m: (x, z) of the points that then
    come lowest.
    """

    low_points_m: tuple[tuple[float, float], ...]
    tips_depth_m: float
    least_overlap_m: float
    fixed_tip_x_m: float
    support_margin_m: float
    spare_m: float
    low_m: float
    low_lean_rad: float
    low_tips_m: tuple[tuple[float, float], ...]
    low_grip_x_m: float
    wide_m: tuple[float, float]
    wide_lean_rad: float
    wide_fades_m: float
    wide_tips_m: tuple[tuple[float, float], ...]

    def wide_lean(self, width_m: float, height_m: float) -> float:
        """How far the hand leans over an object that is not low, radians."""
        wide = np.clip((width_m - self.wide_m[0]) / (self.wide_m[1] - self.wide_m[0]), 0.0, 1.0)
        return float(self.wide_lean_rad * wide * np.clip((height_m - self.low_m) / self.wide_fades_m, 0.0, 1.0))


def heading_of(world_from_camera: Pose) -> Vector:
    """(3,) level unit vector ahead of a camera that is held level in roll, also of one that looks straight down."""
    ahead = world_from_camera.rotation[:, 2] - world_from_camera.rotation[:, 1]
    return unit([ahead[0], ahead[1], 0.0])


def approach_of(way: Way, normal: ArrayLike, heading: ArrayLike) -> Vector:
    """(3,) unit direction in which the hand moves in.

    normal: (3,) outward surface normal. heading: (3,) of `heading_of`.
    """
    n = unit(normal)
    if way.approach == "side":
        return np.asarray(-n)
    if way.approach == "top":
        return np.array([0.0, 0.0, -1.0])
    level = -n if abs(n[2]) < FACES_UP else np.asarray(heading, dtype=np.float64)
    return unit([*unit([level[0], level[1], 0.0])[:2], -1.0])


def rotation_of(way: Way, normal: ArrayLike, heading: ArrayLike) -> Vector:
    """(3, 3) rotation world_from_hand of a way; its third column is the jaw axis, from the fixed to the moving jaw.

    The same arguments as `approach_of`. The hand turned by half about its approach closes along the same line.
    """
    approach = approach_of(way, normal, heading)
    if way.approach != "top":
        return hand_rotation(normal if way.approach == "side" else -approach, UP)
    x, y, _ = unit(heading)
    c, s = np.cos(way.roll_rad), np.sin(way.roll_rad)
    axis = np.array([c * x - s * y, s * x + c * y, 0.0])
    return np.stack([approach, np.cross(axis, approach), axis], axis=1)


def narrowest(
    way: Way,
    rotation: Vector,
    span_of: Callable[[Vector], tuple[float, float]],
    turns_rad: Sequence[float] = NARROWER_RAD,
) -> tuple[Vector, tuple[float, float]]:
    """The rotation of a way from above turned about the vertical, by at most half a roll, to where the object's span is
    least, and the span there; that of the side way as it is.

    span_of: gives the span (low, high) along the jaw axis of a rotation. turns_rad: that are tried, the least first.
    Jaws that close 10 degrees askew on flat sides turn the object and lose it, and four rolls are 45 degrees apart.
    """
    best, span = rotation, span_of(rotation)
    for turn in turns_rad if way.approach != "side" else ():
        c, s = np.cos(turn), np.sin(turn)
        turned = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ rotation
        low, high = span_of(turned)
        if high - low < span[1] - span[0] - NARROWER_M:
            best, span = turned, (low, high)
    return best, span


def applies(way: Way, normal: ArrayLike) -> bool:
    """Whether a surface with this outward normal (3,) can be gripped this way: the side way needs a side, and no way
    comes from below."""
    rise = float(unit(normal)[2])
    return abs(rise) < STEEP if way.approach == "side" else rise > -STEEP


def hand_pose_of(
    way: Way,
    point_m: ArrayLike,
    rotation: Vector,
    span_m: tuple[float, float],
    support_z_m: float,
    gripper: GripperModel,
    tips: JawTips,
    *,
    flat: bool = False,
) -> Pose | None:
    """world_from_hand for gripping at a surface point; None if the support leaves too little of it between the jaws.

    point_m: (3,) metres, world frame with z up. rotation: (3, 3) of `rotation_of`, or that turned by half. span_m: the
    lowest and highest place of the object along the jaw axis, from the point, at the height where the jaws close; the
    hand is centred on it. support_z_m: height of the plane that the object lies on. flat: for the side way, whether the
    object has flat faces. The object's side lies `gripper.clearance_m` off the fixed jaw.
    """
    low, high = span_m
    if way.depth == "wrap":
        depth = gripper.depth_m(high - low, flat=flat or way.approach != "side")
    else:
        depth = -tips.tips_depth_m
    point = np.asarray(point_m, dtype=np.float64)
    height_m = float(point[2] - support_z_m)
    if way.approach == "top" and height_m < tips.low_m:
        return _over_low(point, rotation, low, support_z_m, gripper, tips)
    lean = tips.wide_lean(high - low, height_m) if way.approach == "top" else 0.0
    if lean > 0.0:
        return _over_wide(point, rotation, (low, high), depth, lean, support_z_m, gripper, tips)
    if way.approach != "side":
        depth = min(depth, _deepest(height_m, rotation, tips))
        if depth + tips.fixed_tip_x_m < tips.least_overlap_m:
            return None
    point_in_hand = np.array([-depth, 0.0, gripper.fixed_jaw_z_m + gripper.clearance_m - low])
    return Pose(rotation, point - rotation @ point_in_hand)


def beside(world_from_hand: Pose, gripper: GripperModel) -> Pose:
    """Where the jaws close: the hand moved along its jaw axis, level if that can be, the fixed jaw `close_gap_m` off
    the object.

    The way in needs more room than that; but jaws that close with it push the object, which tips over or is driven out.
    """
    axis = world_from_hand.rotation[:, 2]
    if abs(axis[2]) < STEEP:
        axis = unit([axis[0], axis[1], 0.0])
    aside = gripper.clearance_m - gripper.close_gap_m
    return Pose(world_from_hand.rotation, world_from_hand.position_m + aside * axis)


def _deepest(height_m: float, rotation: Vector, tips: JawTips) -> float:
    """How far behind the hand's origin a point `height_m` above the support may lie, so that nothing meets it."""
    down, aside = -float(rotation[2, 0]), abs(float(rotation[2, 1]))
    return min((height_m - tips.support_margin_m - aside * y) / down - x for x, y in tips.low_points_m)


def _over_low(
    point: Vector, rotation: Vector, low: float, support_z_m: float, gripper: GripperModel, tips: JawTips
) -> Pose | None:
    """world_from_hand over a low object: as near to the support as it goes, the moving jaw's side raised."""
    leaning = rotation @ _lean(tips.low_lean_rad)
    heights = [float(leaning[2] @ (x, 0.0, z)) for x, z in tips.low_tips_m]
    z_m = support_z_m + tips.support_margin_m - min(heights)
    if point[2] - (z_m + heights[0]) < tips.least_overlap_m:
        return None
    grip = leaning @ (tips.low_grip_x_m, 0.0, gripper.fixed_jaw_z_m)
    aside = (low - gripper.clearance_m - float(rotation[:, 2] @ grip)) * rotation[:, 2]
    return Pose(leaning, np.array([point[0] + aside[0], point[1] + aside[1], z_m]))


def _over_wide(
    point: Vector,
    rotation: Vector,
    span_m: tuple[float, float],
    depth_m: float,
    lean_rad: float,
    support_z_m: float,
    gripper: GripperModel,
    tips: JawTips,
) -> Pose | None:
    """world_from_hand over a wide object: the fixed jaw's side raised, that jaw at the object where it is widest."""
    low, high = span_m
    leaning = rotation @ _lean(-lean_rad)
    lowest = min(float(leaning[2] @ (x, 0.0, z)) for x, z in tips.wide_tips_m)
    z_m = max(float(point[2]) - depth_m, support_z_m + tips.support_margin_m - lowest)
    fixed_z = gripper.fixed_jaw_z_m
    if point[2] - (z_m + float(leaning[2] @ (tips.fixed_tip_x_m, 0.0, fixed_z))) < tips.least_overlap_m:
        return None
    widest_z_m = float(point[2]) - 0.5 * min(high - low, float(point[2]) - support_z_m)
    grip_x = min((widest_z_m - z_m - leaning[2, 2] * fixed_z) / leaning[2, 0], tips.fixed_tip_x_m)
    grip = leaning @ (grip_x, 0.0, fixed_z)
    aside = (low - gripper.clearance_m - float(rotation[:, 2] @ grip)) * rotation[:, 2]
    return Pose(leaning, np.array([point[0] + aside[0], point[1] + aside[1], z_m]))


def _lean(angle_rad: float) -> Vector:
    """(3, 3) that turns a hand about its y; the moving jaw's side is raised where the angle is positive."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
