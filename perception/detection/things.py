"""Things by depth alone: what stands out of the ground that it lies on, whatever it is.

The ground is the level plane on which most of the picture lies. A thing is a connected piece of what rises above it,
cut where the depth jumps, that is seen whole and is of a size to grip. So a camera that looks down on a floor or into
a bin sees the things there, and neither a bin's rim nor a table's leg.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.settings import ThingSettings
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
    taken = np.zeros(k.shape, bool)
    found = []
    for ground in _grounds(points[v, u], depth[v, u], support):
        above = np.where(depth > 0, points[..., 2] - ground.height_m(points), -1.0)
        least_m = max(settings.least_above_m, settings.noises * ground.noise_m)
        on_ground = (np.abs(above) < least_m).astype(np.uint8)
        high = (above >= least_m) & (above < settings.most_above_m) & ~taken
        for mask in _connected(high, depth, settings):
            seen = mask & high
            if not _is_of_a_size(points[seen], above[seen], settings) or not _lies_on(mask, on_ground, depth, settings):
                continue
            taken |= mask
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            box = float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1
            found.append(Detection(THING, 1.0 / (1.0 + float(np.median(depth[seen]))), mask, box))
    return sorted((one for one in found if one.score >= min_score), key=lambda one: -one.score)


def _grounds(points: NDArray[np.float64], depth: NDArray[np.float32], settings: SupportSettings) -> list[Plane]:
    """The level planes among the points (N, 3), the highest at their middle first."""
    if len(points) < settings.least_points:
        return []
    some = points[:: max(1, len(points) // settings.most_points)]
    most_noise_m = settings.most_noise[0] + settings.most_noise[1] * float(np.median(depth))
    middle = np.median(some, axis=0)
    return sorted(level_planes(some, most_noise_m, settings), key=lambda plane: -float(plane.height_m(middle)))


def _connected(high: NDArray[np.bool_], depth: NDArray[np.float32], settings: ThingSettings) -> list[NDArray[np.bool_]]:
    """The pieces (H, W) of what is high, cut where depth jumps, without those that the picture's edge cuts."""
    jump = np.zeros(high.shape, bool)
    for axis in (0, 1):
        jump |= np.insert(np.abs(np.diff(depth, axis=axis)) > settings.jump_m, 0, False, axis=axis)
    solid = cv2.morphologyEx((high & ~jump).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    height, width = high.shape
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (settings.closing_px, settings.closing_px))
    found = []
    for part in range(1, count):
        u, v, w, h, area = (int(value) for value in boxes[part])
        edge = settings.edge_px
        if area < settings.least_px or u < edge or v < edge or u + w > width - edge or v + h > height - edge:
            continue
        found.append(cv2.morphologyEx((labels == part).astype(np.uint8), cv2.MORPH_CLOSE, kernel) > 0)
    return found


def _lies_on(
    mask: NDArray[np.bool_], on_ground: NDArray[np.uint8], depth: NDArray[np.float32], settings: ThingSettings
) -> bool:
    """Whether the ground is seen around most of a piece. A bin's rim has it on one side only."""
    part = mask.astype(np.uint8)
    near, far = (
        cv2.dilate(part, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * px + 1, 2 * px + 1)))
        for px in (settings.gap_px, settings.gap_px + settings.ring_px)
    )
    ring = (far > 0) & (near == 0) & (depth > 0)
    return bool(ring.any()) and float(on_ground[ring].mean()) >= settings.least_around


def _is_of_a_size(points: NDArray[np.float64], above: NDArray[np.float64], settings: ThingSettings) -> bool:
    """Whether points (N, 3) with heights (N,) over the ground are as long, as wide and as high as a thing is; the
    outermost do not count."""
    if len(points) < settings.least_px // 2:
        return False
    middle = np.median(points[:, :2], axis=0)
    axes = np.linalg.svd(points[:: max(1, len(points) // 500), :2] - middle, full_matrices=False)[2]
    low, high = np.quantile((points[:, :2] - middle) @ axes.T, [0.02, 0.98], axis=0)
    length, width = (high - low).tolist()
    tall = float(np.quantile(above, 0.95)) >= settings.least_height_m
    return tall and length <= settings.most_length_m and settings.least_width_m <= width <= settings.most_width_m
