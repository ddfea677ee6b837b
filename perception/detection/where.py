"""Which of several detections a tree means: the largest, the nearest, one on a side, the tallest, one of a colour."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.types import Detection, RgbdFrame


class Where(Enum):
    """Which of several objects is meant, as it is written in a tree file."""

    best = "best"
    largest = "largest"
    nearest = "nearest"
    left = "left"
    right = "right"
    tallest = "tallest"
    red = "red"
    orange = "orange"
    yellow = "yellow"
    green = "green"
    blue = "blue"
    purple = "purple"
    white = "white"
    grey = "grey"
    black = "black"


HUES_DEG: Final = {"red": 350.0, "orange": 15.0, "yellow": 42.0, "green": 70.0, "blue": 165.0, "purple": 260.0}
"""Where each colour's hues begin, in degrees; it ends where the next begins."""
COLOURS: Final = (*HUES_DEG, "white", "grey", "black")
GREY, WHITE, BLACK = 0.25, 0.65, 0.22
"""Saturation below which there is no hue, and the values above and below which it is white and black."""
LEAST_SHARE: Final = 0.3
"""Of an object's pixels that must have a colour."""


def choose(detections: Sequence[Detection], frame: RgbdFrame, where: Where) -> list[Detection]:
    """The detections in the order in which they are meant; of a colour, only those that have it, the most so first.

    `best` keeps the order. Sizes, distances and heights come from the depth; what has none comes last.
    """
    if where is Where.best:
        return list(detections)
    if where.value in COLOURS:
        shares = [colour_share(frame.rgb, one.mask, where.value) for one in detections]
        rated = [(share, one) for share, one in zip(shares, detections, strict=True) if share >= LEAST_SHARE]
    else:
        rated = [(_rank(one, frame, where), one) for one in detections]
    return [one for _, one in sorted(rated, key=lambda each: -each[0])]


def colour_share(rgb: NDArray[np.uint8], mask: NDArray[np.bool_], colour: str) -> float:
    """Share of the mask's pixels with one of COLOURS. rgb: (H, W, 3) uint8. mask: (H, W)."""
    pixels = rgb[mask]
    if not len(pixels):
        return 0.0
    hsv = cv2.cvtColor(np.ascontiguousarray(pixels[None], np.float32) / np.float32(255.0), cv2.COLOR_RGB2HSV)[0]
    hue, saturation, value = hsv.T
    dark = value < BLACK
    plain = ~dark & (saturation < GREY)
    if colour == "black":
        return float(dark.mean())
    if colour in ("white", "grey"):
        return float((plain & ((value >= WHITE) == (colour == "white"))).mean())
    names = list(HUES_DEG)
    first = HUES_DEG[colour]
    end = HUES_DEG[names[(names.index(colour) + 1) % len(names)]]
    inside = (hue - first) % 360.0 < (end - first) % 360.0
    return float((inside & ~dark & ~plain).mean())


def _rank(one: Detection, frame: RgbdFrame, where: Where) -> float:
    """The higher, the sooner a detection is meant."""
    v, u = np.nonzero(one.mask)
    if where in (Where.left, Where.right):
        middle = float(np.median(u)) if u.size else 0.0
        return middle if where is Where.right else -middle
    depth = frame.depth[v, u]
    v, u, depth = v[depth > 0], u[depth > 0], depth[depth > 0]
    if not depth.size:
        return float(-np.inf)
    away_m = float(np.median(depth))
    if where is Where.nearest:
        return -away_m
    if where is Where.largest:
        return float(np.count_nonzero(one.mask)) * away_m**2
    points = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, depth))
    low, high = np.quantile(points[:, 2], (0.05, 0.95))
    return float(high - low)
