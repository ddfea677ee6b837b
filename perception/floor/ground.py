"""How high what is seen rises above the ground, which may slope, and have steps and stones."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from perception.floor.plan import FARTHEST_M
from perception.geometry import Vector

PART_M: Final = 0.2
"""Side of the parts of the floor plan whose lowest return is taken for the ground."""
STEP_M: Final = 0.1
"""The ground goes on from one part to the next if it rises or falls by less: so high a foot steps."""
NEAR_M: Final = 1.0
"""Parts so near to the feet, and near their height, are ground."""
BESIDE: Final = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))
"""From a part to its neighbours; also over one of which nothing is seen."""
LEAST_PARTS: Final = 12
"""So much ground must be seen to tell how it slopes where it is not seen; else it is taken for level."""


def heights_above(points_m: ArrayLike, feet_m: ArrayLike) -> Vector:
    """(N,) heights of points (N, 3) above the ground, metres; world frame, z up.

    feet_m: (M, 3), M > 0, where the robot's feet touch the ground. From there the ground goes on wherever a foot could
    step on; elsewhere it is the plane through what was found, and level at the height of the feet where too little was.
    Points that are not finite, or further away than FARTHEST_M, get nan.
    """
    everything, feet = np.asarray(points_m, np.float64).reshape(-1, 3), np.asarray(feet_m, np.float64)
    middle, found = feet.mean(axis=0), np.full(len(everything), np.nan)
    fit = (np.abs(everything) < FARTHEST_M).all(axis=1)
    points = everything[fit]
    if not len(points):
        return found
    numbers = np.rint((points[:, :2] - middle[:2]) / PART_M).astype(np.int64)
    parts, part_of = np.unique(numbers, axis=0, return_inverse=True)
    part_of = part_of.reshape(-1)
    low = np.full(len(parts), np.inf)
    np.minimum.at(low, part_of, points[:, 2])
    places = parts * PART_M
    slope = np.linalg.lstsq(feet[:, :2] - middle[:2], feet[:, 2] - middle[2], rcond=None)[0]
    near = np.linalg.norm(places, axis=1) < NEAR_M
    first = near & (np.abs(low - middle[2] - places @ slope) < STEP_M)
    ground = _goes_on(parts, low, first)
    under = np.full(len(parts), middle[2])
    if ground.sum() >= LEAST_PARTS:
        known = np.column_stack([places[ground], np.ones(ground.sum())])
        under = np.column_stack([places, np.ones(len(parts))]) @ np.linalg.lstsq(known, low[ground], rcond=None)[0]
    under[ground] = low[ground]
    found[fit] = points[:, 2] - under[part_of]
    return found


def _goes_on(parts: NDArray[np.int64], low: Vector, first: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(P,) which parts (P, 2) with lowest returns (P,) can be stepped to from the first ones (P,)."""
    number = {part: index for index, part in enumerate(map(tuple, parts.tolist()))}
    pairs = [
        (index, number[there])
        for (i, j), index in number.items()
        for di, dj in BESIDE
        if (there := (i + di, j + dj)) in number
    ]
    one, other = np.array(pairs, np.intp).reshape(-1, 2).T
    steps = np.abs(low[one] - low[other]) < STEP_M
    links = coo_matrix((np.ones(steps.sum()), (one[steps], other[steps])), shape=(len(parts),) * 2)
    _, piece = connected_components(links, directed=False)
    return np.asarray(np.isin(piece, np.unique(piece[first])))
