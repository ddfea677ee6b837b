"""Pictures side by side, each with a line of text."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def captioned(picture: Image, text: str, scale: float = 0.35) -> Image:
    """The (H, W, 3) picture with white text at its lower edge."""
    drawn = np.ascontiguousarray(picture)
    place = (4, drawn.shape[0] - 6)
    cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 3, cv2.LINE_AA)
    return np.asarray(cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA))


def picture_grid(pictures: Sequence[Image], columns: int) -> Image:
    """(H, W, 3) of pictures of one size, row by row; what is left of the last row is white."""
    blank = np.full_like(pictures[0], 255)
    padded = [*pictures, *([blank] * (-len(pictures) % columns))]
    rows = [np.hstack(padded[start : start + columns]) for start in range(0, len(padded), columns)]
    return np.vstack(rows)
