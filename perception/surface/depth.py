"""What a noisy, wrongly registered depth picture says about one object.

A hand camera's depth lies beside its colour picture, has holes and floating points at edges, and shows the wall through
part of an object's mask. So: average the frames, move the depth back under the mask, and read the object's near surface
instead of the mean of the mask. Depth is (H, W) metres along the optical axis, 0 = no return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ContractError
from perception.geometry import Pose, Vector
from perception.surface.settings import DepthSettings
from perception.surface.silhouette import bounds
from perception.types import Intrinsics, RgbdFrame

Float32 = NDArray[np.float32]

DEFAULT: Final = DepthSettings()


def median_depth(depths: Sequence[NDArray[Any]]) -> Float32:
    """Per pixel the median of the frames that have a return there; 0 where none has.

    The median drops a floating edge point that one frame of three shows. ContractError without frames or with
    frames of different shape.
    """
    if not depths or len({depth.shape for depth in depths}) != 1:
        raise ContractError(f"frames to average must have one shape, have {sorted({d.shape for d in depths})}")
    if len(depths) == 1:
        return np.asarray(depths[0], np.float32).copy()
    stack = np.stack(depths).astype(np.float32)
    _sort_frames(stack)
    valid = (stack > 0).sum(axis=0)
    empty = len(depths) - valid
    last = len(depths) - 1
    low = np.take_along_axis(stack, np.minimum(empty + (valid - 1) // 2, last)[None], axis=0)[0]
    high = np.take_along_axis(stack, np.minimum(empty + valid // 2, last)[None], axis=0)[0]
    return np.where(valid > 0, (low + high) / np.float32(2.0), np.float32(0.0)).astype(np.float32)


def _sort_frames(stack: Float32) -> None:
    """Sort the few pictures of a (N, H, W) stack along N in place, as `np.sort(axis=0)`, which is far slower, does: by
    exchanging odd and even neighbours in turn."""
    for turn in range(len(stack)):
        for low in range(turn % 2, len(stack) - 1, 2):
            less = np.minimum(stack[low], stack[low + 1])
            np.maximum(stack[low], stack[low + 1], out=stack[low + 1])
            stack[low] = less


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


def level_range(depth: NDArray[Any], intrinsics: Intrinsics, world_from_camera: Pose) -> Float32:
    """(H, W) metres ahead of the camera measured horizontally; 0 stays 0.

    A camera that looks down at a bottle sees its foot nearer than its neck along the optical axis, but all of it at one
    level range. Where the camera looks more than 45 degrees up or down the depth is returned as it is.
    ContractError if the shape is not the intrinsics'.
    """
    if depth.shape != intrinsics.shape:
        raise ContractError(f"depth has shape {depth.shape}, the intrinsics say {intrinsics.shape}")
    return np.asarray(depth * level_factor(intrinsics, world_from_camera), np.float32)


def level_factor(intrinsics: Intrinsics, world_from_camera: Pose) -> Float32:
    """(H, W) level range of a point per depth; at least 0.05, and 1 where the camera looks more than 45 degrees up or
    down."""
    view = world_from_camera.rotation[:, 2]
    length = float(np.hypot(view[0], view[1]))
    if length < np.sqrt(0.5):
        return np.ones(intrinsics.shape, np.float32)
    ahead = np.array([view[0], view[1], 0.0]) / length @ world_from_camera.rotation
    share = ray_share(intrinsics, ahead)
    return np.maximum(share, np.float32(0.05), out=share)


def ray_share(intrinsics: Intrinsics, direction: Vector) -> Float32:
    """(H, W) metres along `direction`, (3,) unit in the optical frame, per metre of depth."""
    u = (np.arange(intrinsics.width, dtype=np.float32)[None, :] - np.float32(intrinsics.cx)) / np.float32(intrinsics.fx)
    v = (np.arange(intrinsics.height, dtype=np.float32)[:, None] - np.float32(intrinsics.cy)) / np.float32(
        intrinsics.fy
    )
    share: Float32 = np.float32(direction[0]) * u + np.float32(direction[1]) * v
    share += np.float32(direction[2])
    return share


@dataclass(frozen=True)
class DepthRange:
    """The depths that belong to an object's near surface: low..high bound them, middle is their median (metres)."""

    low_m: float
    middle_m: float
    high_m: float

    def contains(self, depth: NDArray[Any]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (depth >= self.low_m) & (depth <= self.high_m) & (depth > 0)
        return inside


def near_cluster(depth: NDArray[Any], mask: NDArray[np.bool_], settings: DepthSettings = DEFAULT) -> DepthRange | None:
    """The nearest well-filled layer of depth inside the mask; None if fewer than 5 pixels of it have a return.

    depth: z-depth, or `level_range` for upright objects. Neither a wall behind nor a few floating points in front
    decide, since a layer must be filled.
    """
    window = bounds(mask)
    if window is None:
        return None
    part = depth[window]
    values = np.sort(part[mask[window] & (part > 0)].astype(np.float64))
    if values.size < 5:
        return None
    ends = values * (1.0 + settings.layer_growth) + settings.layer_m
    count = np.searchsorted(values, ends, side="right") - np.arange(values.size)
    first = int(np.argmax(count >= settings.layer_filled * count.max()))
    start = first + int(np.argmax(count[first : first + int(count[first])]))  # the fullest layer starting in it
    inside = values[start : start + int(count[start])]
    middle = float(np.median(inside))
    half = 0.5 * (settings.layer_m + settings.layer_growth * middle)
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
    return depth_around(np.where(mask & layer.contains(depth), depth, 0.0), uv, radius_px) or layer.middle_m


def depth_around(depth: NDArray[Any], uv: tuple[int, int], radius_px: int) -> float | None:
    """Median of the returns in the square within `radius_px` of (u, v), or 3 times that; None if there are under 5."""
    u, v = uv
    for radius in (radius_px, 3 * radius_px):
        patch = depth[max(0, v - radius) : max(0, v + radius + 1), max(0, u - radius) : max(0, u + radius + 1)]
        good = patch[patch > 0]
        if good.size >= 5:
            return float(np.median(good))
    return None


def registration_shift(
    depth: NDArray[Any], mask: NDArray[np.bool_], focal_px: float, settings: DepthSettings = DEFAULT
) -> int:
    """du in pixels by which the object's depth lies beside its mask: depth at (u + du, v) belongs to pixel (u, v).

    The depth's silhouette is laid over the mask. Returns of the object's layer inside the mask, and far returns in a
    ring left and right of it, count for a shift. The opposite counts against it; pixels without return do not count.
    Where the depth lies far beside, a wall fills the mask as well as the object does. So every layer that may be the
    object's is tried, and the best fit is taken. Only the mask's rows count, since a support at the same range lies
    below. The vertical error is left alone: the silhouette of something that stands does not show it.
    focal_px: focal length, which turns `beside_m` into pixels at the object's range. 0 where the depth says nothing.
    """
    layers = _layers_about(depth, mask, focal_px, settings)
    if not layers:
        return 0
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    picked = slice(int(rows[0]), int(rows[-1]) + 1, max(1, rows.size // settings.matched_rows))
    first, end = int(columns[0]), int(columns[-1]) + 1
    inside = mask[picked, first:end]
    limits = [min(max(1, round(focal_px * settings.beside_m / layer.middle_m)), mask.shape[1]) for layer in layers]
    reach = max(4, *limits) + max(limits)
    strip = np.zeros((len(inside), end - first + 2 * reach), np.float32)  # 0 outside the picture
    shown = slice(max(0, first - reach), min(mask.shape[1], end + reach))
    strip[:, shown.start - first + reach : shown.stop - first + reach] = depth[picked, shown]
    templates = {ring: _template(inside, ring) for ring in {max(4, limit) for limit in limits}}
    shift_px, highest = 0, 0.0
    for layer, limit in zip(layers, limits, strict=True):
        ring = max(4, limit)
        far = strip > layer.high_m + 0.5 * (layer.high_m - layer.low_m)
        signed = layer.contains(strip).astype(np.float32) - np.float32(0.5) * far.astype(np.float32)
        unused = reach - ring - limit
        wide = signed[:, unused : signed.shape[1] - unused]
        score = np.asarray(cv2.matchTemplate(wide, templates[ring], cv2.TM_CCORR), np.float64)[0]
        shift = np.arange(score.size) - limit
        score -= 0.01 * float(score.max()) * np.abs(shift) / limit  # of equals, the smallest
        best = int(np.argmax(score))
        if score[best] > highest * (1.0 + settings.nearer_wins):
            shift_px, highest = int(shift[best]), float(score[best])
    return shift_px


def _template(mask: NDArray[np.bool_], ring_px: int) -> Float32:
    """(h, w + 2 ring_px): 1 on the mask, and less than 0 left and right of it, as much as the mask is large."""
    inside = np.zeros((mask.shape[0], mask.shape[1] + 2 * ring_px), np.float32)
    inside[:, ring_px : ring_px + mask.shape[1]] = mask
    beside = cv2.dilate(inside, np.ones((1, 2 * ring_px + 1), np.uint8)) - inside
    return np.asarray(inside - beside * np.sqrt(inside.sum() / max(1.0, float(beside.sum()))), np.float32)


def _layers_about(
    depth: NDArray[Any], mask: NDArray[np.bool_], focal_px: float, settings: DepthSettings
) -> list[DepthRange]:
    """Layers of depth in and beside the mask that may be the object's near surface, nearest first; each at least a
    tenth as full as the mask is large. They overlap by half, so that one of them holds the whole surface."""
    layer = near_cluster(depth, mask, settings)
    if layer is None:
        return []
    reach = min(max(1, round(focal_px * settings.beside_m / layer.middle_m)), mask.shape[1])
    window = bounds(mask, reach)
    assert window is not None  # an empty mask has no layer
    about = cv2.dilate(mask[window].astype(np.uint8), np.ones((1, 2 * reach + 1), np.uint8)).astype(bool)
    part = depth[window]
    values = np.sort(part[about & (part > 0)].astype(np.float64))
    enough = max(5.0, 0.1 * float(mask.sum()))
    layers, low = [layer], float(values[0])
    while low < float(values[-1]) and len(layers) < settings.most_layers:
        thick = settings.layer_m + settings.layer_growth * low
        first, last = np.searchsorted(values, [low, low + thick])
        inside = values[int(first) : int(last)]
        if inside.size >= enough:
            layers.append(DepthRange(low, float(np.median(inside)), low + thick))
            low += 0.5 * thick
        else:
            low = float(values[min(int(first) + 1, values.size - 1)]) if inside.size == 0 else low + 0.5 * thick
    return sorted(layers, key=lambda layer: layer.middle_m)


def shift_depth(depth: NDArray[Any], du: int) -> Float32:
    """result[v, u] = depth[v, u + du]; 0 where that lies outside."""
    moved = np.zeros(depth.shape, np.float32)
    width = depth.shape[1]
    low, high = max(0, -du), min(width, width - du)
    if low < high:
        moved[:, low:high] = depth[:, low + du : high + du]
    return moved


@dataclass(frozen=True, eq=False)
class ObjectDepth:
    """Depth repaired for one object.

    depth: (H, W) z-depth in metres, moved under the mask; right around the object, wrong far from it. level: the same
    as `level_range`. near: (H, W), True on the mask's pixels that show the near surface. layer: its level ranges, None
    if the mask has no depth. shift_px: how far the depth lay to the right of the mask.
    """

    depth: Float32
    level: Float32
    near: NDArray[np.bool_]
    layer: DepthRange | None
    shift_px: int


def object_depth(
    depth: NDArray[Any],
    mask: NDArray[np.bool_],
    intrinsics: Intrinsics,
    world_from_camera: Pose,
    settings: DepthSettings = DEFAULT,
) -> ObjectDepth:
    """Move the depth under the mask and find the object's near surface in it. ContractError if shapes do not fit."""
    if mask.shape != depth.shape:
        raise ContractError(f"mask has shape {mask.shape}, depth has {depth.shape}")
    level = level_range(depth, intrinsics, world_from_camera)
    du = registration_shift(level, mask, intrinsics.fx, settings)
    moved, level = shift_depth(depth, du), shift_depth(level, du)
    layer = near_cluster(level, mask, settings)
    near = mask & layer.contains(level) if layer is not None else np.zeros(mask.shape, bool)
    return ObjectDepth(moved, level, near, layer, du)
