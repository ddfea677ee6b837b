"""The mask of an object of which only a box is known: its own layer of depth in the box, above what it stands on."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.settings import BoxSettings
from perception.surface.settings import SupportSettings
from perception.surface.support import level_planes
from perception.types import RgbdFrame

GROUND: Final = SupportSettings(least_share=0.05)
"""How planes around a box are searched."""


def box_mask(frame: RgbdFrame, box_uv: tuple[float, float, float, float], settings: BoxSettings) -> NDArray[np.bool_]:
    """(H, W) mask of the object that fills a box. Pixels without depth inside its outline belong to it.

    box_uv: u0, v0, u1, v1 in the picture. The layer is that of the box's middle. Where depth tells too little, the mask
    is an ellipse in the box.
    """
    u0, v0, u1, v1 = int(box_uv[0]), int(box_uv[1]), int(np.ceil(box_uv[2])), int(np.ceil(box_uv[3]))
    mask = np.zeros(frame.intrinsics.shape, bool)
    if u1 <= u0 or v1 <= v0:
        return mask
    window = slice(v0, v1), slice(u0, u1)
    oval = np.zeros((v1 - v0, u1 - u0), np.uint8)
    cv2.ellipse(oval, (((u1 - u0 - 1) / 2, (v1 - v0 - 1) / 2), (u1 - u0, v1 - v0), 0.0), 1, -1)
    part = _layer(frame, window, settings)
    mask[window] = part if part.sum() >= settings.least_share * oval.sum() else oval > 0
    return mask


def _layer(frame: RgbdFrame, window: tuple[slice, slice], settings: BoxSettings) -> NDArray[np.bool_]:
    """The object in the box's window, (h, w), by depth alone."""
    depth = frame.depth[window]
    own = (depth > 0) & ~_on_ground(frame, window, settings)
    middle = _middle(depth.shape)
    returns = depth[middle][own[middle]]
    if not returns.size:
        return np.zeros(depth.shape, bool)
    at_m = float(np.median(returns))
    thick_m = settings.thickness * min(depth.shape) * at_m / frame.intrinsics.fx
    own &= np.abs(depth - at_m) <= np.clip(thick_m, *settings.layer_m)
    side = max(3, round(settings.closing * min(depth.shape)) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(np.pad(own.astype(np.uint8), side), cv2.MORPH_CLOSE, kernel)[side:-side, side:-side]
    solid = cv2.morphologyEx(closed & (own | (depth == 0)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    result = np.zeros(depth.shape, np.uint8)
    if len(boxes) > 1:
        largest = (labels == 1 + int(boxes[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
        outline, _ = cv2.findContours(largest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(result, outline, -1, 1, -1)
    return np.asarray(result > 0)


def _on_ground(frame: RgbdFrame, window: tuple[slice, slice], settings: BoxSettings) -> NDArray[np.bool_]:
    """(h, w): what of the window lies on a level plane that is seen in and around it, but for a plane that its middle
    lies on: an object's own top."""
    depth, camera = frame.depth, frame.intrinsics
    height, width = camera.shape
    around = [round(settings.around * (span.stop - span.start)) for span in window]
    rows, columns = (
        slice(max(0, span.start - more), min(side, span.stop + more))
        for span, more, side in zip(window, around, (height, width), strict=True)
    )
    step = max(1, round(float(np.sqrt((rows.stop - rows.start) * (columns.stop - columns.start) / GROUND.most_points))))
    v, u = np.mgrid[rows.start : rows.stop : step, columns.start : columns.stop : step]
    seen = depth[v, u] > 0
    points = frame.world_from_camera.transform(camera.back_project(u[seen], v[seen], depth[v, u][seen]))
    result = np.zeros(depth[window].shape, bool)
    if len(points) < GROUND.least_points:
        return result
    v, u = np.mgrid[window]
    inside = frame.world_from_camera.transform(camera.back_project(u, v, depth[window]))
    at_m = float(np.median(depth[depth > 0]))
    most_noise_m = GROUND.most_noise[0] + GROUND.most_noise[1] * at_m
    for plane in level_planes(points, most_noise_m, GROUND):
        above_m = np.abs(inside[..., 2] - plane.height_m(inside))
        on = above_m < np.maximum(settings.ground_m, settings.ground_share * depth[window])
        middle = _middle(on.shape)
        if on[middle].mean() < settings.top_share:
            result |= on
    return result


def _middle(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The middle half of each side."""
    return tuple(slice(side // 4, max(side - side // 4, 1)) for side in shape)
