"""A walk round what the robot has seen, as a real Spot walks by itself."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from behaviours.robot import CommandState
from perception.floor.route import Walker, find_route, is_way_free
from perception.geometry import wrapped_rad
from perception.types import Rejection
from simulation.genesis.motions import Motion
from simulation.genesis.plant import GenesisPlant
from simulation.genesis.walking.eyes import FloorEyes
from simulation.genesis.walking.straight import Straight

Array = NDArray[np.float64]

WALKER: Final = Walker()
LOOKS_AGAIN_M: Final = 0.5
"""Of the way between two looks."""
TURNS_M: Final = 0.05
"""A shorter walk is a turn on the spot, and needs no look."""
PLANS: Final = 10
"""So often a walk is planned anew, until it counts as blocked."""


class Steps(Protocol):
    """Makes a walk along a straight line."""

    def __call__(self, goal: Array, *, passes: bool) -> Straight: ...


class GuidedWalk(Motion):
    """Walks to a goal (3,) x, y, yaw in the world, round what the eyes have seen; straight if nothing is in the way.

    walk: makes a straight walk to a goal (3,); passes: it need not rest there. It looks when it begins and again on the
    way; when something new is in the way, it stops and plans anew. FAILED, with the reason, if there is no way.
    """

    def __init__(self, plant: GenesisPlant, eyes: FloorEyes, goal: Array, walk: Steps) -> None:
        super().__init__()
        self._plant, self._eyes, self._goal, self._walk = plant, eyes, goal, walk
        self._now: Straight | None = None
        self._left: list[Array] = []
        self._plans = 0
        self._plan()

    def _plan(self) -> None:
        """Look, and begin to walk the way there is from here."""
        here = self._plant.base()
        self._plans += 1
        self._braking, self._looked_at = False, here[:2]
        way = self._way(here[:2])
        if isinstance(way, Rejection):
            self.fail(f"blocked: {way}")
            return
        self._left = [*_with_headings(way, here[2], self._goal[2])[1:-1], self._goal]
        self._now = self._next()

    def _next(self) -> Straight:
        goal = self._left.pop(0)
        return self._walk(goal, passes=bool(self._left))

    def _way(self, here: Array) -> Array | Rejection:
        """The points to walk through."""
        goal = self._goal[:2]
        if np.linalg.norm(goal - here) <= TURNS_M:
            return np.stack([here, goal])
        self._eyes.look()
        return find_route(self._eyes.plan, here, goal, WALKER)

    def advance(self, dt_s: float) -> None:
        assert self._now is not None
        self._now.advance(dt_s)
        if self._now.running:
            self._look_again(self._now)
        elif self._now.poll().state is not CommandState.DONE:
            self._outcome = self._now.poll()
        elif self._braking:
            self._plan()
        elif self._left:
            self._now = self._next()
        else:
            self.finish()

    def _look_again(self, now: Straight) -> None:
        here = self._plant.base()[:2]
        if self._braking or np.linalg.norm(here - self._looked_at) < LOOKS_AGAIN_M:
            return
        self._looked_at = here
        self._eyes.look()
        points = np.array([here, now.goal_m, *(place[:2] for place in self._left)])
        if self._plans < PLANS and not is_way_free(self._eyes.plan, points, WALKER):
            self._braking = True
            now.brake()

    def hold(self) -> None:
        if self._now is not None:
            self._now.hold()


def _with_headings(way: Array, first_rad: float, last_rad: float) -> Array:
    """(K, 3) a way (K, 2) with headings, which turn evenly along it."""
    length = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1)))
    share = length / length[-1] if length[-1] > 0 else np.linspace(0.0, 1.0, len(way))
    return np.column_stack([way, first_rad + share * wrapped_rad(last_rad - first_rad)])
