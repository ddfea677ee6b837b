"""How far from the edge of what the depth camera sees: it sees less than the colour camera beside it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.settings import DepthEdgeSettings


def off_the_edge(
    depth: NDArray[np.float32], settings: DepthEdgeSettings, step: int = 1, *, border: bool = True
) -> NDArray[np.float32]:
    """(h, w) pixels from each pixel to the edge of the part of the picture that the depth camera sees, 0 outside. Where
    depth only ends with what is near, as at the top of a thing before a far background, the picture's border counts.

    depth: metres, 0 = no return, of every `step`-th pixel of a picture; the answer counts these pixels, too. border:
    whether the picture's border is an edge where depth reaches it.
    """
    size = max(1, settings.lost_px // step)
    covered = cv2.morphologyEx((depth > 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    sides = []
    for count in (covered.sum(axis=1), covered.sum(axis=0)):
        (first, last), place = _ends(count, settings.share, settings.ragged_px // step), np.arange(len(count))
        before = np.where(border or first > 0, place - first, np.inf)
        behind = np.where(border or last < len(count) - 1, last - place, np.inf)
        sides.append(np.clip(np.minimum(before, behind) + 1, 0, None))
    return np.asarray(np.minimum.outer(*sides), np.float32)


def _ends(count: NDArray[np.uint64], share: float, ragged_px: int) -> tuple[int, int]:
    """The first and the last row, or column, that the depth camera sees, by how much depth each has."""
    seen = np.flatnonzero(count)
    dense = np.flatnonzero((count > 0) & (count >= share * count.max()))
    starts = dense.size > 0 and dense[0] - seen[0] <= ragged_px
    ends = dense.size > 0 and seen[-1] - dense[-1] <= ragged_px
    return int(dense[0]) if starts else 0, int(dense[-1]) if ends else len(count) - 1
