"""What a picture shows around an object, and whether a gripper that comes in would meet any of it.

What is seen counts as it is: other things, the object itself where it does not come between the jaws, and the ground.
Of what is not seen, the space behind another thing counts as that thing as far as `hidden_m` behind its surface. All
other hidden space above the ground is allowed, and costs rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector
from perception.grasping.clearance import SweptRoom
from perception.grasping.gripper import GripperHulls
from perception.grasping.settings import ClearanceSettings
from perception.surface.depth import grown_to_gap
from perception.surface.silhouette import bounds
from perception.surface.support import Plane, Support
from perception.types import Rejection
from perception.view import View

CLOSING_RAD: Final = np.radians([15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 82.0])
"""Angles of the moving jaw whose room the closing jaw passes; it stops at the object."""


@dataclass(frozen=True, eq=False)
class GripperRoom:
    """coming: the room of the open gripper and its way in. closing: that of the moving jaw while it closes."""

    coming: SweptRoom
    closing: SweptRoom


@lru_cache(maxsize=4)
def room_of(hulls: GripperHulls, back_m: float) -> GripperRoom:
    """The rooms of a gripper that comes from `back_m` before the grasp; kept."""
    coming = SweptRoom([*hulls.fixed, *hulls.jaw_at(hulls.open_rad)], back_m)
    angles = [*CLOSING_RAD[hulls.open_rad > CLOSING_RAD], hulls.open_rad]
    return GripperRoom(coming, SweptRoom([part for angle in angles for part in hulls.jaw_at(angle)], 0.0))


@dataclass(frozen=True, eq=False)
class Surroundings:
    """own, others: (N, 3), (M, 3) points of the object and of other things but the ground, world, metres. support: the
    ground. margin_m: distance to keep from what is seen. depth, other: (h, w) depth of every `step`-th pixel from
    `corner_uv` on, and whether it shows another thing."""

    view: View
    own: Vector
    others: Vector
    support: Support
    margin_m: float
    depth: NDArray[np.float32]
    other: NDArray[np.bool_]
    step: int
    corner_uv: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Clearances:
    """Of K poses. free_m: (K,) metres from the room of the gripper to the nearest other thing, negative inside.
    problems: why each cannot be, "" if it can. hidden: (K,) share of the gripper that is hidden where it closes."""

    free_m: NDArray[np.float64]
    problems: list[str]
    hidden: NDArray[np.float64]


def surroundings(view: View, settings: ClearanceSettings) -> Surroundings | Rejection:
    """What is around the object of a view. A Rejection if the object has no place, or no point of it is seen."""
    location = view.location
    if isinstance(location, Rejection):
        return location
    frame, mask, seen = view.frame, view.detection.mask, view.repaired
    support = view.support or _guessed(location.bottom_z_m, location.position_m)
    k = frame.intrinsics
    assert seen.layer is not None  # a location has depth
    away_m = float(np.median(seen.depth[seen.near]))
    window = bounds(mask, round(settings.around_m * k.fx / away_m))
    assert window is not None
    full = seen.depth[window]
    middle = cv2.medianBlur(full, 5)
    depth = np.where((np.abs(full - middle) < settings.flying_m) | (middle == 0), full, np.float32(0.0))
    step = max(1, round(float(np.sqrt(depth.size / settings.most_points))))
    corner = window[1].start, window[0].start
    depth = depth[::step, ::step]
    v, u = np.mgrid[0 : depth.shape[0], 0 : depth.shape[1]] * step
    points = frame.world_from_camera.transform(k.back_project(u + corner[0], v + corner[1], depth))
    above = points[..., 2] - support.height_m(points)
    layer = grown_to_gap(seen.layer, seen.level, mask)
    level = seen.level[window][::step, ::step]
    own = mask[window][::step, ::step] & layer.contains(level) & (depth > 0)
    own &= above > min(max(settings.least_above_m, 1.5 * support.noise_m), settings.most_above_m)
    on_ground = above < max(settings.ground_m, 2.5 * support.noise_m)
    near = (depth > 0) & (np.linalg.norm(points - location.position_m, axis=-1) < settings.around_m)
    other = near & ~mask[window][::step, ::step] & ~on_ground
    margin = float(np.clip(2.0 * support.noise_m, *settings.margin_m))
    if int(own.sum()) < settings.least_points:
        return Rejection(f"no point of the {view.detection.label} is seen above its support")
    return Surroundings(view, points[own], points[other], support, margin, depth, other, step, corner)


def clearances(
    around: Surroundings, poses: Sequence[Pose], room: GripperRoom, support_margin_m: float, settings: ClearanceSettings
) -> Clearances:
    """Whether hands at these poses, world_from_hand, meet anything on their way in or while they close.

    support_margin_m: free height to keep above the ground.
    """
    rotation = np.stack([pose.rotation for pose in poses])
    place = np.stack([pose.position_m for pose in poses])
    offset = (place[:, None] @ rotation).astype(np.float32)
    others, own = (
        points.astype(np.float32) @ rotation.astype(np.float32) - offset for points in (around.others, around.own)
    )
    coming = room.coming.distances_m(others).min(axis=1, initial=np.inf)
    closing = room.closing.distances_m(others).min(axis=1, initial=np.inf)
    grazed_m = max(settings.grazes_m, 1.5 * around.support.noise_m)
    inside = (room.coming.distances_m(own) < -grazed_m).sum(axis=1)
    corners, closed = (
        one.corners @ rotation.transpose(0, 2, 1) + place[:, None] for one in (room.coming, room.closing)
    )
    above = np.minimum(
        *((points[..., 2] - around.support.height_m(points)).min(axis=1) for points in (corners, closed))
    )
    hidden, behind = _hidden(around, corners, rotation, settings)
    problems = []
    for index in range(len(poses)):
        problem = ""
        if above[index] < support_margin_m:
            problem = "too close to the support"
        elif inside[index] > settings.own_inside:
            problem = "with the gripper in the object"
        elif coming[index] < around.margin_m or closing[index] < 0.0:
            problem = "with another thing in the gripper's way"
        elif behind[index] > settings.behind:
            problem = "hidden behind another thing"
        problems.append(problem)
    return Clearances(np.minimum(coming, closing).astype(np.float64), problems, hidden)


def _guessed(height_m: float, middle_m: Vector) -> Support:
    """A level ground, where none is seen."""
    return Support((Plane(np.zeros(2), height_m, 0.004, 0.0),), middle_m[:2], np.zeros((2, 2), np.int8), 0.02)


def _hidden(
    around: Surroundings, corners: Vector, rotation: Vector, settings: ClearanceSettings
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """For K grippers with corners (K, V, 3): the share that lies behind what is seen, where they close, and the number
    of points, there and on the way in, that lie behind another thing's surface by less than `hidden_m`."""
    frame = around.view.frame
    back = -rotation[:, None, None, :, 0] * np.array(settings.way_in_m)[:, None, None]
    points = frame.world_from_camera.inverse().transform(corners[:, None] + back)  # (K, B, V, 3)
    z = np.maximum(points[..., 2], 0.05)
    k = frame.intrinsics
    u = (points[..., 0] / z * k.fx + k.cx - around.corner_uv[0]) / around.step
    v = (points[..., 1] / z * k.fy + k.cy - around.corner_uv[1]) / around.step
    column, row = np.rint(u).astype(np.intp), np.rint(v).astype(np.intp)
    height, width = around.depth.shape
    inside: Any = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    column, row = np.where(inside, column, 0), np.where(inside, row, 0)
    depth = np.where(inside, around.depth[row, column], 0.0)
    behind = (depth > 0) & (points[..., 2] > depth + settings.behind_m)
    near = behind & around.other[row, column] & (points[..., 2] < depth + settings.hidden_m)
    return behind[:, 0].mean(axis=1), near.sum(axis=(1, 2))
