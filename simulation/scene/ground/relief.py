"""Heights of rolling ground round the robot's start: hills that a seed draws, or those of a grey picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.base.array_files import read_picture

Array = NDArray[np.float64]

PITCH_M: Final = 0.1
HALF_M: Final = 4.0
"""Half the side of the square that has heights; the floor goes on round it."""
LEVEL_M: Final = 0.6, 1.0
"""From the start: the ground is level up to the first, and has its own height from the second."""
BORDER_M: Final = 0.5
"""In which the ground comes down to the floor at the edge of the square."""
HILL_M: Final = 0.3
"""Standard deviation of the Gaussian that smooths the hills: from one to the next it is about a metre."""
_SIDE: Final = 2 * round(HALF_M / PITCH_M) + 1


@dataclass(frozen=True)
class Relief:
    """heights_m: (N, N) above the floor, not negative, by rows along x and columns along y of the world, PITCH_M apart.
    start_m: (2,) the middle of the square, where it is level."""

    heights_m: Array
    start_m: tuple[float, float]

    def places_m(self) -> Array:
        """(N, N, 2) places of the heights."""
        x = np.linspace(-HALF_M, HALF_M, _SIDE)
        return np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1) + self.start_m

    def height_m(self, xy_m: ArrayLike) -> Array:
        """Heights (...,) at places (..., 2), straight between those of the grid; 0 outside."""
        at = (np.asarray(xy_m, np.float64) - self.start_m + HALF_M) / PITCH_M
        inside = ((at >= 0) & (at <= _SIDE - 1)).all(axis=-1)
        low = np.clip(np.floor(at).astype(int), 0, _SIDE - 2)
        part = np.clip(at - low, 0.0, 1.0)
        i, j, u, v = low[..., 0], low[..., 1], part[..., 0], part[..., 1]
        near = self.heights_m[i, j] * (1 - v) + self.heights_m[i, j + 1] * v
        far = self.heights_m[i + 1, j] * (1 - v) + self.heights_m[i + 1, j + 1] * v
        return np.asarray(np.where(inside, near * (1 - u) + far * u, 0.0))


def hills(highest_m: float, start_m: tuple[float, float], rng: np.random.Generator) -> Relief:
    """Smooth hills of a seed, up to highest_m above the lowest ground between them."""
    noise = cv2.GaussianBlur(rng.normal(size=(_SIDE, _SIDE)), (0, 0), HILL_M / PITCH_M)
    return _levelled((noise - noise.min()) / np.ptp(noise) * highest_m, start_m)


def pictured(file: Path, white_m: float, start_m: tuple[float, float]) -> Relief:
    """The heights of a grey picture, which is stretched over the square: black is the floor, white is white_m above it.
    From above, x of the world points up in the picture and y to the left. ConfigError if it cannot be read."""
    picture = read_picture(file, "picture of the ground", cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    grey = picture.astype(np.float64) / np.iinfo(picture.dtype).max
    seen = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return _levelled(seen[::-1, ::-1] * white_m, start_m)


def _levelled(heights_m: Array, start_m: tuple[float, float]) -> Relief:
    """With level ground at the start and at the border."""
    level = Relief(heights_m, start_m)
    x, y = np.moveaxis(level.places_m() - start_m, -1, 0)
    from_start = (np.hypot(x, y) - LEVEL_M[0]) / (LEVEL_M[1] - LEVEL_M[0])
    to_border = (HALF_M - np.maximum(np.abs(x), np.abs(y))) / BORDER_M
    return replace(level, heights_m=heights_m * np.clip(np.minimum(from_start, to_border), 0.0, 1.0))
