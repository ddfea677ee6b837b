"""Lenses of the simulated cameras: distortion of a pinhole picture."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.types import Intrinsics

LENSES: dict[str, dict[str, float]] = {
    "pinhole": {},
    "pinhole_brown_conrady": {"k1": -0.12, "k2": 0.04, "p1": 0.0012, "p2": -0.0008, "k3": 0.0},
    "kannala_brandt": {"k1": 0.06, "k2": -0.02, "k3": 0.004, "k4": -0.001},
}
"""Camera models of the image service with their coefficients, as large as those of ordinary lenses."""

ITERATIONS = 60
"""Of the fixed point that inverts a distortion."""


def distorted(pixels: NDArray[Any], camera: Intrinsics, lens: str, *, nearest: bool) -> NDArray[Any]:
    """A pinhole picture as seen through a lens; 0 outside the pinhole picture. nearest: do not interpolate."""
    if not LENSES[lens]:
        return pixels
    u, v = _where(camera, lens)
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(pixels, u, v, how, borderMode=cv2.BORDER_CONSTANT, borderValue=0))


@functools.lru_cache(maxsize=16)
def _where(camera: Intrinsics, lens: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(H, W) column and row in the pinhole picture of each pixel of the distorted picture."""
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    bent = np.stack([(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy])
    straight = bent.copy()
    for _ in range(ITERATIONS):
        straight += bent - bend(straight, lens)
    u, v = straight[0] * camera.fx + camera.cx, straight[1] * camera.fy + camera.cy
    return u.astype(np.float32), v.astype(np.float32)


def bend(straight: NDArray[np.float64], lens: str) -> NDArray[np.float64]:
    """(2, ...) x and y at distance 1 in a pinhole camera -> the same through a lens."""
    x, y = straight
    k = LENSES[lens]
    if lens == "kannala_brandt":
        radius = np.hypot(x, y)
        angle = np.arctan(radius)
        shown = angle * (1 + k["k1"] * angle**2 + k["k2"] * angle**4 + k["k3"] * angle**6 + k["k4"] * angle**8)
        return straight * np.where(radius > 1e-9, shown / np.maximum(radius, 1e-9), 1.0)
    square = x * x + y * y
    radial = 1 + k["k1"] * square + k["k2"] * square**2 + k["k3"] * square**3
    aside = 2 * k["p1"] * x * y + k["p2"] * (square + 2 * x * x)
    up = k["p1"] * (square + 2 * y * y) + 2 * k["p2"] * x * y
    return np.stack([x * radial + aside, y * radial + up])


def describe(message: Any, camera: Intrinsics, lens: str) -> None:
    """Write the camera model of an ImageSource."""
    intrinsics = getattr(message, lens).intrinsics
    pinhole = intrinsics.pinhole_intrinsics if LENSES[lens] else intrinsics
    pinhole.focal_length.x, pinhole.focal_length.y = camera.fx, camera.fy
    pinhole.principal_point.x, pinhole.principal_point.y = camera.cx, camera.cy
    for name, value in LENSES[lens].items():
        setattr(intrinsics, name, value)
