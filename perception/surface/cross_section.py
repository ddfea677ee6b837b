"""Whether an upright object's body is a box, and where its faces are.

From above a prism looks the same at every height. So a scan is made of the body: for each bearing the horizontal range
to the near surface, the median over all rows of the commonest width. The median takes out most of the sensor's noise,
and the mask says sharply between which two bearings the body lies. Two models are fitted to the scan:

- round: a circle between these bearings, or a little wider, narrower or aside, as the depth lies beside the mask;
- box: two upright faces at a right angle that meet at an edge somewhere between the bearings, or one face alone.
  Heading and edge are searched over a grid; both families are scaled by the range, in closed form.

The body is a box only if that explains the scan clearly better, in units of the noise that is left. A round body taken
for a box is gripped from a wrong direction; a box taken for round only from a less good one.

Frame of a scan: bearings in radians, horizontal, to the right of the line of sight to the body's middle; ranges in
metres, horizontal, from the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Vector
from perception.surface.one_thread import on_one_thread
from perception.surface.registration import ObjectDepth
from perception.surface.settings import BoxSettings
from perception.surface.silhouette import Silhouette, bounds
from perception.types import RgbdFrame

Array = NDArray[np.float64]

SQUARE_ON = 0.05
"""Cosine between a face's normal and a line of sight below which the face is not seen."""


@dataclass(frozen=True, eq=False)
class Face:
    """One upright face of a box.

    normal_world: (3,) unit, outwards, horizontal. width_m: its length seen from above. middle_xy: (2,) world, metres,
    the middle of that length. range_m: horizontal distance from the camera to where the face is seen.
    """

    normal_world: Vector
    width_m: float
    middle_xy: Vector
    range_m: float


@dataclass(frozen=True, eq=False)
class Box:
    """A body with upright faces. yaw_rad: how far the left face's normal is turned left of straight back to the camera.
    edge_rad, edge_range_m: where the two faces meet. rows: the first and last of the picture that show the body."""

    scan: Scan
    yaw_rad: float
    edge_rad: float
    edge_range_m: float

    @property
    def rows(self) -> tuple[int, int]:
        return self.scan.rows

    def face_at(self, ray_world: Vector) -> Face | None:
        """The face that a ray (3,) from the camera meets; None beside the body."""
        scan = self.scan
        bearing = float(np.arctan2(ray_world @ scan.aside, ray_world @ scan.ahead))
        if not scan.left <= bearing <= scan.right:
            return None
        on_left = bearing < self.edge_rad
        yaw = self.yaw_rad if on_left else self.yaw_rad - np.pi / 2
        far = scan.left if on_left else scan.right

        def range_at(angle: float) -> float:
            return self.edge_range_m * float(np.cos(self.edge_rad - yaw) / max(np.cos(angle - yaw), SQUARE_ON))

        ends = [range_at(angle) * scan.towards(angle) for angle in (far, self.edge_rad)]
        normal = -scan.towards(yaw)
        middle = scan.origin + 0.5 * (ends[0] + ends[1])
        return Face(normal, float(np.linalg.norm(ends[0] - ends[1])), middle[:2], range_at(bearing))


@dataclass(frozen=True, eq=False)
class Scan:
    """bearing, range_m: (N,). whiten: (N, N), makes the ranges' noise independent with deviation 1. covered: share of
    the bins that have depth. left, right: bearings of the outline. rows: first and last of the body in the picture.
    ahead, aside: (3,) unit, horizontal world directions of bearing 0 and of a quarter turn right. origin: (3,) camera.
    """

    bearing: Vector
    range_m: Vector
    whiten: Array
    covered: float
    left: float
    right: float
    rows: tuple[int, int]
    ahead: Vector
    aside: Vector
    origin: Vector

    def towards(self, bearing: float) -> Vector:
        """(3,) unit, horizontal."""
        return np.asarray(np.sin(bearing) * self.aside + np.cos(bearing) * self.ahead)


@dataclass(frozen=True)
class Fit:
    """misfit: chi squared. scale_m: range that the model is scaled by. first, second: shift and half width of a circle;
    yaw and bearing of the edge of a box; radians."""

    misfit: float
    scale_m: float
    first: float
    second: float


@on_one_thread
def find_box(
    frame: RgbdFrame, mask: NDArray[np.bool_], seen: ObjectDepth, shape: Silhouette, settings: BoxSettings
) -> Box | None:
    """The box that the mask's body is; None if it is round, lies, is seen too steeply or cannot be told."""
    scan = scan_body(frame, mask, seen, shape, settings)
    if scan is None or scan.covered < settings.covered:
        return None
    box = fit_faces(scan, settings)
    if box.misfit > settings.worst * scan.range_m.size:
        return None
    gain = fit_circle(scan, settings).misfit - box.misfit
    if gain <= settings.better * (box.misfit + settings.better_plus):
        return None
    return Box(scan, box.first, box.second, box.scale_m)


def scan_body(
    frame: RgbdFrame, mask: NDArray[np.bool_], seen: ObjectDepth, shape: Silhouette, settings: BoxSettings
) -> Scan | None:
    """The scan of an upright object's body; None where it does not stand upright in the picture, is seen more than 60
    degrees from above or below, or has too little depth."""
    window = bounds(mask)
    if not shape.upright or window is None or seen.layer is None or shape.axis_uv[1] > -0.9:
        return None
    top, start = window[0].start, window[1].start
    rows, left, right = _body(mask[window], settings.same_width)
    if rows.size < 4:
        return None
    k, rotation = frame.intrinsics, frame.world_from_camera.rotation
    view = rotation @ k.back_project(start + np.median(0.5 * (left + right)), top + np.median(rows), 1.0)
    length = float(np.hypot(view[0], view[1]))
    if length < 0.5 * float(np.linalg.norm(view)):
        return None
    ahead = np.array([view[0], view[1], 0.0]) / length
    aside = np.array([ahead[1], -ahead[0], 0.0])
    axes = np.stack([aside, ahead, [0.0, 0.0, 1.0]]) @ rotation

    def rays(u: Array, v: Array) -> Array:
        """(3, N): aside, ahead and up of the points at depth 1."""
        return np.asarray(axes @ np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones(u.shape)]))

    sides = [rays(edge + start, (rows + top).astype(np.float64)) for edge in (left - 0.5, right + 0.5)]
    low, high = (float(np.median(np.arctan2(side[0], side[1]))) for side in sides)
    first, last = top + int(rows[0]), top + int(rows[-1])
    row_step, column_step = settings.row_step_px, settings.column_step_px
    body = slice(first, last + 1, row_step), slice(start, window[1].stop, column_step)
    depth = seen.depth[body]
    good = mask[body] & (depth > 0) & (np.abs(seen.level[body] - np.float32(seen.layer.middle_m)) < settings.layer_m)
    v, u = np.nonzero(good)
    if v.size < settings.min_bins * settings.min_per_bin or not low < high:
        return None
    points = rays(u * float(column_step) + start, v * float(row_step) + first) * depth[good]
    lowest, highest = np.percentile(points[2], [3.0, 97.0])
    points = points[:, (points[2] < highest - settings.top_m) & (points[2] > lowest + settings.low_m)]
    number = max(1, round((high - low) / settings.bin_rad))
    binned = _binned(points, low, high, number, settings)
    if binned is None:
        return None
    kept, median, spread = binned
    bearing = low + (kept + 0.5) * (high - low) / number
    whiten = _whitening(kept, number, max(1.0, float(np.ptp(rows)) / (settings.bin_rad * k.fy)), spread, settings)
    origin = frame.world_from_camera.position_m
    return Scan(bearing, median, whiten, kept.size / number, low, high, (first, last), ahead, aside, origin)


def _body(mask: NDArray[np.bool_], same_width: float) -> tuple[NDArray[np.intp], Array, Array]:
    """Rows (N,) of the body, those of the commonest width, and the first and last column of each: of the run about the
    mask's middle column, so that a handle behind a gap is left out."""
    rows = np.flatnonzero(mask.any(axis=1))
    middle = int(np.median(np.nonzero(mask)[1]))
    rows = rows[mask[rows, middle]]
    if not rows.size:
        return rows, np.zeros(0), np.zeros(0)
    gaps = np.pad(~mask[rows], ((0, 0), (1, 1)), constant_values=True)
    left = middle + 1 - np.argmax(gaps[:, middle::-1], axis=1)
    right = middle - 1 + np.argmax(gaps[:, middle + 1 :], axis=1)
    width = (right - left + 1).astype(np.float64)
    ordered = np.sort(width)
    count = np.searchsorted(ordered, ordered * same_width, side="right") - np.arange(width.size)
    narrowest = ordered[int(np.argmax(count))]
    keep = (width >= narrowest) & (width <= narrowest * same_width)
    return rows[keep], left[keep].astype(np.float64), right[keep].astype(np.float64)


def _binned(
    points: Array, low: float, high: float, number: int, settings: BoxSettings
) -> tuple[NDArray[np.intp], Array, float] | None:
    """(bins with enough points, their median ranges, typical deviation in a bin); None if the bins are too few."""
    index = np.floor((np.arctan2(points[0], points[1]) - low) / (high - low) * number).astype(np.intp)
    inside = (index >= 0) & (index < number)
    index, ranges = index[inside], np.hypot(points[0], points[1])[inside]
    ranges = ranges[np.lexsort((ranges, index))]
    count = np.bincount(index, minlength=number)
    kept = np.flatnonzero(count >= max(settings.min_per_bin, 0.2 * float(np.median(count))))
    if kept.size < settings.min_bins:
        return None
    first, size = (np.cumsum(count) - count)[kept], count[kept]
    median = 0.5 * (ranges[first + (size - 1) // 2] + ranges[first + size // 2])
    quarters = ranges[first + (3 * size) // 4] - ranges[first + size // 4]
    return kept, median, float(np.median(quarters)) / 1.35


def _whitening(kept: NDArray[np.intp], number: int, rows: float, spread_m: float, settings: BoxSettings) -> Array:
    """(N, N). rows: how many of the sensor's the medians are of. What the median leaves of the fixed pattern is still
    blurred along the bearing; the rest (spread_m a point, blurred over some two rows) is not."""
    apart = (kept[:, None] - kept[None, :]) / (2.0 * settings.pattern_px)
    pattern = settings.pattern_m**2 * min(1.0, 2.0 * np.sqrt(np.pi) * settings.pattern_px / rows)
    outermost = (kept == 0) | (kept == number - 1)
    second = (kept <= 1) | (kept >= number - 2)
    own = settings.floor_m**2 + 4.0 * spread_m**2 / rows + settings.edge_m**2 * (outermost + 0.25 * second)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(pattern * np.exp(-(apart**2)) + np.diag(own))))


def fit_circle(scan: Scan, settings: BoxSettings) -> Fit:
    """The best circle."""
    half, centre = 0.5 * (scan.right - scan.left), 0.5 * (scan.right + scan.left)
    limit = settings.shift_m / float(np.median(scan.range_m))
    shift, wide = (
        grid.reshape(-1, 1) for grid in np.meshgrid(np.linspace(-limit, limit, 9), half * np.array(settings.wider))
    )
    off = np.minimum(np.abs(scan.bearing - centre - shift), wide)
    model = np.cos(off) - np.sqrt(np.maximum(np.sin(wide) ** 2 - np.sin(off) ** 2, 0.0))
    return _best(scan, model, shift[:, 0], wide[:, 0])


def fit_faces(scan: Scan, settings: BoxSettings) -> Fit:
    """The best box, by a grid over all headings and edges, and a finer one about its best."""
    yaw_step, edge_step = np.pi / 2 / settings.yaw_steps, (scan.right - scan.left) / (settings.edge_steps - 1)
    best = _faces(
        scan, yaw_step * np.arange(settings.yaw_steps), np.linspace(scan.left, scan.right, settings.edge_steps)
    )
    yaw = best.first + yaw_step * np.linspace(-0.8, 0.8, 9)
    edge = np.clip(best.second + edge_step * np.linspace(-0.8, 0.8, 5), scan.left, scan.right)
    return _faces(scan, yaw, edge)


def _faces(scan: Scan, yaw: NDArray[Any], edge: NDArray[Any]) -> Fit:
    """The best box of a grid: range over range at the edge. A face with a share of the outline must be seen all along
    it; one without may look anywhere."""
    squarely = np.cos(scan.bearing - yaw[:, None]), np.sin(yaw[:, None] - scan.bearing)  # rays on the left, right face
    at_edge = np.cos(edge - yaw[:, None]), np.sin(yaw[:, None] - edge)
    outer = np.cos(scan.left - yaw[:, None]), np.sin(yaw[:, None] - scan.right)
    shares = edge > scan.left + 1e-9, edge < scan.right - 1e-9
    left, right = (
        at[:, :, None] / np.maximum(ray, SQUARE_ON)[:, None] for at, ray in zip(at_edge, squarely, strict=True)
    )
    model = np.where(scan.bearing < edge[:, None], left, right)
    possible = np.ones(model.shape[:2], bool)
    for at, out, share in zip(at_edge, outer, shares, strict=True):
        possible &= ~share | (np.minimum(at, out) >= SQUARE_ON)
    i, j = np.nonzero(possible)
    return _best(scan, model[i, j], yaw[i], edge[j])


def _best(scan: Scan, model: Array, first: Vector, second: Vector) -> Fit:
    """Of models (M, N), each scaled as fits best, the one that fits best."""
    white, ranges = model @ scan.whiten.T, scan.whiten @ scan.range_m
    power = np.einsum("ij,ij->i", white, white)
    scale = (white @ ranges) / power
    misfit = np.maximum(float(ranges @ ranges) - scale**2 * power, 0.0)
    i = int(np.argmin(misfit))
    return Fit(float(misfit[i]), float(scale[i]), float(first[i]), float(second[i]))
