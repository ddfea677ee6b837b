"""What a noisy, wrongly registered depth picture says about one object.

The real hand camera's depth lies up to 15 mm beside its colour picture, has holes, points that float at edges, and
shows the wall through part of an object's mask. So: average the frames, move the depth back under the mask, and read
the object's near surface instead of the mean of the mask (which lies 45 to 60 mm too far on a real thermos).
Depth is (H, W) metres along the optical axis, 0 = no return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.errors import ContractError
from perception.types import RgbdFrame

Float32 = NDArray[np.float32]


def median_depth(depths: Sequence[NDArray[Any]]) -> Float32:
    """Per pixel the median of the frames that have a return there; 0 where none has.

    The median drops a floating edge point that one frame of three shows. ContractError without frames or with
    frames of different shape.
    """
    if not depths or len({depth.shape for depth in depths}) != 1:
        raise ContractError(f"frames to average must have one shape, have {sorted({d.shape for d in depths})}")
    if len(depths) == 1:
        return np.asarray(depths[0], np.float32).copy()
    stack = np.sort(np.stack(depths).astype(np.float32), axis=0)
    valid = (stack > 0).sum(axis=0)
    empty = len(depths) - valid
    last = len(depths) - 1
    low = np.take_along_axis(stack, np.minimum(empty + (valid - 1) // 2, last)[None], axis=0)[0]
    high = np.take_along_axis(stack, np.minimum(empty + valid // 2, last)[None], axis=0)[0]
    return np.where(valid > 0, (low + high) / np.float32(2.0), np.float32(0.0)).astype(np.float32)


def fuse_depth(frames: Sequence[RgbdFrame]) -> RgbdFrame:
    """The last frame with the median depth of all; the camera must have stood still.

    ContractError without frames, or if they differ in camera or intrinsics.
    """
    if not frames:
        raise ContractError("no frames to average")
    first = frames[0]
    if any(frame.camera != first.camera or frame.intrinsics != first.intrinsics for frame in frames):
        raise ContractError("frames to average come from different cameras")
    return replace(frames[-1], depth=median_depth([frame.depth for frame in frames]))


@dataclass(frozen=True)
class DepthRange:
    """The depths that belong to an object's near surface: low..high bound them, middle is their median (metres)."""

    low_m: float
    middle_m: float
    high_m: float

    def contains(self, depth: NDArray[Any]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (depth >= self.low_m) & (depth <= self.high_m) & (depth > 0)
        return inside


def near_cluster(depth: NDArray[Any], mask: NDArray[np.bool_], thickness_m: float = 0.06) -> DepthRange | None:
    """The nearest well-filled layer of depth inside the mask; None if fewer than 5 pixels of it have a return.

    thickness_m: depth of the layer at the camera; it grows by 3 % of the range, as the noise does. The nearest layer
    that holds at least 40 % as many pixels as the fullest one is taken, so neither a wall behind nor a few floating
    points in front decide.
    """
    values = np.sort(depth[mask & (depth > 0)].astype(np.float64))
    if values.size < 5:
        return None
    layer = thickness_m + 0.03 * values
    count = np.searchsorted(values, values + layer, side="right") - np.arange(values.size)
    first = int(np.argmax(count >= 0.4 * count.max()))
    start = first + int(np.argmax(count[first : first + max(1, int(count[first]))]))  # the fullest layer starting in it
    inside = values[start : start + int(count[start])]
    middle = float(np.median(inside))
    half = 0.5 * (thickness_m + 0.03 * middle)
    return DepthRange(min(float(inside[0]), middle - half), middle, max(float(inside[-1]), middle + half))


def first_surface_depth(
    depth: NDArray[Any], mask: NDArray[np.bool_], uv: tuple[int, int], radius_px: int = 8
) -> float | None:
    """Depth in metres of the object's near surface at pixel (u, v).

    The median of the near layer's returns inside the mask within `radius_px`; without enough of them, within 3 times
    that; else the near layer's own median. None if the mask has no near layer at all.
    """
    layer = near_cluster(depth, mask)
    if layer is None:
        return None
    u, v = uv
    for radius in (radius_px, 3 * radius_px):
        rows = slice(max(0, v - radius), max(0, v + radius + 1))
        columns = slice(max(0, u - radius), max(0, u + radius + 1))
        patch = depth[rows, columns]
        good = patch[mask[rows, columns] & layer.contains(patch)]
        if good.size >= 5:
            return float(np.median(good))
    return layer.middle_m


def registration_shift(depth: NDArray[Any], mask: NDArray[np.bool_], focal_px: float, limit_m: float = 0.022) -> int:
    """du in pixels by which the object's depth lies beside its mask: depth at (u + du, v) belongs to pixel (u, v).

    The near layer's silhouette is laid over the mask: returns inside count for a shift, returns in a ring left
    and right of the mask count against it. Only the rows of the mask count, as a support at the same range lies below.
    The vertical error (4 mm at most) is left alone: it does not show in a silhouette that stands on something.
    focal_px: focal length, which turns `limit_m`, the largest error, into pixels at the object's range.
    0 where the depth says nothing.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    layer = near_cluster(depth, mask)
    if layer is None:
        return 0
    limit = max(1, round(focal_px * limit_m / layer.middle_m))
    ring = max(4, limit)
    body = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inside = np.pad(body, ((0, 0), (ring, ring))).astype(np.float32)
    beside = cv2.dilate(inside, np.ones((1, 2 * ring + 1), np.uint8)) - inside
    template = inside - beside * np.sqrt(inside.sum() / max(1.0, float(beside.sum())))
    near = layer.contains(depth[rows[0] : rows[-1] + 1]).astype(np.float32)
    near = np.pad(near, ((0, 0), (ring + limit, ring + limit)))  # padded column c is picture column c - ring - limit
    wide = near[:, columns[0] : columns[-1] + 1 + 2 * (ring + limit)]
    score = np.asarray(cv2.matchTemplate(wide, template, cv2.TM_CCORR), np.float64)[0]
    shift = np.arange(score.size) - limit
    score -= 0.01 * float(score.max()) * np.abs(shift) / limit  # of equals, the smallest
    best = int(np.argmax(score))
    return int(shift[best]) if score[best] > 0 else 0


def align_depth(depth: NDArray[Any], mask: NDArray[np.bool_], focal_px: float) -> Float32:
    """The depth moved back under the mask by `registration_shift`; right around the object, wrong far from it."""
    return shift_depth(depth, registration_shift(depth, mask, focal_px), 0)


def shift_depth(depth: NDArray[Any], du: int, dv: int) -> Float32:
    """result[v, u] = depth[v + dv, u + du]; 0 where that lies outside."""
    moved = np.zeros(depth.shape, np.float32)
    height, width = depth.shape
    rows = slice(max(0, -dv), min(height, height - dv))
    columns = slice(max(0, -du), min(width, width - du))
    if rows.start < rows.stop and columns.start < columns.stop:
        moved[rows, columns] = depth[rows.start + dv : rows.stop + dv, columns.start + du : columns.stop + du]
    return moved
