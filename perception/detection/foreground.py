"""What depth says against a detection.

To a network that is shown colour alone, a dark patch of wall between two things looks like a dark bottle. Depth tells
that it lies behind what is beside it, or that it is far too large.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.settings import ForegroundSettings
from perception.surface.silhouette import bounds

Float32 = NDArray[np.float32]


def is_too_large(
    depth: NDArray[np.float32], mask: NDArray[np.bool_], focal_px: float, settings: ForegroundSettings
) -> bool:
    """Whether the mask is wider than `largest_m` in its narrower direction. Arguments as for `is_background`."""
    window = bounds(mask)
    if window is None:
        return False
    part, inside = depth[window], mask[window]
    values = part[inside & (part > 0)]
    if not values.size:
        return False
    rows = np.flatnonzero(inside.any(axis=1))
    ends = [inside[rows].argmax(axis=1), inside.shape[1] - 1 - inside[rows, ::-1].argmax(axis=1)]
    points = np.stack([np.concatenate(ends), np.tile(rows, 2)], axis=1).astype(np.float32)  # their hull is the mask's
    narrow_px = float(min(cv2.minAreaRect(points)[1]))
    return narrow_px * float(np.median(values)) / focal_px > settings.largest_m


def is_background(
    depth: NDArray[np.float32], mask: NDArray[np.bool_], focal_px: float, settings: ForegroundSettings
) -> bool:
    """Whether one side of the mask is nearer than the mask itself and the other no farther.

    depth: (H, W) metres, 0 = no return. mask: (H, W). focal_px: focal length. False where depth does not tell.
    """
    margins = margins_m(depth, mask, focal_px, settings)
    if margins is None or np.isnan(margins).any():
        return False
    middle, *sides = margins
    tolerance = settings.tolerance_m + settings.tolerance_share * middle
    return min(sides) < -tolerance and max(sides) <= tolerance


def margins_m(
    depth: NDArray[np.float32], mask: NDArray[np.bool_], focal_px: float, settings: ForegroundSettings
) -> tuple[float, float, float] | None:
    """Median depth of the mask, and how much deeper the picture is left and right of it, in metres, by the median of
    its rows; nan for a side on which too few rows have returns. None where the mask has no return or no pixel."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return None
    rows = rows[np.linspace(0, rows.size - 1, min(rows.size, settings.rows)).astype(int)]
    inside, strip = mask[rows], np.where(depth[rows] > 0, depth[rows], np.nan).astype(np.float32)
    first, end = inside.argmax(axis=1)[:, None], inside.shape[1] - inside[:, ::-1].argmax(axis=1)[:, None]
    own = _row_medians(strip, inside)
    middle = _median(own)
    if np.isnan(middle):
        return None
    gap = round(focal_px * settings.beside_m / middle)
    wide = np.maximum(gap, (end - first) // 2)
    u = np.arange(inside.shape[1])[None]
    left = (u >= first - gap - wide) & (u < first - gap)
    right = (u >= end + gap) & (u < end + gap + wide)
    sides = [_side(_row_medians(strip, side) - own, settings.enough) for side in (left, right)]
    return middle, sides[0], sides[1]


def _row_medians(strip: Float32, where: NDArray[np.bool_]) -> Float32:
    """(rows,) median of each row's returns at `where`, nan without one."""
    columns = np.flatnonzero(where.any(axis=0))
    if not columns.size:
        return np.full(len(strip), np.nan, np.float32)
    part = slice(int(columns[0]), int(columns[-1]) + 1)
    values = np.sort(np.where(where[:, part], strip[:, part], np.nan), axis=1)  # nan last
    count, row = np.count_nonzero(~np.isnan(values), axis=1), np.arange(len(values))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, values.shape[1] - 1)
    return np.asarray(0.5 * (values[row, low] + values[row, high]), np.float32)


def _side(margins: Float32, enough: float) -> float:
    known = np.count_nonzero(~np.isnan(margins))
    return _median(margins) if known >= enough * margins.size else float("nan")


def _median(values: Float32) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")
