"""What stands on the floor, as depth pictures have shown it: cells of the floor plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.geometry import Vector
from perception.types import RgbdFrame

CELL_M: Final = 0.05
"""Side of a cell. Cell (i, j) has its middle at (i, j) times this, world frame."""
LEAST_RETURNS: Final = 2
"""So many returns in one picture make an obstacle of a cell; a single one may be a fault of the sensor."""
FLOOR_M: Final = 0.05
"""Returns nearer than this to the height of the floor are of the floor."""
FARTHEST_M: Final = 1e5
"""Places further from the world's origin are left out: no robot walks there."""


def _no_cells() -> NDArray[np.int32]:
    return np.empty((0, 2), np.int32)


@dataclass(frozen=True, eq=False)
class FloorPlan:
    """Where something stands. What was never seen counts as free.

    occupied: (N, 2) int32, the cells in which something stands, sorted, each once. low_m, high_m: heights above the
    floor between which returns are obstacles; what is lower is stepped over, what is higher is walked under.
    """

    occupied: NDArray[np.int32] = field(default_factory=_no_cells)
    low_m: float = 0.1
    high_m: float = 1.2

    def seen(self, points_m: ArrayLike, above_m: ArrayLike | None = None) -> FloorPlan:
        """The plan after another look. A cell in which only the floor is seen now is free again.

        points_m: (N, 3) world, what the look has shown; of the whole look, as one picture may see the floor below a
        table and another the table. Points that are not finite are left out. above_m: (N,) their heights above the
        floor, see `ground.heights_above`; None for a floor at z = 0.
        """
        points = np.asarray(points_m, np.float64).reshape(-1, 3)
        height = points[:, 2] if above_m is None else np.asarray(above_m, np.float64)
        fit = (np.abs(points) < FARTHEST_M).all(axis=1)
        points, height = points[fit], height[fit]
        stands = _numbers_of(points[(height > self.low_m) & (height < self.high_m)])
        floor = _numbers_of(points[np.abs(height) < FLOOR_M])
        kept = np.setdiff1d(_numbers(self.occupied), floor, assume_unique=True)
        return FloorPlan(_cells(np.union1d(kept, stands)), self.low_m, self.high_m)

    def middles_m(self) -> Vector:
        """(N, 2) the middles of the occupied cells, world frame."""
        return np.asarray(self.occupied * CELL_M, np.float64)


def frame_points(frame: RgbdFrame, *, range_m: float, every: int) -> Vector:
    """(N, 3) the returns of a frame in the world. range_m: leaves out what is further along the optical axis. every:
    takes one pixel of so many in each direction."""
    depth = frame.depth[::every, ::every]
    rows, columns = np.nonzero((depth > 0.0) & (depth <= range_m))
    points = frame.intrinsics.back_project(columns * every, rows * every, depth[rows, columns])
    return frame.world_from_camera.transform(points)


def _numbers_of(points: Vector) -> NDArray[np.int64]:
    """The numbers of the cells that have at least LEAST_RETURNS of the points, sorted."""
    numbers, counts = np.unique(_numbers(np.rint(points[:, :2] / CELL_M)), return_counts=True)
    return np.asarray(numbers[counts >= LEAST_RETURNS])


def _numbers(cells: NDArray[Any]) -> NDArray[np.int64]:
    """A number for each cell, in the order of the cells; numbers are sorted much quicker than pairs."""
    pairs = cells.astype(np.int64)
    return np.asarray((pairs[:, 0] << 32) + pairs[:, 1])


def _cells(numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    """(N, 2) the cells of numbers."""
    first = (numbers + (1 << 31)) >> 32
    return np.stack([first, numbers - (first << 32)], axis=1).astype(np.int32)
