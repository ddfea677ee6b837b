"""The input of the network that rates the ways: the one place where a view becomes 10 channels, in training and run.

A square of a fixed size in metres around the mask is cut out and scaled to 192 x 192: a jaw is always as many pixels
wide. It is larger only where the object is. The channels are

    0..2  red, green, blue, 0..1
    3     range ahead relative to the object's near surface, (r - r0) / 0.25 m, clipped to -1..1; 0 without return
    4..6  surface normal in the levelled camera frame: x right, y down along gravity, z forward; 0 where unknown
    7     1 inside the mask, else 0
    8     height above the support / 0.1 m, clipped to -0.5..4; -1 without return
    9     how far the camera looks down, 0 level to 1 straight down, the same everywhere

The network is given only the `preprocess.window` about the object, with WINDOW_MARGIN_PX around it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ContractError
from perception.quality.preprocess import Crop, Float32, level_from_camera
from perception.surface.depth import ray_share
from perception.surface.normals import object_normals
from perception.types import Rejection
from perception.view import View

VERSION: Final = 1
"""Changes with any change of what the network is fed; training writes it into the network's metadata."""
CHANNELS: Final = 10
MASK_CHANNEL: Final = 7
SIZE_PX: Final = 192
SIDE_M: Final = 0.30
WINDOW_MARGIN_PX: Final = 32
"""50 mm."""
MARGIN: Final = 1.15
"""The square is at least so many times as long as the mask."""
AHEAD_M: Final = 0.25
HEIGHT_M: Final = 0.1
HEIGHTS: Final = (-0.5, 4.0)
NORMAL_SIGMA_PX: Final = 4.0


def square_around(view: View) -> Crop:
    """The square that the network is given. ContractError if the mask is empty or has no depth."""
    mask, seen = view.detection.mask, view.repaired
    if seen.layer is None:
        raise ContractError("the object has no depth: nothing tells how large it is")
    fitted = Crop.around(mask, MARGIN)
    away_m = float(np.median(seen.depth[seen.near]))
    side = max(fitted.side_px, SIDE_M * view.frame.intrinsics.fx / away_m)
    more = (side - fitted.side_px) / 2
    return Crop(fitted.left_px - more, fitted.top_px - more, side, SIZE_PX)


def way_input(view: View, crop: Crop | None = None) -> tuple[Float32, Crop]:
    """The (10, 192, 192) float32 input and the crop that maps its output back.

    crop: another square than `square_around`, for augmentation. ContractError if the mask is empty or has no depth.
    """
    frame, seen = view.frame, view.repaired
    crop = crop or square_around(view)
    if seen.layer is None:
        raise ContractError("the object has no depth: nothing tells how large it is")
    camera = crop.intrinsics(frame.intrinsics)
    mask = crop.cut(view.detection.mask.astype(np.uint8), smooth=False).astype(bool)
    depth, level = (crop.cut(values, smooth=False) for values in (seen.depth, seen.level))
    near = crop.cut(seen.near.astype(np.uint8), smooth=False).astype(bool)
    tensor = np.zeros((CHANNELS, crop.size_px, crop.size_px), np.float32)
    tensor[0:3] = crop.cut(frame.rgb, smooth=True).transpose(2, 0, 1) * np.float32(1.0 / 255.0)
    ahead = (level - np.float32(seen.layer.middle_m)) / np.float32(AHEAD_M)
    tensor[3] = np.where(level > 0, np.clip(ahead, -1.0, 1.0), 0.0)
    normals = object_normals(depth, camera, NORMAL_SIGMA_PX, near, mask)
    tensor[4:7] = (normals @ level_from_camera(frame.world_from_camera).astype(np.float32).T).transpose(2, 0, 1)
    tensor[MASK_CHANNEL] = mask
    heights = _above_support(view, depth, crop) / HEIGHT_M
    tensor[8] = np.where(depth > 0, np.clip(heights, *HEIGHTS), -1.0)
    tensor[9] = np.clip(-frame.world_from_camera.rotation[2, 2], 0.0, 1.0)
    return tensor, crop


def _above_support(view: View, depth: Float32, crop: Crop) -> NDArray[np.float64]:
    """(h, w) metres of a crop's pixels above the support, or above the object's bottom where none is seen."""
    camera, pose = crop.intrinsics(view.frame.intrinsics), view.frame.world_from_camera
    x, y, z = (depth * ray_share(camera, pose.rotation[axis]) + np.float32(pose.position_m[axis]) for axis in range(3))
    if view.support is not None:
        return np.asarray(z - view.support.height_m(np.stack([x, y], axis=-1)), np.float64)
    location = view.location
    bottom = z[depth > 0].min(initial=np.inf) if isinstance(location, Rejection) else location.bottom_z_m
    return np.asarray(z - bottom, np.float64)
