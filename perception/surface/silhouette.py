"""What a mask's outline says about an object: its axis, and how wide it is across that axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Vector, unit
from perception.surface.settings import OutlineSettings
from perception.types import Intrinsics, RgbdFrame

DEFAULT: Final = OutlineSettings()
BRIDGED: Final = 6
"""Holes of so many half pixels in a mask are bridged."""


@dataclass(frozen=True, eq=False)
class Silhouette:
    """axis_uv: (2,) unit direction of the axis in the picture. axis_world: (3,) unit.
    upright: True if the axis is taken as the world's vertical."""

    axis_uv: Vector
    axis_world: Vector
    upright: bool


def silhouette(frame: RgbdFrame, mask: NDArray[np.bool_], settings: OutlineSettings = DEFAULT) -> Silhouette:
    """The axis of the object under a mask that is not empty.

    The axis is the mask's longer principal direction. Near to how the vertical looks there, or where the mask is hardly
    longer than wide, the object stands upright and its axis is world z. Else it is taken to lie on something level: the
    axis is the horizontal direction that looks like the mask's.
    """
    v, u = pixels_of(mask)
    centre = np.array([u.mean(), v.mean()])
    values, vectors = np.linalg.eigh(np.cov(np.stack([u, v])) if u.size > 1 else np.eye(2))
    along = vectors[:, 1]
    rotation = frame.world_from_camera.rotation
    ray = frame.intrinsics.back_project(centre[0], centre[1], 1.0)
    up_camera = rotation.T @ [0.0, 0.0, 1.0]
    up_uv = up_camera[:2] - up_camera[2] * ray[:2]  # image motion of a point that moves up
    seen_upright = float(np.linalg.norm(up_uv)) > 0.3
    elongated = np.sqrt(values[1] / max(values[0], 1e-9)) > settings.elongated
    if seen_upright:
        up_uv = unit(up_uv)
        if not elongated or abs(float(along @ up_uv)) > np.cos(settings.upright_rad):
            return Silhouette(up_uv, np.array([0.0, 0.0, 1.0]), True)
    elif not elongated:
        return Silhouette(along, np.array([0.0, 0.0, 1.0]), True)
    in_picture = rotation @ [along[0], along[1], 0.0]
    level = np.cross(np.cross(rotation @ ray, in_picture), [0.0, 0.0, 1.0])
    axis = unit(level) if float(np.linalg.norm(level)) > 0.1 else unit(in_picture)
    return Silhouette(along, axis, False)


def pixels_of(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """`np.nonzero(mask)`, quicker where the mask is a small part of the picture."""
    window = bounds(mask)
    if window is None:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    v, u = np.nonzero(mask[window])
    return v + window[0].start, u + window[1].start


def bounds(mask: NDArray[np.bool_], margin: int = 0) -> tuple[slice, slice] | None:
    """Rows and columns that hold the mask and `margin` pixels around it; None if it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin),
    )


def extent_across(mask: NDArray[np.bool_], uv: tuple[float, float], axis_uv: Vector) -> tuple[float, float] | None:
    """Pixels from (u, v) to the mask's two edges, measured across the axis: to the left of `axis_uv` and to its right
    as seen in the picture with the axis pointing up. Median over 9 lines, 2 px apart along the axis.
    None if (u, v) lies off the mask. Holes of up to 3 px are bridged.
    """
    window = bounds(mask)
    if window is None or not mask[round(uv[1]), round(uv[0])]:
        return None
    mask, uv = mask[window], (uv[0] - window[1].start, uv[1] - window[0].start)
    height, width = mask.shape
    across = np.array([-axis_uv[1], axis_uv[0]])  # axis (0, -1), up in the picture, gives (1, 0), right
    steps = np.arange(0.25, float(np.hypot(height, width)), 0.5)  # never on the line between two pixels
    starts = np.asarray(uv) + np.arange(-8, 9, 2)[:, None] * axis_uv
    points = np.rint(starts[:, None, None] + steps[:, None] * np.stack([-across, across])[:, None]).astype(np.intp)
    u, v = points[..., 0], points[..., 1]
    inside = (u >= 0) & (v >= 0) & (u < width) & (v < height)
    seen = inside & mask[np.where(inside, v, 0), np.where(inside, u, 0)]  # (lines, 2, steps)
    before = np.zeros((*seen.shape[:2], steps.size + BRIDGED + 1), np.int32)  # hits before each step
    np.cumsum(seen, axis=2, out=before[..., 1 : steps.size + 1])
    before[..., steps.size + 1 :] = before[..., steps.size : steps.size + 1]
    last = seen & (before[..., BRIDGED + 1 :] == before[..., 1 : steps.size + 1])  # nothing follows for BRIDGED steps
    on_mask = (seen[..., : BRIDGED + 1].any(axis=2)).all(axis=1)
    if not on_mask.any():
        return None
    left, right = np.median(steps[last[on_mask].argmax(axis=2)] + 0.25, axis=0)
    return float(left), float(right)


def round_width_m(extent_px: float, near_depth_m: float, intrinsics: Intrinsics) -> float:
    """Width in metres of a round object that looks `extent_px` wide and whose nearest point is `near_depth_m` away.

    The lines of sight touch a cylinder of radius r behind its nearest point at z: with k = extent / (2 f),
    r^2 = k^2 (z^2 + 2 z r). For a flat object this is some per cent too much, on the safe side.
    """
    k = 0.5 * extent_px / intrinsics.fx
    return float(2.0 * near_depth_m * k * (k + np.sqrt(1.0 + k * k)))
