"""Whether points of an object are in the gripper's way, for any opening of the jaws."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from behaviours.robots.spot.gripper_shape import HINGE_IN_WRIST_M, PIECES, Part
from perception.geometry import Pose
from perception.grasping.clearance import SweptRoom
from simulation.trials.free_gripper import PRE_GRASP_M

Array = NDArray[np.float64]

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


@lru_cache(maxsize=16)
def way_in(opened_rad: float) -> SweptRoom:
    """The room that Spot's gripper takes up on its way in, its jaws opened by an angle; kept."""
    return SweptRoom(placed_hulls(opened_rad), PRE_GRASP_M)


@lru_cache(maxsize=1)
def gaps_m() -> tuple[float, ...]:
    """Room between the jaws, metres, at each of OPENINGS_RAD: from the fixed jaw to the lowest point of the moving one
    between the palm and the fixed jaw's tip."""
    gaps = []
    for opened in OPENINGS_RAD:
        hulls = [hull for part, hull in zip(PIECES, placed_hulls(opened), strict=True) if part.link == "fngr"]
        gaps.append(min(float(hull[hull[:, 0] > -0.03, 2].min(initial=0.16)) for hull in hulls))
    fixed = -0.032
    return tuple(gap - fixed for gap in gaps)
