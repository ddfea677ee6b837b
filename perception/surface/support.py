"""What an object lies on: the planes under and around it, read from the depth picture.

Planes are found one after another by RANSAC among the returns around the mask, each within a few degrees of level. The
object's own support is the highest of them that has the object above it. Around it a map of the ground is kept: the
support goes on wherever nothing was seen, and a lower plane counts only where it was seen, as beyond a table's edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.geometry import Vector
from perception.surface.registration import ObjectDepth
from perception.surface.settings import SupportSettings
from perception.surface.silhouette import bounds
from perception.types import RgbdFrame

SEED = 0
"""Of the random triples, so that a picture always gives the same planes."""


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane that is nearly level, world frame, z up, metres.

    slope: (2,) rise of its height per metre along x and y. at_origin_m: its height at x = y = 0. noise_m: deviation of
    the returns from it. share: of the returns around the object that lie on it.
    """

    slope: Vector
    at_origin_m: float
    noise_m: float
    share: float

    def height_m(self, xy_m: ArrayLike) -> Vector:
        """Heights (...,) at places (..., 2) or (..., 3)."""
        return np.asarray(np.asarray(xy_m, np.float64)[..., :2] @ self.slope + self.at_origin_m)


@dataclass(frozen=True, eq=False)
class Support:
    """The ground around an object. planes: the object's own support, then the lower ones. middle_m: (2,) world, middle
    of the map. lower: (N, N) of cells in x and y, the index of the plane that was seen there; 0 also where none was."""

    planes: tuple[Plane, ...]
    middle_m: Vector
    lower: NDArray[np.int8]
    cell_m: float

    @property
    def noise_m(self) -> float:
        return self.planes[0].noise_m

    def height_m(self, points_m: ArrayLike) -> Vector:
        """Heights (...,) of the ground under points (..., 2) or (..., 3)."""
        points = np.asarray(points_m, np.float64)
        size = len(self.lower)
        cell: Any = np.floor((points[..., :2] - self.middle_m) / self.cell_m).astype(np.intp) + size // 2
        inside: Any = ((cell >= 0) & (cell < size)).all(axis=-1)
        cell = np.where(inside[..., None], cell, 0)
        which = np.where(inside, self.lower[cell[..., 0], cell[..., 1]], 0)
        return np.asarray(np.choose(which, [plane.height_m(points) for plane in self.planes]))


def find_support(
    frame: RgbdFrame, mask: NDArray[np.bool_], seen: ObjectDepth, settings: SupportSettings
) -> Support | None:
    """The ground under the object of a mask, or None where too little of it is seen.

    seen: the repaired depth. settings: how it is searched.
    """
    if seen.layer is None:
        return None
    k, pose = frame.intrinsics, frame.world_from_camera
    away_m = float(np.median(seen.depth[seen.near]))
    around = int(np.clip(settings.around_m * k.fx / away_m, 24, max(k.shape)))
    window = bounds(mask, around)
    assert window is not None  # an empty mask has no layer
    origin = window[1].start, window[0].start
    part = mask[window]
    step = max(1, round(float(np.sqrt(part.size / settings.most_points))))
    depth, part = seen.depth[window][::step, ::step], part[::step, ::step]
    metre_px = k.fx / away_m / step
    near = _grown(part, max(1.0, settings.gap_m * metre_px))
    ring = _grown(part, max(4.0, settings.ring_m * metre_px)) & ~near
    v, u = np.nonzero((depth > 0) & (depth < away_m + settings.deep_m) & ~near)
    points = pose.transform(k.back_project(u * step + origin[0], v * step + origin[1], depth[v, u]))
    close = ring[v, u]
    v, u = (axis[:: max(1, axis.size // settings.object_points)] for axis in np.nonzero(seen.near))
    item = pose.transform(k.back_project(u, v, seen.depth[v, u]))
    most_noise_m = settings.most_noise[0] + settings.most_noise[1] * away_m
    planes = _planes(points, close, most_noise_m, settings)
    middle = np.median(item[:, :2], axis=0)
    planes.sort(key=lambda entry: -float(entry[0].height_m(middle)))
    own = next((index for index, (plane, _) in enumerate(planes) if _stands_on(item, plane, settings)), None)
    if own is None:
        return None
    ground = planes[own:]
    return Support(tuple(plane for plane, _ in ground), middle, _map(points, ground, middle, settings), settings.cell_m)


def level_planes(points_m: Vector, most_noise_m: float, settings: SupportSettings) -> list[Plane]:
    """Nearly level planes among points (N, 3), metres, world frame; `Plane.share` is of all points."""
    return [plane for plane, _ in _planes(points_m, np.zeros(len(points_m), bool), most_noise_m, settings)]


def _grown(mask: NDArray[np.bool_], by_px: float) -> NDArray[np.bool_]:
    """The mask with everything within so many pixels of it."""
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(away <= by_px)


def _stands_on(item: Vector, plane: Plane, settings: SupportSettings) -> bool:
    """Whether an object's points (N, 3) are above a plane, but for a few, and not far above."""
    lowest = float(np.quantile(item[:, 2] - plane.height_m(item), settings.object_below))
    return -max(settings.tolerance_m, 2.5 * plane.noise_m) < lowest < settings.hidden_m


def _planes(
    points: Vector, close: NDArray[np.bool_], most_noise_m: float, settings: SupportSettings
) -> list[tuple[Plane, NDArray[np.bool_]]]:
    """Planes among points (N, 3), each with the points on it (N,), fullest first. close: (N,), what is nearest to the
    object; a plane needs its share of these, or of all."""
    rng = np.random.default_rng(SEED)
    left = np.ones(len(points), bool)
    weight = np.where(close, settings.close_weight, 1.0)
    planes: list[tuple[Plane, NDArray[np.bool_]]] = []
    for _ in range(settings.most_planes):
        if int(left.sum()) < settings.least_points:
            break
        index = np.flatnonzero(left)
        # half of the triples among the close ones, if there are any
        pool = np.flatnonzero(left & close)
        triples = [rng.choice(index, (settings.triples, 3))]
        if pool.size >= settings.least_points:
            triples.append(rng.choice(pool, (settings.triples, 3)))
        slopes, heights = _through(points[np.concatenate(triples)], settings)
        if not heights.size:
            break
        tried = points[index]
        off = np.abs(tried[:, 2] - slopes @ tried[:, :2].T - heights[:, None])
        best = int(np.argmax((off < settings.tolerance_m) @ weight[index]))
        fit = _fitted(tried, weight[index], slopes[best], float(heights[best]), settings)
        on = np.zeros(len(points), bool)
        on[index] = np.abs(tried[:, 2] - fit.height_m(tried)) < max(settings.tolerance_m, 2.5 * fit.noise_m)
        share = max(float(on[close].mean()) if close.any() else 0.0, float(on.mean()))
        if share < settings.least_share or int(on.sum()) < settings.least_points:
            break
        left &= ~on
        if fit.noise_m < most_noise_m and all(_another(fit, plane, points[on], settings) for plane, _ in planes):
            planes.append((Plane(fit.slope, fit.at_origin_m, fit.noise_m, share), on))
    return planes


def _another(plane: Plane, fuller: Plane, points: Vector, settings: SupportSettings) -> bool:
    """Whether a plane through points (N, 3) is one beside a fuller one. What is cut from other things has more noise,
    and what the fuller one leaves over lies close to it."""
    apart = float(np.median(np.abs(points[:, 2] - fuller.height_m(points))))
    return apart > settings.apart_m and plane.noise_m < settings.noisier * fuller.noise_m + settings.least_noise_m


def _through(triples: Vector, settings: SupportSettings) -> tuple[Vector, Vector]:
    """Slopes (M, 2) and heights (M,) of the planes through triples (K, 3, 3) that are nearly level."""
    one, two = triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 0]
    normal = np.cross(one, two)
    length = np.linalg.norm(normal, axis=1)
    level = np.abs(normal[:, 2]) > np.cos(settings.tilt_rad) * np.maximum(length, 1e-9)
    normal, start = normal[level], triples[level, 0]
    slope = -normal[:, :2] / normal[:, 2:]
    return slope, start[:, 2] - (slope * start[:, :2]).sum(axis=1)


def _fitted(points: Vector, weight: Vector, slope: Vector, height_m: float, settings: SupportSettings) -> Plane:
    """The plane through the points near a first guess, drawn to level as far as the points leave that open."""
    noise = settings.tolerance_m / 2.5
    for _ in range(3):
        off = points[:, 2] - points[:, :2] @ slope - height_m
        on = np.abs(off) < max(settings.tolerance_m, 2.5 * noise)
        middle = np.average(points[on], axis=0, weights=weight[on])
        centred = points[on] - middle
        scaled = centred[:, :2] * weight[on, None]
        prior = settings.correlated_points * (noise / settings.level_rad) ** 2 * np.eye(2)
        slope = np.asarray(np.linalg.solve(scaled.T @ centred[:, :2] + prior, scaled.T @ centred[:, 2]), np.float64)
        height_m = float(middle[2] - middle[:2] @ slope)
        left_over = points[on, 2] - points[on, :2] @ slope - height_m
        noise = max(1.4826 * float(np.median(np.abs(left_over - np.median(left_over)))), settings.least_noise_m)
    return Plane(slope, height_m, noise, 0.0)


def _map(
    points: Vector, planes: list[tuple[Plane, NDArray[np.bool_]]], middle: Vector, settings: SupportSettings
) -> NDArray[np.int8]:
    """(N, N) index of the lower plane that was seen in each cell, where the support itself was not; else 0."""
    size = 2 * round(settings.around_m / settings.cell_m)
    lower = np.zeros((size, size), np.int8)
    cells: Any = np.floor((points[:, :2] - middle) / settings.cell_m).astype(np.intp) + size // 2
    inside = ((cells >= 0) & (cells < size)).all(axis=1)
    own = np.zeros((size, size), bool)
    for index, (_, on) in enumerate(planes):
        x, y = cells[on & inside].T
        if index == 0:
            own[x, y] = True
        else:
            here = np.zeros((size, size), bool)
            here[x, y] = True
            lower[here & ~own & (lower == 0)] = index
    return lower
