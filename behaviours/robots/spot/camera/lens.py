"""The camera models of the image service, and pictures without the distortion of a lens.

A picture is looked up along the rays of a pinhole camera with the same focal length, principal point and size. All that
follows knows pinhole cameras only. Depth is along the optical axis and is not changed by that, only moved.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.link.errors import NoPictureError
from perception.base.errors import RobotError
from perception.types import Intrinsics

Model = Literal["pinhole", "pinhole_brown_conrady", "kannala_brandt"]
COEFFICIENTS: Final[dict[Model, tuple[str, ...]]] = {
    "pinhole": (),
    "pinhole_brown_conrady": ("k1", "k2", "p1", "p2", "k3"),
    "kannala_brandt": ("k1", "k2", "k3", "k4"),
}
"""Of each model that is understood, in OpenCV's order."""
SKEW_PX: Final = 0.5
"""Pixels whose axes are skewed by more than this are refused."""
STEPS: Final = 512


@dataclass(frozen=True)
class Lens:
    """camera: the pinhole part. coefficients: those of the model, in the order of COEFFICIENTS."""

    model: Model
    camera: Intrinsics
    coefficients: tuple[float, ...] = ()

    @property
    def distorts(self) -> bool:
        return any(self.coefficients)


def lens_of(source: Any, shape: tuple[int, int]) -> Lens:
    """The lens of a bosdyn.api.ImageSource for a delivered picture of (H, W) pixels. RobotError, naming the source, for
    a model that is not understood or numbers that make no camera; NoPictureError for a picture without pixels."""
    model = source.WhichOneof("camera_models")
    if model not in COEFFICIENTS:
        raise RobotError(
            f"the image source {source.name} has {f'the camera model {model}' if model else 'no camera model'}; "
            f"this program understands {', '.join(COEFFICIENTS)}"
        )
    intrinsics = getattr(source, model).intrinsics
    pinhole = intrinsics if model == "pinhole" else intrinsics.pinhole_intrinsics
    focal, middle, skew = pinhole.focal_length, pinhole.principal_point, pinhole.skew
    coefficients = tuple(float(getattr(intrinsics, name)) for name in COEFFICIENTS[model])
    if not (focal.x > 0.0 and focal.y > 0.0):
        raise RobotError(f"the image source {source.name} names no focal length")
    if not all(map(math.isfinite, (focal.x, focal.y, middle.x, middle.y, skew.x, skew.y, *coefficients))):
        raise RobotError(f"the camera of the image source {source.name} has numbers that are not finite")
    if max(abs(skew.x), abs(skew.y)) > SKEW_PX:
        raise RobotError(f"the pixels of the image source {source.name} are skewed, which is not corrected")
    rows, columns = shape
    if rows < 1 or columns < 1:
        raise NoPictureError(f"the picture of {source.name} has {columns}x{rows} pixels")
    return Lens(model, Intrinsics(columns, rows, focal.x, focal.y, middle.x, middle.y), coefficients)


def undistorted(pixels: NDArray[Any], lens: Lens, *, nearest: bool) -> NDArray[Any]:
    """The picture (H, W) or (H, W, 3) as a pinhole camera would have taken it; 0 where the lens shows nothing.

    nearest: take values as they are, for depth, in which a mean of two surfaces is none.
    """
    import cv2

    if not lens.distorts:
        return pixels
    u, v = _where(lens)
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(pixels, u, v, how, borderMode=cv2.BORDER_CONSTANT, borderValue=0))


@functools.lru_cache(maxsize=16)
def _where(lens: Lens) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(H, W) column and row in the lens's picture of each pixel of the pinhole's; -1 beyond what the model covers."""
    import cv2

    camera = lens.camera
    matrix = np.array([[camera.fx, 0.0, camera.cx], [0.0, camera.fy, camera.cy], [0.0, 0.0, 1.0]])
    size, numbers = (camera.width, camera.height), np.array(lens.coefficients)
    if lens.model == "kannala_brandt":
        u, v = cv2.fisheye.initUndistortRectifyMap(matrix, numbers, np.eye(3), matrix, size, cv2.CV_32FC1)
    else:
        u, v = cv2.initUndistortRectifyMap(matrix, numbers, None, matrix, size, cv2.CV_32FC1)
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    radius = np.hypot((columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy)
    beyond = radius > _last_radius(lens, float(radius.max()))
    return np.where(beyond, np.float32(-1), u), np.where(beyond, np.float32(-1), v)


def _last_radius(lens: Lens, most: float) -> float:
    """The radius in the pinhole's picture, focal lengths, up to which the lens's grows with it. The polynomials of both
    models turn back somewhere, and would show there what lies nearer to the middle once more."""
    radius = np.linspace(0.0, most, STEPS)
    if lens.model == "kannala_brandt":
        powers, angle = np.array(lens.coefficients), np.arctan(radius)
        bent = angle * (1 + sum(k * angle ** (2 * i + 2) for i, k in enumerate(powers)))
    else:
        k1, k2, _, _, k3 = lens.coefficients
        bent = radius * (1 + k1 * radius**2 + k2 * radius**4 + k3 * radius**6)
    back = np.flatnonzero(np.diff(bent) <= 0)
    return float(radius[back[0]]) if back.size else most
