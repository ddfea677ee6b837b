"""The way over the floor that keeps away from what is known to stand there."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.floor.plan import FloorPlan
from perception.geometry import Vector
from perception.types import Rejection

BESIDE_M: Final = 4.0
"""So far beside the straight way a way round is looked for."""
STEP_M: Final = 0.1
"""Between neighbouring places of the search."""
LARGEST: Final = 1_000_000
"""Places of the largest floor that is searched: 10,000 square metres."""
TOLERANCE_M: Final = 0.01
"""By which a way may come nearer than allowed, between two places of the search."""
MOVES: Final = tuple((i, j, STEP_M * float(np.hypot(i, j))) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j)


@dataclass(frozen=True, eq=False)
class Walker:
    """The room that a walk needs. radius_m: of the circle round the body that stays free. least_m: a goal nearer than
    this to an obstacle is refused. slack_m: a way that is being walked may come so much nearer to what is seen later.
    """

    radius_m: float = 0.55
    least_m: float = 0.25
    slack_m: float = 0.1


def find_route(plan: FloorPlan, start_m: ArrayLike, goal_m: ArrayLike, walker: Walker) -> Vector | Rejection:
    """(K, 2) the points of a way from the start to the goal, world frame, straight from each to the next; a Rejection,
    with the reason, if there is none.

    start_m, goal_m: (2,) world. The way stays `walker.radius_m` away from the middles of the occupied cells, to within
    one and a half STEP_M. The start and the goal may be nearer; then the way is as near as they are at most, and only
    within radius_m of them.
    """
    start, goal = (np.asarray(place, np.float64) for place in (start_m, goal_m))
    low, high = np.minimum(start, goal) - BESIDE_M, np.maximum(start, goal) + BESIDE_M
    middles = plan.middles_m()
    middles = middles[((middles > low) & (middles < high)).all(axis=1)]
    way = _Way(middles, start, goal, walker.radius_m)
    if (near_m := float(way.clearance_m(goal[None])[0])) < walker.least_m:
        x, y = middles[np.argmin(np.linalg.norm(middles - goal, axis=1))]
        return Rejection(f"what stands at ({x:.2f}, {y:.2f}) m is {near_m:.2f} m from the middle of where to stand")
    if way.is_free(start, goal):
        return np.stack([start, goal])
    if not np.prod((high - low) / STEP_M) <= LARGEST:
        return Rejection(f"the way is blocked and, at {np.linalg.norm(goal - start):.0f} m, too long to plan another")
    points = way.search(low, high)
    if points is None:
        x, y = way.first_hit_m()
        return Rejection(f"what stands at ({x:.2f}, {y:.2f}) m is in the way, and there is no way round it")
    return way.shortened(points)


def is_way_free(plan: FloorPlan, points_m: ArrayLike, walker: Walker) -> bool:
    """Whether a way that was found before is still free. points_m: (K, 2) world, the rest of it, from where the robot
    is."""
    points = np.asarray(points_m, np.float64)
    way = _Way(plan.middles_m(), points[0], points[-1], walker.radius_m, walker.slack_m)
    return all(way.is_free(one, other) for one, other in itertools.pairwise(points))


class _Way:
    """A way that is looked for. middles: (N, 2) of the occupied cells. slack_m: by which it may come nearer to them."""

    def __init__(self, middles: Vector, start: Vector, goal: Vector, radius_m: float, slack_m: float = 0.0) -> None:
        self._middles, self._start, self._goal, self._radius_m = middles, start, goal, radius_m
        self._slack_m = slack_m + TOLERANCE_M
        # a step of the search that leaves the circle round an end may do so between two places
        self._close_m = radius_m + 1.5 * slack_m
        self._ends = [(end, float(self.clearance_m(end[None])[0])) for end in (start, goal)]

    def clearance_m(self, points: Vector) -> Vector:
        """(M,) from points (M, 2) to the nearest middle, at most the radius."""
        low, high = points.min(axis=0) - self._radius_m, points.max(axis=0) + self._radius_m
        near = self._middles[((self._middles > low) & (self._middles < high)).all(axis=1)]
        away = np.linalg.norm(points[:, None] - near, axis=-1)
        return np.asarray(away.min(axis=1, initial=self._radius_m))

    def _allows(self, points: Vector, clearance: Vector) -> NDArray[np.bool_]:
        """(...,) of points (..., 2) with this clearance (...,)."""
        allowed = clearance >= self._radius_m - self._slack_m
        for end, near in self._ends:
            close = np.linalg.norm(points - end, axis=-1) <= self._close_m
            allowed |= close & (clearance >= near - self._slack_m)
        return np.asarray(allowed)

    def is_free(self, one: Vector, other: Vector) -> bool:
        """Whether the straight way between two points (2,) is allowed."""
        along_m, beside_m = self._beside(one, other)
        near_m = along_m[beside_m < self._radius_m - self._slack_m]
        if not len(near_m):
            return True
        length_m = float(np.linalg.norm(other - one))
        low, high = np.clip([near_m.min() - self._radius_m, near_m.max() + self._radius_m], 0.0, length_m)
        share = np.linspace(low, high, 2 + int((high - low) / (STEP_M / 4))) / max(length_m, 1e-9)
        points = one + share[:, None] * (other - one)
        return bool(self._allows(points, self.clearance_m(points)).all())

    def _beside(self, one: Vector, other: Vector) -> tuple[Vector, Vector]:
        """(N,) how far along a straight way each middle is nearest to it, and (N,) how near, metres."""
        way = other - one
        share = np.clip((self._middles - one) @ way / max(float(way @ way), 1e-18), 0.0, 1.0)
        return share * float(np.linalg.norm(way)), np.linalg.norm(one + share[:, None] * way - self._middles, axis=1)

    def first_hit_m(self) -> Vector:
        """(2,) the middle that is first in the straight way."""
        along_m, beside_m = self._beside(self._start, self._goal)
        return np.asarray(self._middles[np.argmin(np.where(beside_m < self._radius_m, along_m, np.inf))])

    def search(self, low: Vector, high: Vector) -> Vector | None:
        """(K, 2) a way over a lattice from the start to the goal, by A*; None if there is none between the corners."""
        first = self._start - STEP_M * np.floor((self._start - low) / STEP_M)
        size = tuple(np.floor((high - first) / STEP_M).astype(int) + 1)
        places = first + STEP_M * np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), axis=-1)
        free = self._allows(places, self._lattice_clearance_m(first, size))
        left_m = np.linalg.norm(places - self._goal, axis=-1)
        begin = tuple(np.rint((self._start - first) / STEP_M).astype(int).tolist())
        best, before = {begin: 0.0}, {begin: begin}
        queue = [(float(left_m[begin]), begin)]
        done = set()
        while queue:
            _, here = heapq.heappop(queue)
            if here in done:
                continue
            done.add(here)
            if left_m[here] < 1.5 * STEP_M and self.is_free(places[here], self._goal):
                way = [self._goal, places[here]]
                while before[here] != here:
                    here = before[here]
                    way.append(places[here])
                return np.array([self._start, *way[-2::-1]])
            for i, j, length in MOVES:
                there = here[0] + i, here[1] + j
                if not (0 <= there[0] < size[0] and 0 <= there[1] < size[1] and free[there]):
                    continue
                far = best[here] + length
                if far < best.get(there, np.inf) - 1e-9:
                    best[there], before[there] = far, here
                    heapq.heappush(queue, (far + float(left_m[there]), there))
        return None

    def _lattice_clearance_m(self, first: Vector, size: tuple[int, ...]) -> Vector:
        """(W, H) the clearance of the places of a lattice. first: (2,) the place of its first corner."""
        clearance = np.full(size, self._radius_m)
        reach = int(np.ceil(self._radius_m / STEP_M))
        beside = np.arange(-reach, reach + 2)
        around = np.stack(np.meshgrid(beside, beside, indexing="ij"), axis=-1).reshape(-1, 2)
        index = np.floor((self._middles - first) / STEP_M).astype(int)[:, None] + around
        away = np.linalg.norm(first + STEP_M * index - self._middles[:, None], axis=-1)
        inside = ((index >= 0) & (index < size)).all(axis=-1)
        np.minimum.at(clearance, tuple(index[inside].T), away[inside])
        return clearance

    def shortened(self, points: Vector) -> Vector:
        """The same way without the points that can be left out."""
        kept = [points[0]]
        for here, following in itertools.pairwise(points[1:]):
            if not self.is_free(kept[-1], following):
                kept.append(here)
        return np.array([*kept, points[-1]])
