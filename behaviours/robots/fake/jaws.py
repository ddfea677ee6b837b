"""The fake robot's jaws: what they hold, and how it gets lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from behaviours.robot import GripperState
from behaviours.robots.fake.script import FakeScript
from behaviours.robots.fake.world import FakeShape, FakeWorld
from perception.geometry import Pose, Vector

FULL_GAP_M: Final = 0.157
"""Between the jaws' tips when fully open."""
REACH_IN_HAND_M: Final = 0.07
BETWEEN_TIPS_M: Final = 0.035
"""Before the hand, in the middle between the finger tips."""
PULL_OPENS: Final = 0.05
"""How far a pull opens the jaws, 0..1."""
SET_UP: Final = 0.7
"""What lay is set up once its axis rises by more than this sine."""


class FakeJaws:
    """They grip the bottles of a world. script: how often they miss or lose one.

    opening: 0..1. hand: the pose of the hand, world_from_hand.
    """

    def __init__(self, world: FakeWorld, script: FakeScript) -> None:
        self._world, self._script = world, script
        self.opening, self._torque_nm = 0.0, 0.0
        self._hand_from_held: Pose | None = None
        self._which, self._gripped = 0, world.shape(0)
        self._pulled, self._still_since_s = False, 0.0
        self._at_first = [foot.copy() for foot in world.feet()]
        self._misses = self._slips = self._drops = 0

    def state(self) -> GripperState:
        return GripperState(self.opening, self._torque_nm, self._hand_from_held is not None)

    def carry(self, hand: Pose, now_s: float, *, moving: bool) -> None:
        """What is held goes along with the hand. While nothing moves, somebody pulls at it if the script says so: the
        jaws give way a little."""
        if self._hand_from_held is None:
            return
        self._world.put(self._which, *self._held(hand))
        if moving:
            self._still_since_s = now_s
        after_s = self._script.pull_after_s
        if not self._pulled and after_s is not None and now_s - self._still_since_s >= after_s:
            self._pulled = True
            self.opening, self._torque_nm = self.opening + PULL_OPENS, self._torque_nm / 2

    def sunk_m(self, hand: Pose) -> float:
        """How far what is held would be below the top of what is under it; 0 if it is not."""
        if self._hand_from_held is None:
            return 0.0
        foot, _ = self._held(hand)
        above = self._world.feet()[self._which]
        return max(float(self._world.support_z_m(np.array([*foot[:2], above[2]])) - foot[2]), 0.0)

    def move(self, start: float, goal: float, fraction: float, torque_nm: float, hand: Pose, now_s: float) -> None:
        """A fraction 0..1 of the way from one opening to another is done."""
        self.opening = start + fraction * (goal - start)
        which = None if goal > start else self._between(hand)
        if goal > start:
            if self._hand_from_held is not None and not self._pulled:  # who pulled at it has it in the hand now
                self._world.settle(self._which)
            self._hand_from_held, self._torque_nm = None, 0.0
        elif which is not None and self.opening <= self._width(which):
            self.grip(which, torque_nm, hand, now_s)
        if fraction >= 1.0 and goal < min(start, self._width(which or 0)) and self._hand_from_held is None:
            self._misses += 1

    def _held(self, hand: Pose) -> tuple[Vector, FakeShape]:
        """(foot (3,), shape) of what is held; what lay stands while the hand holds its axis upright."""
        assert self._hand_from_held is not None
        held, shape = hand @ self._hand_from_held, self._gripped
        if shape.lying_rad is None:
            return held.position_m, shape
        axis = held.rotation @ [np.cos(shape.lying_rad), np.sin(shape.lying_rad), 0.0]
        if abs(axis[2]) < SET_UP:
            return held.position_m, shape
        middle = held.transform(np.array([0.0, 0.0, shape.radius_m]))
        return middle - [0.0, 0.0, shape.height_m / 2], replace(shape, lying_rad=None)

    def _width(self, which: int) -> float:
        """The opening at which they touch a bottle."""
        return 2 * self._world.shape(which).radius_m / FULL_GAP_M

    def grip(self, which: int, torque_nm: float, hand: Pose, now_s: float) -> None:
        """Hold a bottle; which: as in `FakeWorld.put`."""
        self.opening, self._torque_nm = self._width(which), torque_nm
        self._which, self._pulled, self._still_since_s = which, False, now_s
        self._gripped = self._world.shape(which)
        self._hand_from_held = hand.inverse() @ Pose(np.eye(3), self._world.feet()[which])

    def misses(self) -> bool:
        """Whether a pick misses, as the script says; it counts as a closing."""
        missed = self._misses < self._script.misses
        self._misses += missed
        return missed

    def slip(self) -> None:
        """What is held falls down at the end of a lift, if the script says so."""
        if self._hand_from_held is not None and self._slips < self._script.slips:
            self._slips += 1
            self.lose()

    def drop(self) -> None:
        """What is held is lost on a walk, if the script says so, and is back at its first place."""
        if self._hand_from_held is not None and self._drops < self._script.drops:
            self._drops += 1
            self.lose()
            self._world.put(self._which, self._at_first[self._which].copy())

    def lose(self) -> None:
        """What is held falls straight down onto what is below it."""
        if self._hand_from_held is not None:
            self._hand_from_held, self.opening, self._torque_nm = None, 0.0, 0.0
            self._world.settle(self._which)

    def _between(self, hand: Pose) -> int | None:
        """Which bottle the hand, as it is, would close on; None if on none."""
        if self._misses < self._script.misses:
            return None
        between = hand.transform(np.array([BETWEEN_TIPS_M, 0.0, 0.0]))
        for which, foot in enumerate(self._world.feet()):
            axis = self._world.shape(which).axis_near(foot, between)
            if axis is None:
                continue
            x, y, z = hand.inverse().transform(axis)
            if abs(x) < REACH_IN_HAND_M and abs(y) < REACH_IN_HAND_M and -0.04 < z < 0.12:
                return which
        return None
