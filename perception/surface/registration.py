"""A depth picture that lies beside its colour picture, moved under an object's mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ContractError
from perception.geometry import Pose
from perception.surface.depth import DepthRange, Float32, grown_to_gap, level_range, looks_steeply, near_cluster
from perception.surface.settings import DepthSettings
from perception.surface.silhouette import bounds
from perception.types import Intrinsics

DEFAULT: Final = DepthSettings()


def registration_shift(
    depth: NDArray[Any], mask: NDArray[np.bool_], focal_px: float, settings: DepthSettings = DEFAULT
) -> int:
    """du in pixels by which the object's depth lies beside its mask: depth at (u + du, v) belongs to pixel (u, v).

    The depth's silhouette is laid over the mask. Returns of the object's layer inside the mask, and far returns in a
    ring left and right of it, count for a shift. The opposite counts against it; pixels without return do not count.
    Where the depth lies far beside, a wall fills the mask as well as the object does. So every layer that may be the
    object's is tried, and the best fit is taken. Only the mask's rows count, since a support at the same range lies
    below. The vertical error is left alone: the silhouette of something that stands does not show it.
    A shift must fit well, and so much better than none as its share of the mask's width lets expect.
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
    shift_px, highest, unmoved = 0, 0.0, 0.0
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
            shift_px, highest, unmoved = int(shift[best]), float(score[best]), float(score[limit])
    pixels = float(inside.sum())
    moved = abs(shift_px) * len(inside) / pixels
    fits = highest >= settings.shift_fit * pixels and unmoved <= highest * (1.0 - settings.shift_gain * moved)
    return shift_px if fits else 0


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
    registered: bool = False,
) -> ObjectDepth:
    """Move the depth under the mask, unless it is registered, and find the object's near surface in it.

    registered: as of an `RgbdFrame`. ContractError if shapes do not fit.
    """
    if mask.shape != depth.shape:
        raise ContractError(f"mask has shape {mask.shape}, depth has {depth.shape}")
    level = level_range(depth, intrinsics, world_from_camera)
    du = 0 if registered else registration_shift(level, mask, intrinsics.fx, settings)
    moved, level = shift_depth(depth, du), shift_depth(level, du)
    layer = near_cluster(level, mask, settings)
    if layer is not None and looks_steeply(world_from_camera):
        layer = grown_to_gap(layer, level, mask, settings)
    near = mask & layer.contains(level) if layer is not None else np.zeros(mask.shape, bool)
    return ObjectDepth(moved, level, near, layer, du)
