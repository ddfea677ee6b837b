"""Pictures side by side, each with a line of text."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def captioned(picture: Image, text: str) -> Image:
    """The (H, W, 3) picture with white text on a dark bar at its lower edge; what does not fit is cut off."""
    drawn = np.array(picture)
    scale = 0.35
    drawn[-round(45 * scale) :] //= 3
    place, white = (4, drawn.shape[0] - round(14 * scale)), (255, 255, 255)
    cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, white, 1, cv2.LINE_AA)
    return drawn


def picture_grid(pictures: Sequence[Image], columns: int) -> Image:
    """(H, W, 3) of pictures of one size, row by row; what is left of the last row is white."""
    blank = np.full_like(pictures[0], 255)
    padded = [*pictures, *([blank] * (-len(pictures) % columns))]
    rows = [np.hstack(padded[start : start + columns]) for start in range(0, len(padded), columns)]
    return np.vstack(rows)
