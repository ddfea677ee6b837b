"""A coarse mask made to follow the picture's edges: the guided filter (He, Sun and Tang, PAMI 2013) on its chance.

A segmentation network gives its masks at a quarter of its input's size: one of their pixels covers 7 to 15 of the full
picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

FLAT = 1e-3
"""Variance of brightness (of 0..1) below which the picture has no edge to follow."""
GRAIN_PX = 1.2
"""Standard deviation of the blur that takes the camera's grain out of the brightness."""


def brightness(rgb: NDArray[np.uint8]) -> Float32:
    """(h, w, 3) uint8 to (h, w) 0..1 without grain."""
    grey = rgb.mean(axis=2, dtype=np.float32) * np.float32(1 / 255)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), GRAIN_PX), np.float32)


def follow_edges(chance: Float32, guide: Float32, radius_px: int) -> Float32:
    """(h, w) chance of being the object, moved to where the guide (h, w) has its edges, within about `radius_px`."""
    side = (2 * radius_px + 1,) * 2

    def mean(image: Float32) -> Float32:
        return np.asarray(cv2.boxFilter(image, -1, side), np.float32)

    level, share = mean(guide), mean(chance)
    variance = mean(guide * guide) - level * level
    slope = np.asarray((mean(guide * chance) - level * share) / (variance + FLAT), np.float32)
    offset = np.asarray(share - slope * level, np.float32)
    return np.asarray(mean(slope) * guide + mean(offset), np.float32)
