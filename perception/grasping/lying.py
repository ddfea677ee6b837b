"""How a long object lies, by the depth on it: where its foot is, and which way it points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Vector, unit
from perception.surface.locate import ObjectLocation
from perception.surface.silhouette import pixels_of
from perception.types import Rejection
from perception.view import View

LYING: Final = 1.4
"""An object lies if it is so many times as long as high."""
ENDS: Final = 0.02
"""Share of the points at either end that may be noise."""
END_PART: Final = 0.25
"""Share of the length at each end whose breadths are compared."""
ACROSS: Final = (0.05, 0.95)
"""Shares of the points across the axis whose middle is on it."""


SPARE_M: Final = 0.015
"""What is so far below or above the object is not of it."""
LEAST: Final = 50
"""Points that are needed."""
STEEP: Final = 0.1
"""Lines of sight that fall by less a metre of depth say nothing of a level plane."""


@dataclass(frozen=True, eq=False)
class Lying:
    """A long object that lies on something level, metres in the world.

    foot_m: (3,) the middle of its foot, the wider end. along: (3,) level unit direction from the foot to the other end.
    length_m.
    """

    foot_m: Vector
    along: Vector
    length_m: float


def how_it_lies(view: View) -> Lying | Rejection:
    """How the object of a view lies; a Rejection if it stands, or too little of it is seen."""
    location = view.location
    if isinstance(location, Rejection):
        return location
    points = _on_it(view, location)
    if len(points) < LEAST:
        return Rejection(f"too little depth on the {location.label} to tell how it lies: {len(points)} px")
    middle = points.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(points.T))
    axis, side = vectors[:, 1], vectors[:, 0]
    low, high = np.quantile((points - middle) @ axis, [ENDS, 1.0 - ENDS])
    length_m = float(high - low)
    if length_m < LYING * location.height_m:
        return Rejection(f"the {location.label} does not lie: {length_m:.2f} m long, {location.height_m:.2f} m high")
    outline = _outline(view, float(location.position_m[2])) - middle
    if not len(outline):
        return Rejection(f"the {location.label} is seen too level to tell which end is its foot")
    if _breadth_m(outline @ axis, outline @ side) < _breadth_m(-outline @ axis, outline @ side):
        axis, low = -axis, -high
    foot = middle + low * axis + float(np.mean(np.quantile((points - middle) @ side, ACROSS))) * side
    return Lying(np.array([*foot, location.position_m[2]]), unit([*axis, 0.0]), length_m)


def _breadth_m(along: NDArray[np.float64], across: NDArray[np.float64]) -> float:
    """How broad the rear end is, of points given along and across the axis: their standard deviation across."""
    rear, front = np.quantile(along, [ENDS, 1.0 - ENDS])
    return float(np.std(across[along < rear + END_PART * (front - rear)]))


def _outline(view: View, axis_z_m: float) -> NDArray[np.float64]:
    """(N, 2) where the lines of sight of the mask meet the level plane of the axis: sharper than depth at the edges."""
    v, u = pixels_of(view.detection.mask)
    camera = view.frame.world_from_camera
    rays = view.frame.intrinsics.back_project(u, v, np.ones(u.size)) @ camera.rotation.T
    down = rays[rays[:, 2] < -STEEP]
    return np.asarray(camera.position_m[:2] + (axis_z_m - camera.position_m[2]) / down[:, 2:] * down[:, :2])


def _on_it(view: View, location: ObjectLocation) -> NDArray[np.float64]:
    """(N, 2) points of the floor plan that are seen on the object, also on its rear part."""
    v, u = pixels_of(view.detection.mask & (view.repaired.depth > 0))
    points = view.frame.world_from_camera.transform(view.frame.intrinsics.back_project(u, v, view.repaired.depth[v, u]))
    inside = (points[:, 2] > location.bottom_z_m - SPARE_M) & (points[:, 2] < location.top_z_m + SPARE_M)
    return np.asarray(points[inside][:, :2])
