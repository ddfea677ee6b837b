"""Whether points of an object are in the gripper's way: the room that it takes up while it comes in, as distances.

The hulls of the open gripper, drawn out backwards along the approach, fill a part of a grid in the hand frame; each
cell knows how far it is from them. Looking up some thousand points of an object takes a fraction of a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import ConvexHull

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from perception.geometry import Pose
from simulation.robot_files.gripper_shape import HINGE_IN_WRIST_M, PIECES, Part
from simulation.trials.free_gripper import PRE_GRASP_M

Array = NDArray[np.float64]

CELL_M: Final = 0.0025
LOW_M, HIGH_M = np.array([-0.275, -0.065, -0.085]), np.array([0.07, 0.065, 0.155])
"""The grid's corners in the hand frame: around all that can be met on the way in, from PRE_GRASP_M before it."""
OPENINGS_RAD: Final = tuple(float(np.radians(angle)) for angle in (20, 30, 40, 50, 60, 75, 90))
"""Angles of the jaws that are tried before closing, narrow first."""


def placed_hulls(opened_rad: float, parts: Sequence[Part] = PIECES) -> list[Array]:
    """Corners (V, 3) of the gripper's convex parts in the hand frame, metres, its jaws opened by an angle."""
    c, s = np.cos(-opened_rad), np.sin(-opened_rad)
    finger = Pose(np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]), np.array(HINGE_IN_WRIST_M))
    hulls = []
    for part in parts:
        corners = np.asarray(part.mesh().vertices, np.float64)
        hulls.append((finger.transform(corners) if part.link == "fngr" else corners) - [HAND_FROM_WRIST_X_M, 0, 0])
    return hulls


class WayIn:
    """The room that the gripper takes up on its way in, its jaws opened by an angle.

    corners: (V, 3) metres, hand frame, of the open gripper where it closes.
    """

    def __init__(self, opened_rad: float, parts: Sequence[Part] = PIECES) -> None:
        hulls = placed_hulls(opened_rad, parts)
        self.corners = np.concatenate(hulls)
        axes = [np.arange(low, high, CELL_M) for low, high in zip(LOW_M, HIGH_M, strict=True)]
        shape = tuple(len(axis) for axis in axes)
        taken = np.zeros(shape, bool)
        for hull in hulls:
            swept = np.concatenate([hull, hull - [PRE_GRASP_M, 0.0, 0.0]])
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
        self._distance = (signed * CELL_M).astype(np.float32)

    def clearance_m(self, points_in_hand: Array) -> float:
        """How far the nearest of (N, 3) points, hand frame, is from that room, metres; negative inside of it. What lies
        beyond the grid is far."""
        cell = ((points_in_hand - LOW_M) / CELL_M + 0.5).astype(np.intp)
        near = cell[((cell >= 0) & (cell < self._distance.shape)).all(axis=1)]
        return float(self._distance[near[:, 0], near[:, 1], near[:, 2]].min(initial=np.inf))


@lru_cache(maxsize=16)
def way_in(opened_rad: float) -> WayIn:
    """Spot's, kept."""
    return WayIn(opened_rad)


@lru_cache(maxsize=1)
def gaps_m() -> tuple[float, ...]:
    """Room between the jaws, metres, at each of OPENINGS_RAD: from the fixed jaw to the lowest point of the moving one
    between the palm and the fixed jaw's tip."""
    found = []
    for opened in OPENINGS_RAD:
        hulls = [hull for part, hull in zip(PIECES, placed_hulls(opened), strict=True) if part.link == "fngr"]
        found.append(min(float(hull[hull[:, 0] > -0.03, 2].min(initial=0.16)) for hull in hulls))
    fixed = -0.032
    return tuple(gap - fixed for gap in found)
