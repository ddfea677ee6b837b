"""Value types that all of perception shares: frozen, with read-only arrays that are checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector

Approach = Literal["any", "side", "top"]
"""From where the hand comes: from the side, from above, or either."""
APPROACHES: Final[tuple[Approach, ...]] = get_args(Approach)


def _read_only(array: NDArray[Any], shape: tuple[int, ...], dtype: type, what: str) -> NDArray[Any]:
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != dtype:
        have = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{what} is {have}, expected {np.dtype(dtype)} {shape}")
    view = array.view()
    view.setflags(write=False)
    return view


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera without distortion; optical frame x right, y down, z forward.

    width, height: of the picture in pixels. fx, fy: focal lengths in pixels. cx, cy: principal point in pixels.
    ValueError for values that no camera has.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def part(self, window: tuple[slice, slice]) -> Intrinsics:
        """The camera of a window, rows and columns, of its pictures."""
        rows, columns = (range(*span.indices(size)) for span, size in zip(window, self.shape, strict=True))
        return Intrinsics(len(columns), len(rows), self.fx, self.fy, self.cx - columns.start, self.cy - rows.start)

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1 or not (self.fx > 0 and self.fy > 0):
            raise ValueError(f"not a camera: {self}")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), as arrays are indexed."""
        return self.height, self.width

    def back_project(self, u: Any, v: Any, depth_m: Any) -> Vector:
        """Eq. 1-3 of arXiv 2508.17466: pixel (u, v) and z-depth in metres to (..., 3) points in the optical frame."""
        z = np.asarray(depth_m, dtype=np.float64)
        x = (np.asarray(u, dtype=np.float64) - self.cx) * z / self.fx
        y = (np.asarray(v, dtype=np.float64) - self.cy) * z / self.fy
        return np.stack(np.broadcast_arrays(x, y, z), axis=-1)

    def project(self, points_m: Any) -> Vector:
        """(..., 3) points in the optical frame with z > 0 to (..., 2) pixels (u, v)."""
        points = np.asarray(points_m, dtype=np.float64)
        u = points[..., 0] / points[..., 2] * self.fx + self.cx
        v = points[..., 1] / points[..., 2] * self.fy + self.cy
        return np.stack([u, v], axis=-1)


@dataclass(frozen=True, eq=False)
class RgbdFrame:
    """One colour picture with depth in the colour camera's frame.

    rgb: (H, W, 3) uint8, RGB order. depth: (H, W) float32 metres along the optical axis, 0 = no return.
    world_from_camera: pose of the optical frame (x right, y down, z forward). time_s: the robot's clock.
    registered: depth and colour fit pixel for pixel; else perception looks how far beside an object its depth lies.
    ValueError if an array does not fit the intrinsics.
    """

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    intrinsics: Intrinsics
    world_from_camera: Pose
    time_s: float
    camera: str = "hand"
    registered: bool = False

    def __post_init__(self) -> None:
        shape = self.intrinsics.shape
        object.__setattr__(self, "rgb", _read_only(self.rgb, (*shape, 3), np.uint8, "RgbdFrame.rgb"))
        object.__setattr__(self, "depth", _read_only(self.depth, shape, np.float32, "RgbdFrame.depth"))
        if not np.isfinite(self.depth).all() or float(self.depth.min(initial=0.0)) < 0.0:
            raise ValueError("RgbdFrame.depth has negative or non-finite values; no return is 0")


@dataclass(frozen=True, eq=False)
class Detection:
    """One object found in a frame.

    label: class name. score: 0..1. mask: (H, W) bool, True on the object. box_uv: (u0, v0, u1, v1) pixels.
    by_depth: no detector gave it this label; it has the size and shape of one.
    """

    label: str
    score: float
    mask: NDArray[np.bool_]
    box_uv: tuple[float, float, float, float]
    by_depth: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", _read_only(self.mask, self.mask.shape, np.bool_, "Detection.mask"))
        if self.mask.ndim != 2:
            raise ValueError(f"Detection.mask has shape {self.mask.shape}, expected (H, W)")


class Judge(Protocol):
    """Rates single grasps."""

    def rate(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """(K,) 0..1, the chance that each of K grasps lifts and holds, of `perception.grasping.judge_input`."""


@dataclass(frozen=True, eq=False)
class WayMaps:
    """Grasp quality per pixel and way of `perception.hand.family`, in a square of the frame.

    quality: (ways, h, w) float32, 0..1, in the order of WAYS, 0 far from the object. corner_uv: the square's left and
    top border in the frame, pixels. scale: pixels of the frame per pixel of the square. judge: rates the grasps that
    follow from it; None if there is none.
    """

    quality: NDArray[np.float32]
    corner_uv: tuple[float, float]
    scale: float
    judge: Judge | None = None

    def at(self, uv: tuple[int, int]) -> NDArray[np.float32]:
        """(ways,) at a pixel (u, v) of the frame; 0 outside the square."""
        pairs = zip(uv, self.corner_uv, strict=True)
        column, row = (int(np.floor((pixel + 0.5 - corner) / self.scale)) for pixel, corner in pairs)
        inside = 0 <= row < self.quality.shape[1] and 0 <= column < self.quality.shape[2]
        return self.quality[:, row, column] if inside else np.zeros(len(self.quality), np.float32)


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Grasp quality per pixel. quality: (H, W) float32, 0..1, the predicted chance that a grasp lifts and holds.
    ways: the same for each way of the family; None if no network predicts it."""

    quality: NDArray[np.float32]
    ways: WayMaps | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "quality", _read_only(self.quality, self.quality.shape, np.float32, "Heatmap.quality"))
        if self.quality.ndim != 2:
            raise ValueError(f"Heatmap.quality has shape {self.quality.shape}, expected (H, W)")


@dataclass(frozen=True, eq=False)
class Grasp:
    """Where and how to grip.

    pixel_uv: the chosen pixel. depth_m: its z-depth. normal_world: (3,) unit, outwards from the surface.
    point_world_m: (3,) the surface point. world_from_hand: pose of the hand frame when the jaws close (x forward
    out of the palm, jaws open along z). width_m: extent of the object between the jaws. score: heatmap value there.
    opening: of the jaws on the way in, 0 to 1, the widest. way: name of its way of the family, if it was chosen among
    these; None for the heatmap's own.
    """

    pixel_uv: tuple[int, int]
    depth_m: float
    point_world_m: Vector
    normal_world: Vector
    world_from_hand: Pose
    width_m: float
    score: float
    opening: float = 1.0
    way: str | None = None


@dataclass(frozen=True)
class Rejection:
    """Why a step has no result for this frame: an expected outcome, so never an exception.

    reason: one line for people, e.g. "no depth on the bottle (0 of 3104 px)".
    """

    reason: str

    def __str__(self) -> str:
        return self.reason
