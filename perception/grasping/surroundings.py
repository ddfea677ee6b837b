"""What a picture shows around an object, and whether a gripper that comes in would meet any of it.

What is seen counts as it is: other things, the object itself where it does not come between the jaws, and the ground.
Of what is not seen, the space behind another thing counts as that thing as far as `hidden_m` behind its surface. All
other hidden space above the ground is allowed, and costs rank.

Every `step`-th pixel stands for what is around, without what floats, and the gripper keeps a margin from it. Where
depth fits colour pixel for pixel, no return at all may lie in the open gripper or on its way in, however few there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector
from perception.grasping.settings import ClearanceSettings
from perception.hand.clearance import CELL_M, cells_of
from perception.hand.rooms import GripperRooms, JawRoom
from perception.surface.depth import grown_to_gap
from perception.surface.silhouette import bounds
from perception.surface.support import Plane, Support
from perception.types import Rejection
from perception.view import View


@dataclass(frozen=True, eq=False)
class Surroundings:
    """own, others: (N, 3), (M, 3) points of the object and of other things but the ground, world, metres. unreturned:
    (L, 3) points of the object's rim where the sensor returns nothing, at the depth of the nearest that it returned.
    returns: (R, 3) all that the sensor returned of other things, also what floats, where the depth is registered; else
    none. support: the ground. margin_m: distance to keep from what is seen. depth, other: (h, w) depth of every
    `step`-th pixel from `corner_uv` on, and whether it shows another thing."""

    view: View
    own: Vector
    unreturned: Vector
    others: Vector
    returns: Vector
    support: Support
    margin_m: float
    depth: NDArray[np.float32]
    other: NDArray[np.bool_]
    step: int
    corner_uv: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Clearances:
    """Of K grasps. problems: why each cannot be, "" if it can. opened: (K,) of OPENINGS_RAD, with which the jaws come
    in. free_m: (K,) metres from the room of the gripper to the nearest other thing, negative inside. hidden: (K,) share
    of the gripper that is hidden where it closes."""

    problems: list[str]
    opened: NDArray[np.intp]
    free_m: NDArray[np.float64]
    hidden: NDArray[np.float64]


def surroundings(view: View, settings: ClearanceSettings) -> Surroundings | Rejection:
    """What is around the object of a view. A Rejection if the object has no place, or no point of it is seen."""
    location = view.location
    if isinstance(location, Rejection):
        return location
    frame, mask, seen = view.frame, view.detection.mask, view.repaired
    support = view.support or _guessed(location.bottom_z_m, location.position_m)
    k = frame.intrinsics
    away_m = float(np.median(seen.depth[seen.near]))
    window = bounds(mask, round(settings.around_m * k.fx / away_m))
    assert window is not None
    every = seen.depth[window]
    middle = cv2.medianBlur(every, 5)
    full = np.where((np.abs(every - middle) < settings.flying_m) | (middle == 0), every, np.float32(0.0))
    step = max(1, round(float(np.sqrt(full.size / settings.most_points))))
    corner = window[1].start, window[0].start
    depth = full[::step, ::step]
    v, u = np.mgrid[0 : depth.shape[0], 0 : depth.shape[1]] * step
    points = frame.world_from_camera.transform(k.back_project(u + corner[0], v + corner[1], depth))
    above = points[..., 2] - support.height_m(points)
    ground_m = max(settings.ground_m, 2.5 * support.noise_m)
    near = (depth > 0) & (np.linalg.norm(points - location.position_m, axis=-1) < settings.around_m)
    rim_px = settings.rim_px[0 if frame.registered else 1]
    rim = cv2.dilate(mask[window].astype(np.uint8), np.ones((2 * rim_px + 1, 2 * rim_px + 1), np.uint8)).astype(bool)
    other = near & ~rim[::step, ::step] & (above >= ground_m)
    returns = np.zeros((0, 3))
    if frame.registered:
        returns = _returns(view, np.where(rim, np.float32(0.0), every), corner, support, ground_m)
    margin = float(np.clip(2.0 * support.noise_m, *settings.margin_m))
    own, unreturned = _own(view, full, window, support, away_m, settings)
    if len(own) < settings.least_points:
        return Rejection(f"no point of the {view.detection.label} is seen above its support")
    return Surroundings(view, own, unreturned, points[other], returns, support, margin, depth, other, step, corner)


def _returns(
    view: View, depth: NDArray[np.float32], corner_uv: tuple[int, int], support: Support, ground_m: float
) -> Vector:
    """The points of a window's depth that are above the ground, each cell of the gripper's room once."""
    v, u = np.nonzero(depth)
    points = view.frame.intrinsics.back_project(u + corner_uv[0], v + corner_uv[1], depth[v, u])
    points = view.frame.world_from_camera.transform(points)
    points = points[points[:, 2] - support.height_m(points) >= ground_m]
    cells = np.rint(points / CELL_M).astype(np.int64) @ (1, 1 << 20, 1 << 40)
    return np.asarray(points[np.unique(cells, return_index=True)[1]])


def _own(
    view: View,
    depth: NDArray[np.float32],
    window: tuple[slice, slice],
    support: Support,
    away_m: float,
    settings: ClearanceSettings,
) -> tuple[Vector, Vector]:
    """The object's points and those of its rim without a return. depth: of the window, without what floats."""
    from scipy.ndimage import distance_transform_edt

    frame, seen, whole = view.frame, view.repaired, view.detection.mask
    assert seen.layer is not None  # a location has depth
    step = max(1, round(float(np.sqrt(whole.sum() / settings.most_own))))
    rows, columns = bounds(whole) or window
    depth = depth[rows.start - window[0].start :, columns.start - window[1].start :]
    depth = depth[: rows.stop - rows.start : step, : columns.stop - columns.start : step]
    mask, level = whole[rows, columns][::step, ::step], seen.level[rows, columns][::step, ::step]
    v, u = np.mgrid[0 : depth.shape[0], 0 : depth.shape[1]] * step + [[[rows.start]], [[columns.start]]]
    points = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, depth))
    own = mask & grown_to_gap(seen.layer, seen.level, whole).contains(level) & (depth > 0)
    above = points[..., 2] - support.height_m(points)
    own &= above > min(max(settings.least_above_m, 1.5 * support.noise_m), settings.most_above_m)
    lost = mask & (depth == 0)
    if not own.any() or not lost.any():
        return points[own], np.zeros((0, 3))
    away, (row, column) = distance_transform_edt(~own, return_indices=True)
    lost &= away < settings.unreturned_m * frame.intrinsics.fx / away_m / step
    rim = frame.intrinsics.back_project(u[lost], v[lost], depth[row[lost], column[lost]])
    return points[own], frame.world_from_camera.transform(rim)


def clearances(
    around: Surroundings,
    poses: Sequence[Pose],
    widths_m: Sequence[float],
    rooms: GripperRooms,
    settings: ClearanceSettings,
) -> Clearances:
    """Whether hands at these poses, world_from_hand, meet anything on their way in or while they close.

    widths_m: of what comes between the jaws. The jaws come in wide open; where they would meet something so, they come
    in a little wider than the object. They close where `family.beside` puts them, and stop at the object's points.
    """
    wide = np.full(len(poses), len(rooms.jaws) - 1)
    checked = _clearances(around, poses, wide, rooms, settings)
    again = np.array([index for index, problem in enumerate(checked.problems) if problem], np.intp)
    narrow = np.array([rooms.index_for(widths_m[i], settings.spare_m) for i in again.tolist()], np.intp)
    again, narrow = again[narrow < wide[0]], narrow[narrow < wide[0]]
    if not again.size:
        return checked
    closer = _clearances(around, [poses[i] for i in again.tolist()], narrow, rooms, settings)
    for row, index in enumerate(again.tolist()):
        if not closer.problems[row]:
            checked.problems[index] = ""
            for name in ("opened", "free_m", "hidden"):
                getattr(checked, name)[index] = getattr(closer, name)[row]
    return checked


def _clearances(
    around: Surroundings,
    poses: Sequence[Pose],
    opened: NDArray[np.intp],
    rooms: GripperRooms,
    settings: ClearanceSettings,
) -> Clearances:
    """The same for jaws that come in opened as they are told, (K,) of OPENINGS_RAD."""
    count = len(poses)
    rotation, place = np.stack([pose.rotation for pose in poses]), np.stack([pose.position_m for pose in poses])
    offset = (place[:, None] @ rotation).astype(np.float32)
    others, own = (
        points.astype(np.float32) @ rotation.astype(np.float32) - offset for points in (around.others, around.own)
    )
    coming, closing, above, hidden = (np.full(count, np.inf) for _ in range(4))
    inside, behind = np.zeros((2, count), np.intp)
    grazed_m = max(settings.grazes_m, 1.5 * around.support.noise_m)
    few, stray = settings.own_inside * len(around.own), settings.stray
    aside = np.array([0.0, 0.0, rooms.aside_m], np.float32)
    others_in, others_at = cells_of(others), cells_of(others - aside)  # on the way in, and where the jaws close
    own_in, own_at = cells_of(own), cells_of(own - aside)
    closes = np.ones(count, bool)
    for index, jaw in reversed([*enumerate(rooms.narrower, -len(rooms.narrower)), *enumerate(rooms.jaws)]):
        here = np.flatnonzero(opened == index)
        if here.size:
            coming[here] = _nearest(jaw.coming.at(others_in[here]), stray)
            beside = _nearest(jaw.coming.at(others_at[here]), stray)
            coming[here] = np.minimum(coming[here], beside + around.margin_m)
            inside[here] = (jaw.coming.at(own_in[here]) < -grazed_m).sum(axis=1)
            corners = jaw.coming.corners @ rotation[here].transpose(0, 2, 1) + place[here, None]
            above[here] = _height(around, corners)
            hidden[here], behind[here] = _hidden(around, corners, rotation[here], settings)
            closes[here] = (inside[here] <= few) & (coming[here] >= around.margin_m)
        passed = np.flatnonzero((opened >= index) & closes)
        if passed.size:
            free = _nearest(jaw.closing.at(others_at[passed]), stray)
            closing[passed] = np.minimum(closing[passed], free)
            corners = jaw.closing.corners @ rotation[passed].transpose(0, 2, 1) + place[passed, None]
            above[passed] = np.minimum(above[passed], _height(around, corners))
            closes[passed] = (jaw.closing.at(own_at[passed]) < -grazed_m).sum(axis=1) <= few
    problems = []
    for index in range(count):
        problem = ""
        if above[index] < settings.support_margin_m:
            problem = "too close to the support"
        elif inside[index] > few:
            problem = "with the gripper in the object"
        elif coming[index] < around.margin_m or closing[index] < 0.0:
            problem = "with another thing in the gripper's way"
        elif behind[index] > settings.behind:
            problem = "hidden behind another thing"
        elif _touched(around, poses[index], rooms.jaws[int(opened[index])], settings):
            problem = "with another thing in the gripper's way"
        problems.append(problem)
    return Clearances(problems, opened.copy(), np.minimum(coming, closing), hidden)


def _touched(around: Surroundings, pose: Pose, jaw: JawRoom, settings: ClearanceSettings) -> bool:
    """Whether anything that the sensor returned of other things lies in the gripper or on its way in."""
    return jaw.coming.clearance_m((around.returns - pose.position_m) @ pose.rotation) < settings.returns_m


def _nearest(distances_m: NDArray[np.float32], stray: int) -> NDArray[np.float32]:
    """(K,) the least of distances (K, M), but for as many as may be noise."""
    if distances_m.shape[1] <= stray:
        return np.full(len(distances_m), np.inf, np.float32)
    return np.asarray(np.partition(distances_m, stray, axis=1)[:, stray])


def _height(around: Surroundings, corners: Vector) -> Vector:
    """(K,) height above the ground of the lowest of corners (K, V, 3)."""
    return np.asarray((corners[..., 2] - around.support.height_m(corners)).min(axis=1))


def _guessed(height_m: float, middle_m: Vector) -> Support:
    """A level ground, where none is seen."""
    return Support((Plane(np.zeros(2), height_m, 0.004, 0.0),), middle_m[:2], np.zeros((2, 2), np.int8), 0.02)


def _hidden(
    around: Surroundings, corners: Vector, rotation: Vector, settings: ClearanceSettings
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """For K grippers with corners (K, V, 3): the share that lies behind what is seen, where they close, and the number
    of points, there and on the way in, that lie behind another thing's surface by less than `hidden_m`."""
    back = -rotation[:, None, None, :, 0] * np.array(settings.way_in_m)[:, None, None]
    away, depth, other = _seen_before(around, corners[:, None] + back)  # (K, B, V)
    behind = (depth > 0) & (away > depth + settings.behind_m)
    near = behind & other & (away < depth + settings.hidden_m)
    return behind[:, 0].mean(axis=1), near.sum(axis=(1, 2))


def hidden_at(around: Surroundings, points: Vector, behind_m: float) -> NDArray[np.bool_]:
    """(...,) whether places (..., 3), world, lie more than `behind_m` behind what is seen."""
    away, depth, _ = _seen_before(around, points)
    return np.asarray((depth > 0) & (away > depth + behind_m))


def _seen_before(around: Surroundings, points: Vector) -> tuple[Vector, NDArray[np.float32], NDArray[np.bool_]]:
    """(...,) of places (..., 3), world: how far ahead of the camera they are, the depth that is seen there, 0 without,
    and whether that is another thing's."""
    frame, k = around.view.frame, around.view.frame.intrinsics
    local = frame.world_from_camera.inverse().transform(points)
    z = np.maximum(local[..., 2], 0.05)
    u = (local[..., 0] / z * k.fx + k.cx - around.corner_uv[0]) / around.step
    v = (local[..., 1] / z * k.fy + k.cy - around.corner_uv[1]) / around.step
    column, row = np.rint(u).astype(np.intp), np.rint(v).astype(np.intp)
    height, width = around.depth.shape
    inside: Any = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    column, row = np.where(inside, column, 0), np.where(inside, row, 0)
    return local[..., 2], np.where(inside, around.depth[row, column], np.float32(0.0)), around.other[row, column]
