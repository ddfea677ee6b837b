"""Where an object stands in the world, from one detection and noisy depth at 0.3 to 4 m."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Vector, unit
from perception.surface.depth import looks_steeply
from perception.surface.registration import ObjectDepth
from perception.surface.silhouette import Silhouette, extent_across, pixels_of, round_width_m
from perception.surface.support import Support
from perception.types import Detection, Rejection, RgbdFrame

OUTLYING: Final = 0.05
"""Share of the points at either end that may be noise."""


@dataclass(frozen=True, eq=False)
class ObjectLocation:
    """An object in the world frame, metres.

    position_m: (3,) its centre, on its axis at half height. surface_m: (3,) the point of its near surface at half
    height. bottom_z_m, top_z_m: lowest and highest point. width_m: extent across the axis.
    support_seen: the bottom is the height of the support as seen; else it is a guess from outline and width.
    """

    label: str
    position_m: Vector
    surface_m: Vector
    width_m: float
    bottom_z_m: float
    top_z_m: float
    support_seen: bool = False

    @property
    def height_m(self) -> float:
        return self.top_z_m - self.bottom_z_m


def too_small(detection: Detection, least_px: int) -> Rejection | None:
    """Why a mask shows too little of an object to place it; None if it has at least so many pixels."""
    count = int(detection.mask.sum())
    if count >= least_px:
        return None
    return Rejection(f"the {detection.label} is too small in the picture: {count} px, at least {least_px} needed")


def locate_object(
    frame: RgbdFrame, detection: Detection, seen: ObjectDepth, shape: Silhouette, support: Support | None
) -> ObjectLocation | Rejection:
    """Position and size of a detected object that is not `too_small`, or why it has none: no depth on it.

    seen: its repaired depth. shape: its axis. support: what it lies on, if that is seen. The centre lies half a width
    behind the median of the near surface; seen steeply, it is the middle of what is seen.
    """
    mask, intrinsics = detection.mask, frame.intrinsics
    count = int(mask.sum())
    if seen.layer is None:
        return Rejection(f"no depth on the {detection.label} ({int((frame.depth[mask] > 0).sum())} of {count} px)")
    rows, columns = pixels_of(mask)
    middle = np.array([np.median(columns), np.median(rows)])
    sides = extent_across(mask, (float(middle[0]), float(middle[1])), shape.axis_uv)
    extent = sum(sides) if sides else float(np.sqrt(count))
    across = np.array([-shape.axis_uv[1], shape.axis_uv[0]])
    if sides:
        middle = middle + across * (sides[1] - sides[0]) / 2
    off_axis = np.abs((columns - middle[0]) * across[0] + (rows - middle[1]) * across[1])
    core = np.zeros_like(mask)
    core[rows, columns] = off_axis <= max(2.0, 0.2 * extent)
    values = seen.depth[core & seen.near]
    near = float(np.median(values if values.size >= 5 else seen.depth[seen.near]))
    width = round_width_m(extent, near, intrinsics)

    surface = frame.world_from_camera.transform(intrinsics.back_project(middle[0], middle[1], near))
    camera = frame.world_from_camera.position_m
    view = frame.world_from_camera.rotation[:, 2]
    behind = np.array([view[0], view[1], 0.0])
    if not shape.upright or float(np.linalg.norm(behind)) < 0.2:
        behind = surface - camera
    position = surface + 0.5 * width * unit(behind)
    low, high = position[2] - width / 2, position[2] + width / 2
    if shape.upright:
        low, high = _heights(frame, middle, rows, surface, width) or (low, high)
        position[2] = surface[2] = 0.5 * (low + high)
    if support is None:
        return ObjectLocation(detection.label, position, surface, width, low, high)
    steeply = looks_steeply(frame.world_from_camera)
    if steeply or not shape.upright:
        v, u = pixels_of(seen.near)
        points = frame.world_from_camera.transform(intrinsics.back_project(u, v, seen.depth[v, u]))
        high = float(np.quantile(points[:, 2], 1.0 - OUTLYING))
        if steeply:
            position[:2] = np.quantile(points[:, :2], [OUTLYING, 1.0 - OUTLYING], axis=0).mean(axis=0)
    low = min(float(support.planes[0].height_m(position)), high)  # the floor may be seen below a table, too
    position[2] = 0.5 * (low + high)
    if shape.upright:
        surface[2] = position[2]
    return ObjectLocation(detection.label, position, surface, width, low, high, support_seen=True)


def detection_of(
    detections: Sequence[Detection], frame: RgbdFrame, known: ObjectLocation, within_m: float
) -> Detection | None:
    """The detection that is the object known already: the one whose line of sight passes closest to its centre.

    The line goes through the mask's median pixel. None if all pass further than `within_m` from the centre.
    """
    centre = frame.world_from_camera.inverse().transform(known.position_m)
    closest, at_most = None, within_m
    for detection in detections:
        rows, columns = pixels_of(detection.mask)
        along = unit(frame.intrinsics.back_project(np.median(columns), np.median(rows), 1.0))
        off = float(np.linalg.norm(centre - max(float(centre @ along), 0.0) * along))
        if off <= at_most:
            closest, at_most = detection, off
    return closest


def _heights(
    frame: RgbdFrame, middle: Vector, rows: NDArray[np.intp], surface: Vector, width_m: float
) -> tuple[float, float] | None:
    """World z of the mask's lowest and highest rows, where their lines of sight meet an upright object.

    The lower edge is the near rim of the base; the upper edge is the far rim of the top if the camera looks down on it.
    None where a line of sight is so steep that it says nothing about height.
    """
    camera = frame.world_from_camera.position_m
    edges = np.array([rows.max() + 0.5, rows.min() - 0.5])
    rays = frame.intrinsics.back_project(middle[0], edges, 1.0) @ frame.world_from_camera.rotation.T
    distance = float(np.hypot(*(surface - camera)[:2]))
    reach = np.hypot(rays[:, 0], rays[:, 1])
    if distance < 0.05 or (reach < 0.2).any():
        return None
    slope = rays[:, 2] / reach
    low = float(camera[2] + distance * slope[0])
    high = float(camera[2] + (distance + (width_m if slope[1] < 0 else 0.0)) * slope[1])
    return (low, high) if high > low else None
