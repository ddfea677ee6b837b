"""The room that a gripper takes up, as distances in its hand frame, and what of a scene is in it.

Convex hulls, drawn out backwards along the approach, fill a part of a grid; each cell knows how far it is from them.
Looking up some thousand points takes a fraction of a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.geometry import Vector

CELL_M: Final = 0.0025
LOW_M, HIGH_M = np.array([-0.275, -0.065, -0.085]), np.array([0.07, 0.065, 0.155])
"""The grid's corners in the hand frame: around all that can be met on the way in."""


COUNTS = tuple(len(np.arange(low, high, CELL_M)) for low, high in zip(LOW_M, HIGH_M, strict=True))
"""Cells of the grid along each axis; one more lies around it on each side."""


def cells_of(points_in_hand: ArrayLike) -> NDArray[np.intp]:
    """(...,) the cells of points (..., 3), hand frame, which are the same for every room."""
    cell = np.rint((np.asarray(points_in_hand) - (LOW_M - CELL_M)) * (1.0 / CELL_M)).astype(np.intp)
    x, y, z = (np.clip(cell[..., axis], 0, count + 1) for axis, count in enumerate(COUNTS))
    return np.asarray((x * (COUNTS[1] + 2) + y) * (COUNTS[2] + 2) + z)


class SweptRoom:
    """The room of convex hulls that come in along the hand's x.

    hulls: corners (V, 3) of each, hand frame, metres. back_m: from how far before the grasp they come.
    corners: (V, 3) of all hulls, where they stop.
    """

    def __init__(self, hulls: Sequence[Vector], back_m: float) -> None:
        from scipy.ndimage import distance_transform_edt
        from scipy.spatial import ConvexHull

        self.corners = np.concatenate(hulls)
        axes = [low + CELL_M * np.arange(count) for low, count in zip(LOW_M, COUNTS, strict=True)]
        taken = np.zeros(COUNTS, bool)
        for hull in hulls:
            swept = np.concatenate([hull, hull - [back_m, 0.0, 0.0]])
            planes = np.unique(ConvexHull(swept).equations.round(9), axis=0)
            box = tuple(
                slice(int(np.searchsorted(axis, line.min())), int(np.searchsorted(axis, line.max(), "right")))
                for axis, line in zip(axes, swept.T, strict=True)
            )
            cells = np.stack(np.meshgrid(*(a[b] for a, b in zip(axes, box, strict=True)), indexing="ij"), axis=-1)
            inside = np.ones(cells.shape[:3], bool)
            for *normal, offset in planes:
                inside &= cells @ np.array(normal) + offset <= 0.0
            taken[box] |= inside
        signed = distance_transform_edt(~taken) - distance_transform_edt(taken)
        padded = np.pad(signed * CELL_M, 1, constant_values=np.inf)
        self._distance: NDArray[np.float32] = padded.astype(np.float32).ravel()

    def at(self, cells: NDArray[np.intp]) -> NDArray[np.float32]:
        """How far each of the cells of `cells_of` is from that room, metres; negative inside of it, far beyond the
        grid."""
        return np.asarray(self._distance[cells])

    def clearance_m(self, points_in_hand: Vector) -> float:
        """How far the nearest of (N, 3) points, hand frame, is from that room, metres."""
        return float(self.at(cells_of(points_in_hand)).min(initial=np.inf))
