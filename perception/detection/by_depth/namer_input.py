"""What the network that names things is shown of each: a square of colour, mask and depth around it, and its size.

Training computes its inputs by the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.by_depth.layers import Layers
from perception.detection.by_depth.proposals import Proposal
from perception.types import RgbdFrame

VERSION: Final = 1
"""Changes with any change of what the network is fed; training writes it into the network's metadata."""
SIDE: Final = 64
COLOUR, MASK, DEPTH, KNOWN, HEIGHT, VALUES = slice(0, 3), 3, 4, 5, 6, 7
"""Channels: red, green and blue, 0..1; the mask; the depth behind the thing's middle, in DEPTH_M, -1..1; whether there
is depth; the height above the ground, in HEIGHT_M, 0..1; and the values, in the first row, else 0."""
CHANNELS: Final = 8
VALUE_NAMES: Final = (
    "side_m", "side_known", "side_px", "away_m", "depth_share", "ground_share", "fill", "down_x", "down_y", "down_z",
)  # fmt: skip
"""Values: logarithms of the square's side in metres over 0.2 and in pixels over 64, and whether the first is known; the
distance; shares of the mask that have depth and a height above ground, and of its box that it fills; and the vertical
in the camera's frame."""
AROUND: Final = 1.35
"""Side of the square over the longer side of the thing's box."""
LEAST_PX: Final = 12
DEPTH_M: Final = 0.15
HEIGHT_M: Final = 0.3


def namer_input(frame: RgbdFrame, layers: Layers, proposals: Sequence[Proposal]) -> NDArray[np.float32]:
    """(K, 8, 64, 64) of K proposals of a frame, layers being the frame's."""
    tensor = np.zeros((len(proposals), CHANNELS, SIDE, SIDE), np.float32)
    if not proposals:
        return tensor
    step = layers.step
    pad = int(np.ceil(AROUND * max(max(one.box[2:]) for one in proposals))) + LEAST_PX
    rgb = cv2.copyMakeBorder(frame.rgb, *(4 * (pad * step,)), cv2.BORDER_REPLICATE)
    depth, height = np.pad(layers.depth, pad), np.pad(np.minimum(layers.height, HEIGHT_M), pad)
    down = -frame.world_from_camera.rotation[2]
    for index, one in enumerate(proposals):
        u, v, wide, tall = one.box
        half = max(int(np.ceil(AROUND * max(wide, tall) / 2)), LEAST_PX // (2 * step), 2)
        left, top = u + wide // 2 - half + pad, v + tall // 2 - half + pad
        small = slice(top, top + 2 * half), slice(left, left + 2 * half)
        large = tuple(slice(span.start * step, span.stop * step) for span in small)
        tensor[index, COLOUR] = _fitted(rgb[large]).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
        inside = _window(one.mask, small, pad)
        own_depth, own_height = depth[small], height[small]
        known = own_depth > 0
        own = known & inside
        middle = float(np.median(own_depth[own])) if own.any() else 0.0
        behind = np.clip((own_depth - middle) / DEPTH_M, -1, 1) * known
        maps = np.stack([inside, behind * bool(middle), known & bool(middle), own_height / HEIGHT_M], -1)
        tensor[index, MASK : HEIGHT + 1] = _fitted(maps.astype(np.float32)).transpose(2, 0, 1)
        if one.drawn is not None:
            tensor[index, MASK] = _fitted(_window(one.drawn, large, pad * step).astype(np.float32))
        count = max(int(np.count_nonzero(inside)), 1)
        side_m = 2 * half * step * middle / frame.intrinsics.fx
        tensor[index, VALUES, 0, : len(VALUE_NAMES)] = (
            np.log(side_m / 0.2) if side_m else 0.0, float(side_m > 0), np.log(2 * half * step / SIDE), middle,
            np.count_nonzero(own) / count, np.count_nonzero(inside & (own_height > 0)) / count,
            count / max(wide * tall, 1), *down,
        )  # fmt: skip
    return tensor


def _window(mask: NDArray[np.bool_], window: tuple[slice, ...], pad: int) -> NDArray[np.bool_]:
    """The part of a mask in a window of its picture with `pad` pixels around, False there."""
    rows, columns = (slice(span.start - pad, span.stop - pad) for span in window)
    part = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    top, left = max(rows.start, 0), max(columns.start, 0)
    seen = mask[top : max(rows.stop, 0), left : max(columns.stop, 0)]
    part[
        top - rows.start : top - rows.start + seen.shape[0], left - columns.start : left - columns.start + seen.shape[1]
    ] = seen
    return part


def _fitted(image: NDArray[Any]) -> NDArray[Any]:
    """An image (n, n, ...) at SIDE x SIDE."""
    way = cv2.INTER_AREA if image.shape[0] > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=way))
