"""What a noisy depth picture says about one object: the layer of depth that its near surface is.

Depth has holes and floating points at edges, and shows the wall through part of an object's mask. So the frames are
averaged, and the object's near surface is read instead of the mean of the mask. Depth is (H, W) metres along the
optical axis, 0 = no return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ContractError
from perception.geometry import Pose, Vector, unit
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
    median = np.zeros(stack.shape[1:], np.float32)
    for count in range(1, len(stack) + 1):
        low, high = (len(stack) - count + place for place in ((count - 1) // 2, count // 2))
        np.copyto(median, (stack[low] + stack[high]) / np.float32(2.0), where=valid == count)
    return median


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


def looks_steeply(world_from_camera: Pose) -> bool:
    """Whether a camera looks more than 45 degrees up or down."""
    return bool(np.hypot(*world_from_camera.rotation[:2, 2]) < np.sqrt(0.5))


def level_factor(intrinsics: Intrinsics, world_from_camera: Pose) -> Float32:
    """(H, W) level range of a point per depth; at least 0.05, and 1 where the camera looks more than 45 degrees up or
    down."""
    view = world_from_camera.rotation[:, 2]
    if looks_steeply(world_from_camera):
        return np.ones(intrinsics.shape, np.float32)
    ahead = unit([view[0], view[1], 0.0]) @ world_from_camera.rotation
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


def grown_to_gap(
    layer: DepthRange, depth: NDArray[Any], mask: NDArray[np.bool_], settings: DepthSettings = DEFAULT
) -> DepthRange:
    """The layer with all depth inside the mask that follows it without a gap as thick as a layer.

    Seen steeply, an object's flank begins where its top ends, and is many layers deep. A gap is a step of the sorted
    depth between all but the nearest and furthest hundredth of the pixels.
    """
    values = np.sort(depth[mask & (depth >= layer.low_m)].astype(np.float64))
    values = values[: max(1, values.size - values.size // 100)]
    gap = np.flatnonzero((np.diff(values) > settings.layer_m) & (values[:-1] >= layer.middle_m))
    inside = values[: int(gap[0]) + 1] if gap.size else values
    return DepthRange(layer.low_m, float(np.median(inside)), max(layer.high_m, float(inside[-1])))


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
