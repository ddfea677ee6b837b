"""The network's input: the one place where a frame becomes 8 channels, for training and for the run alike.

A square around the mask is cut out and scaled to 256 x 256, so that the object fills most of the height whatever its
range. In this crop the depth is moved under the mask, normals are fitted inside the mask, and the channels are

    0..2  red, green, blue, 0..1
    3     range relative to the object's near surface, (r - r0) / 0.25 m, clipped to -1..1; 0 without return
    4..6  surface normal in the levelled camera frame: x right, y down along gravity, z forward; 0 where unknown
    7     inside the mask 0.1 + the height above the object's lowest point / 0.25 m; outside it, negative, the square's
          width at the object / 0.25 m, the same everywhere

Channel 7 is mask and scale: it says whether the jaws span the object, and whether the support leaves them room. Without
depth it is 1 and -1. The network is given only the `window` about the object.

The range is measured horizontally (`level_range`), and the levelled frame is the camera's turned until y points along
gravity. So a camera that looks down at a bottle gives the same range and normals as one that looks level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ContractError
from perception.geometry import Pose, Vector, unit
from perception.surface.depth import level_factor, ray_share
from perception.surface.normals import object_normals
from perception.surface.registration import ObjectDepth, object_depth
from perception.surface.silhouette import bounds
from perception.types import Intrinsics

Float32 = NDArray[np.float32]

VERSION = 3
"""Changes with any change of what the network is fed, so with any number below; training writes it into the network's
metadata."""

CHANNELS = 8
MASK_CHANNEL = 7
SIZE_PX = 256
MARGIN = 1.25
MIN_SIDE_PX = 48.0
DEPTH_SCALE_M = 0.25
SCALE_M = 0.25
"""Of channel 7."""
FOOT = 0.1
"""Channel 7 at the object's lowest point."""
LIMIT = 4.0
LOWEST_SHARE = 0.01
"""Of the object's pixels, those that may lie below what counts as its lowest point."""
WINDOW_STEP_PX = 32
"""The heatmap network halves its input five times."""
WINDOW_MARGIN_PX = 64
"""What the network sees beside the object at least."""
NORMAL_SIGMA_PX = 6.0


@dataclass(frozen=True)
class Crop:
    """A square of the full picture, (left, top) its corner and side its length in pixels, scaled to size_px."""

    left_px: float
    top_px: float
    side_px: float
    size_px: int = SIZE_PX

    @classmethod
    def around(cls, mask: NDArray[np.bool_], margin: float = MARGIN) -> Crop:
        """The square around the mask's bounding box, `margin` times its longer side. ContractError if it is empty."""
        window = bounds(mask)
        if window is None:
            raise ContractError("the mask is empty: there is nothing to cut out")
        rows, columns = window
        side = max(margin * max(rows.stop - rows.start, columns.stop - columns.start), MIN_SIDE_PX)
        return cls((columns.start + columns.stop - side) / 2, (rows.start + rows.stop - side) / 2, side)

    @property
    def scale(self) -> float:
        """Full-picture pixels per crop pixel."""
        return self.side_px / self.size_px

    def intrinsics(self, full: Intrinsics) -> Intrinsics:
        """The camera that would have taken the crop."""
        s = self.scale
        return Intrinsics(
            self.size_px,
            self.size_px,
            full.fx / s,
            full.fy / s,
            (full.cx - self.left_px) / s,
            (full.cy - self.top_px) / s,
        )

    def cut(self, image: NDArray[Any], *, smooth: bool) -> NDArray[Any]:
        """(H, W) or (H, W, C) picture to (size_px, size_px, ...); 0 outside; `smooth` interpolates, else nearest."""
        flags = (cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST) | cv2.WARP_INVERSE_MAP
        cut: NDArray[Any] = cv2.warpAffine(image, self._full_from_crop(), (self.size_px, self.size_px), flags=flags)
        return cut

    def paste(self, crop: Float32, shape: tuple[int, int]) -> Float32:
        """A (size_px, size_px) map back in the full picture of `shape` (H, W), 0 outside the square."""
        inverse = cv2.invertAffineTransform(self._full_from_crop())
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        full: Float32 = cv2.warpAffine(np.asarray(crop, np.float32), inverse, (shape[1], shape[0]), flags=flags)
        return full

    def _full_from_crop(self) -> Vector:
        half = 0.5 * self.scale - 0.5
        return np.array([[self.scale, 0.0, self.left_px + half], [0.0, self.scale, self.top_px + half]])


def level_from_camera(world_from_camera: Pose) -> Vector:
    """(3, 3) rotation from the optical frame to the levelled one: x right, y along gravity, z forward, both horizontal.

    Forward is the camera's viewing direction made horizontal, or the picture's upward direction when the camera looks
    within 10 degrees of straight down or up.
    """
    rotation = world_from_camera.rotation
    down = np.array([0.0, 0.0, -1.0])
    forward = rotation[:, 2]
    if abs(float(forward @ down)) > np.cos(np.radians(10.0)):
        forward = -rotation[:, 1] * (1.0 if forward @ down > 0 else -1.0)
    forward = unit(forward - (forward @ down) * down)
    level_from_world = np.stack([np.cross(down, forward), down, forward])
    return np.asarray(level_from_world @ rotation)


def heatmap_input(
    rgb: NDArray[np.uint8],
    depth: NDArray[Any],
    mask: NDArray[np.bool_],
    intrinsics: Intrinsics,
    world_from_camera: Pose,
    crop: Crop | None = None,
    *,
    registered: bool = False,
) -> tuple[Float32, Crop]:
    """The (8, 256, 256) float32 input and the crop that maps its output back.

    rgb: (H, W, 3) uint8. depth: (H, W) metres, 0 = no return. mask: (H, W), True on the object. crop: another square
    than the one around the mask, for augmentation. registered: as of an `RgbdFrame`. ContractError for an empty mask or
    shapes that do not fit.
    """
    shape = intrinsics.shape
    if rgb.shape != (*shape, 3) or depth.shape != shape or mask.shape != shape:
        raise ContractError(f"rgb {rgb.shape}, depth {depth.shape}, mask {mask.shape} do not fit the camera's {shape}")
    crop = crop or Crop.around(mask)
    small_mask = crop.cut(mask.astype(np.uint8), smooth=False).astype(bool)
    small_depth = crop.cut(np.asarray(depth, np.float32), smooth=False)
    camera = crop.intrinsics(intrinsics)
    seen = object_depth(small_depth, small_mask, camera, world_from_camera, registered=registered)
    tensor = np.zeros((CHANNELS, crop.size_px, crop.size_px), np.float32)
    tensor[0:3] = crop.cut(rgb, smooth=True).transpose(2, 0, 1) * np.float32(1.0 / 255.0)
    if seen.layer is not None:
        relative = (seen.level - np.float32(seen.layer.middle_m)) / np.float32(DEPTH_SCALE_M)
        tensor[3] = np.where(seen.level > 0, np.clip(relative, -1.0, 1.0), 0.0)
        normals = object_normals(seen.depth, camera, NORMAL_SIGMA_PX, seen.near, small_mask)
        rotation = level_from_camera(world_from_camera).astype(np.float32)
        tensor[4:7] = (normals @ rotation.T).transpose(2, 0, 1)
    tensor[MASK_CHANNEL] = _scale(camera, seen, small_mask, world_from_camera)
    return tensor, crop


def window(
    mask: NDArray[np.bool_], least: tuple[int, int] = (0, 0), margin_px: int = WINDOW_MARGIN_PX
) -> tuple[slice, slice]:
    """Rows and columns of a crop that the network is given: the (H, W) mask and a margin, in WINDOW_STEP_PX steps and
    at least `least` long, as far as the crop goes; all of it where the mask is empty."""
    spans = [
        _span(np.flatnonzero(mask.any(axis=1 - axis)), mask.shape[axis], least[axis], margin_px) for axis in (0, 1)
    ]
    return spans[0], spans[1]


def _span(inside: NDArray[np.intp], length: int, least: int, margin_px: int) -> slice:
    if not inside.size:
        return slice(0, length)
    first, last = int(inside[0]), int(inside[-1]) + 1
    steps = -(-(last - first + 2 * margin_px) // WINDOW_STEP_PX)
    size = min(max(steps * WINDOW_STEP_PX, least), length)
    start = min(max((first + last - size) // 2, 0), length - size)
    return slice(start, start + size)


def _scale(camera: Intrinsics, seen: ObjectDepth, mask: NDArray[np.bool_], world_from_camera: Pose) -> Float32:
    """Channel 7. camera: the crop's. Pixels without return are taken to lie as far ahead as the near surface."""
    if seen.layer is None:
        return np.asarray(np.where(mask, 1.0, -1.0), np.float32)
    depth = np.where(seen.near, seen.depth, np.float32(seen.layer.middle_m) / level_factor(camera, world_from_camera))
    below = depth * ray_share(camera, level_from_camera(world_from_camera)[1])
    height_m = np.quantile(below[mask], 1.0 - LOWEST_SHARE) - below
    width_m = camera.width / camera.fx * float(np.median(seen.depth[seen.near]))
    inside = np.clip(FOOT + height_m / SCALE_M, FOOT, LIMIT)
    outside = -np.clip(width_m / SCALE_M, FOOT, LIMIT)
    return np.asarray(np.where(mask, inside, outside), np.float32)
