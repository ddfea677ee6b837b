"""How far a whole depth picture lies beside its colour picture, and the frame with that mended.

A depth camera that is not calibrated well to its colour camera shows everything so many metres to one side: by more
pixels where it is near. Steps of the depth are borders of things, where the colour changes, too. So the depth's
steps are moved until most of them lie on such borders. Where too few do, as before a striped wall, nothing is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.surface.depth import Float32
from perception.surface.settings import BesideSettings
from perception.types import RgbdFrame

DEFAULT: Final = BesideSettings()


def fitted(frame: RgbdFrame, settings: BesideSettings = DEFAULT) -> RgbdFrame | None:
    """The frame with its depth where the colour shows it, as registered; None if its steps do not say where that is.

    What is registered stays as it is.
    """
    if frame.registered:
        return frame
    offset_m = beside_m(frame, settings)
    if offset_m is None:
        return None
    return replace(frame, depth=_moved(frame.depth, frame.intrinsics.fx * offset_m), registered=True)


def beside_m(frame: RgbdFrame, settings: BesideSettings = DEFAULT) -> float | None:
    """Metres by which the depth of a frame lies to the right of its colour: what is z metres away and seen at column u
    has its depth at u + fx * result / z. None if too few steps of the depth fit borders of the colour, anywhere."""
    columns, rows, near_m = _steps(frame.depth[:: settings.every_row], settings)
    if columns.size < settings.least_steps:
        return None
    borders = _borders(frame.rgb)
    half = borders.shape[1] / frame.depth.shape[1]
    count = round(settings.most_m / settings.step_m)
    tried_m = settings.step_m * np.arange(-count, count + 1)
    at = columns[None, :] - frame.intrinsics.fx * tried_m[:, None] / near_m[None, :]
    u = np.clip(np.rint(at * half).astype(np.intp), 0, borders.shape[1] - 1)
    v = np.minimum((rows * settings.every_row * half).astype(np.intp), borders.shape[0] - 1)
    fits = borders[v[None, :], u].mean(axis=1)
    fits = np.convolve(np.pad(fits, 2, mode="edge"), np.full(5, 0.2), mode="valid")  # the middle of a flat top
    best, usual = int(np.argmax(fits)), float(np.median(fits))
    stands_out = fits[best] >= settings.stands_out * max(usual, 1e-6)
    return float(tried_m[best]) if stands_out and 0 < best < len(fits) - 1 else None


def _steps(depth: NDArray[Any], settings: BesideSettings) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Columns, rows and depth (metres) of the near sides of steps between two neighbours in a row that returned."""
    width = depth.shape[1]
    here = np.where(depth > 0, np.arange(width), -1)
    before = np.maximum.accumulate(here, axis=1)[:, :-1]
    depth_before = np.take_along_axis(depth, np.maximum(before, 0), axis=1)
    depth_here = depth[:, 1:]
    pair = (depth_here > 0) & (before >= 0) & (np.arange(1, width) - before <= settings.gap_px)
    step = np.maximum(settings.least_m, settings.least_share * np.minimum(depth_here, depth_before))
    left, right = pair & (depth_before - depth_here > step), pair & (depth_here - depth_before > step)
    rows = [np.nonzero(left)[0], np.nonzero(right)[0]]
    columns = [np.nonzero(left)[1] + 0.5, before[right] + 0.5]  # of a thing's left and right border
    near_m = [depth_here[left], depth_before[right]]
    return np.concatenate(columns), np.concatenate(rows), np.concatenate(near_m).astype(np.float64)


def _borders(rgb: NDArray[np.uint8]) -> Float32:
    """(h, w) of half the picture's size, 0..1: how much the colour changes along the row."""
    small = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (0, 0), 0.8).astype(np.float32)
    change = np.abs(cv2.Sobel(lab, cv2.CV_32F, 1, 0)).max(axis=2) / 8.0
    return np.asarray(cv2.GaussianBlur(np.minimum(change / 24.0, 1.0), (0, 0), 0.8), np.float32)


def _moved(depth: NDArray[Any], shift_px_m: float) -> Float32:
    """Each depth z at column u - shift_px_m / z; where two come together, the nearer."""
    moved = np.zeros(depth.shape, np.float32)
    shift = np.rint(shift_px_m / np.where(depth > 0, depth, np.inf)).astype(np.int32)
    width = depth.shape[1]
    for du in sorted(np.unique(shift[depth > 0]).tolist(), key=abs):  # far things first
        low, high = max(0, du), min(width, width + du)
        here = (shift[:, low:high] == du) & (depth[:, low:high] > 0)
        np.copyto(moved[:, low - du : high - du], depth[:, low:high], where=here)
    return moved
