"""Things by depth alone: what stands out of the ground that it lies on, whatever it is.

The ground is a level plane that is wider than a thing, such as the floor, a table or the floor of a bin. A thing is a
connected piece of what rises above it within its edges, cut where the depth jumps, that is seen whole and is of a size
to grip. So a camera that looks down on a floor or into a bin sees the things there, also one that leans on the rim,
and neither the rim nor a table's leg.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.depth_edge import off_the_edge
from perception.detection.settings import ThingSettings
from perception.geometry import unit
from perception.surface.settings import SupportSettings
from perception.surface.support import Plane, level_planes
from perception.types import Detection, RgbdFrame

THING: Final = "thing"
"""The label of what is found by depth alone; every detector may be asked for it."""
DEFAULT: Final = ThingSettings()
GROUND: Final = SupportSettings(least_share=0.05)
"""A bin's floor may fill a small part of the picture."""


def find_things(
    frame: RgbdFrame, min_score: float, settings: ThingSettings = DEFAULT, support: SupportSettings = GROUND
) -> list[Detection]:
    """The things in a frame, the nearest to the camera first; none where no ground is seen.

    min_score: a thing at d metres has the score 1 / (1 + d). settings: what counts as one. support: how planes are
    searched.
    """
    k, pose = frame.intrinsics, frame.world_from_camera
    depth = cv2.medianBlur(frame.depth, settings.smoothing_px)
    v, u = np.nonzero(depth > 0)
    points = np.zeros((*k.shape, 3))
    points[v, u] = pose.transform(k.back_project(u, v, depth[v, u]))
    inside_px = off_the_edge(depth, settings.edge)
    taken = np.zeros(k.shape, bool)
    found = []
    for ground in _grounds(points[v, u], depth[v, u], support):
        above = np.where(depth > 0, points[..., 2] - ground.height_m(points), -1.0)
        least_m = max(settings.least_above_m, settings.noises * ground.noise_m)
        on_ground = np.abs(above) < least_m
        raised = (above >= least_m) & (above < settings.most_above_m) & ~taken
        floor = _floor(on_ground, points, settings)
        if not floor.any():
            continue
        over_m = np.full(k.shape, -np.inf)
        over_m[raised] = _over(points[raised][:, :2], points[floor][:, :2], settings)
        over = over_m > settings.rim_m
        cut_px = settings.edge_px + settings.wall_px + settings.rim_m * k.fx / float(np.median(depth[floor]))
        leans = (above > _wall_m(above, over_m, settings) + least_m) & (over_m > -settings.leans_m)
        high = raised & (over | leans | (inside_px < cut_px))
        for mask in _connected(high, depth, inside_px, settings):
            seen = mask & high
            if np.count_nonzero(seen & over) < settings.inside * np.count_nonzero(seen):
                continue
            least_tall_m = max(settings.least_height_m, settings.tall_noises * ground.noise_m)
            if not _is_of_a_size(points[seen], above[seen], least_tall_m, settings):
                continue
            if not _lies_on(mask, on_ground, high, settings):
                continue
            taken |= mask
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            box = float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1
            found.append(Detection(THING, 1.0 / (1.0 + float(np.median(depth[seen]))), mask, box))
        taken |= cv2.dilate((taken | floor).astype(np.uint8), np.ones((settings.beside_px,) * 2, np.uint8)) > 0
    return sorted((one for one in found if one.score >= min_score), key=lambda one: -one.score)


def _grounds(points: NDArray[np.float64], depth: NDArray[np.float32], settings: SupportSettings) -> list[Plane]:
    """The level planes among the points (N, 3), the highest at their middle first."""
    if len(points) < settings.least_points:
        return []
    some = points[:: max(1, len(points) // settings.most_points)]
    most_noise_m = settings.most_noise[0] + settings.most_noise[1] * float(np.median(depth))
    middle = np.median(some, axis=0)
    return sorted(level_planes(some, most_noise_m, settings), key=lambda plane: -float(plane.height_m(middle)))


def _floor(on_ground: NDArray[np.bool_], points: NDArray[np.float64], settings: ThingSettings) -> NDArray[np.bool_]:
    """The pieces (H, W) of a plane that are wider than a thing, without their edges: not the top of a thing or a rim,
    the foot of a wall, or a strip of its outside. points: (H, W, 3) of the picture, metres in the world."""
    size = 2 * settings.wall_px + 1
    eroded = cv2.erode(on_ground.astype(np.uint8), np.ones((size, size), np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(eroded, connectivity=4)
    areas = boxes[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    wide = np.zeros(len(areas), bool)
    for part in np.flatnonzero((areas > 0) & (areas >= settings.large * areas.max())):
        hull = _hull(points[labels == part][:, :2])
        wide[part] = min(cv2.minAreaRect(hull)[1]) > settings.most_width_m
    return np.asarray(wide[labels])


def _hull(places: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, 1, 2) corners of the hull of places (M, 2), about their mean. What lies inside the octagon of the eight
    furthest places is left out before: sorting all places would take three times as long."""
    centred = (places - places.mean(axis=0)).astype(np.float32)
    x, y = np.ascontiguousarray(centred.T)
    furthest = [find() for along in (x, x + y, y, y - x) for find in (along.argmin, along.argmax)]
    octagon = cv2.convexHull(centred[furthest])[:, 0].astype(np.float64)
    inward = 1.0 if cv2.contourArea(octagon.astype(np.float32), True) > 0 else -1.0
    outside = np.zeros(len(centred), bool)
    for (from_x, from_y), (to_x, to_y) in zip(octagon, np.roll(octagon, -1, axis=0), strict=True):
        outside |= inward * ((to_x - from_x) * (y - from_y) - (to_y - from_y) * (x - from_x)) < 1e-9
    return np.asarray(cv2.convexHull(centred[outside]))


def _over(places: NDArray[np.float64], ground: NDArray[np.float64], settings: ThingSettings) -> NDArray[np.float64]:
    """(N,) metres by which places (N, 2) of the floor plan are over the ground, of which points (M, 2) are seen: to its
    nearest edge, less than 0 beyond. The ground is a rectangle, as in a bin, if it fills most of one and reaches all
    its sides: a thing along a wall hides the corner there. Else it is the hull."""
    middle, hull = ground.mean(axis=0), _hull(ground)
    rectangle = cv2.boxPoints(cv2.minAreaRect(hull))
    fills = cv2.contourArea(hull) >= settings.rectangle * cv2.contourArea(rectangle)
    is_rectangle = fills and _reached(hull[:, 0], rectangle, settings.rim_m) >= settings.reached
    corners = rectangle if is_rectangle else cv2.approxPolyDP(hull, 0.5 * settings.rim_m, True)[:, 0]
    inward = 1.0 if cv2.contourArea(corners, True) > 0 else -1.0
    over_m = np.full(len(places), np.inf)
    for corner, following in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = unit(np.array([*(following - corner), 0.0]))[:2]
        over_m = np.minimum(over_m, (places - middle - corner) @ np.array([-along[1], along[0]]) * inward)
    return over_m


def _wall_m(above: NDArray[np.float64], over_m: NDArray[np.float64], settings: ThingSettings) -> float:
    """Height over the ground of what rises at its edge, as a bin's wall does; 0 where nothing does. Some of it may be
    things that lean there."""
    at_edge = above[(over_m <= settings.rim_m) & (over_m > -settings.wall_m)]
    return float(np.quantile(at_edge, settings.wall_share)) if at_edge.size else 0.0


def _reached(hull: NDArray[np.float32], rectangle: NDArray[np.float32], near_m: float) -> float:
    """The least share of a side of a rectangle (4, 2) to which a hull (N, 2) inside it is near."""
    outline = (hull + np.linspace(0.0, 1.0, 32)[:, None, None] * (np.roll(hull, -1, axis=0) - hull)).reshape(-1, 2)
    shares = []
    for corner, following in zip(rectangle, np.roll(rectangle, -1, axis=0), strict=True):
        length = max(float(np.linalg.norm(following - corner)), 1e-9)
        x, y = (following - corner) / length
        along = ((outline - corner) @ (x, y))[np.abs((outline - corner) @ (-y, x)) < near_m]
        shares.append(float(np.ptp(along)) / length if along.size else 0.0)
    return min(shares)


def _connected(
    high: NDArray[np.bool_],
    depth: NDArray[np.float32],
    inside_px: NDArray[np.float32],
    settings: ThingSettings,
) -> list[NDArray[np.bool_]]:
    """The pieces (H, W) of what is high, cut where depth jumps, without those that are not seen whole. inside_px: see
    `off_the_edge`."""
    jump = np.zeros(high.shape, bool)
    for axis in (0, 1):
        jump |= np.insert(np.abs(np.diff(depth, axis=axis)) > settings.jump_m, 0, False, axis=axis)
    solid = cv2.morphologyEx((high & ~jump).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (settings.closing_px, settings.closing_px))
    found = []
    for part in range(1, count):
        if int(boxes[part][4]) < settings.least_px:
            continue
        window = _window(boxes[part], settings.closing_px, high.shape)
        piece = labels[window] == part
        if float(inside_px[window][piece].min()) <= settings.edge_px:
            continue
        mask = np.zeros(high.shape, bool)
        mask[window] = cv2.morphologyEx(piece.astype(np.uint8), cv2.MORPH_CLOSE, kernel) > 0
        found.append(mask)
    return found


def _window(box: NDArray[np.int32], margin_px: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a box (left, top, width, height, ...) with a margin, within a picture."""
    u, v, w, h = (int(value) for value in box[:4])
    return (
        slice(max(0, v - margin_px), min(shape[0], v + h + margin_px)),
        slice(max(0, u - margin_px), min(shape[1], u + w + margin_px)),
    )


def _lies_on(
    mask: NDArray[np.bool_], on_ground: NDArray[np.bool_], high: NDArray[np.bool_], settings: ThingSettings
) -> bool:
    """Whether the ground, and not other things on it, is seen around enough of a piece."""
    reach = settings.gap_px + settings.ring_px
    window = _window(np.array(cv2.boundingRect(mask.astype(np.uint8))), reach + 1, mask.shape)
    part = mask[window].astype(np.uint8)
    near, far = (
        cv2.dilate(part, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * px + 1, 2 * px + 1)))
        for px in (settings.gap_px, reach)
    )
    ring = (far > 0) & (near == 0)
    ground, others = (int(what[window][ring].sum()) for what in (on_ground, high))
    return ground > 0 and ground >= settings.least_around * (ground + others)


def _is_of_a_size(
    points: NDArray[np.float64], above: NDArray[np.float64], least_tall_m: float, settings: ThingSettings
) -> bool:
    """Whether points (N, 3) with heights (N,) over the ground are as long and as wide as a thing is, and at least so
    tall; the outermost do not count."""
    if len(points) < settings.least_px // 2:
        return False
    middle = np.median(points[:, :2], axis=0)
    axes = np.linalg.svd(points[:: max(1, len(points) // 500), :2] - middle, full_matrices=False)[2]
    low, high = np.quantile((points[:, :2] - middle) @ axes.T, [0.02, 0.98], axis=0)
    length, width = (high - low).tolist()
    tall = float(np.quantile(above, 0.95)) >= least_tall_m
    return tall and length <= settings.most_length_m and settings.least_width_m <= width <= settings.most_width_m
