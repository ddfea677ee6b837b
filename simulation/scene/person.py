"""A person who takes what is held out to them: one hand, felt and not seen, on the world's side of the simulation.

Nothing in a tree can reach this: a leaf notices the pull by the jaws, as on the robot, or does not notice it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

REACH_M = 0.7
"""From the hand's place, level, to what it takes."""
LEAST_HEIGHT_M = 0.5
"""Above the floor; what lies lower is not held out to anybody."""
STILL_MPS, STILL_S = 0.02, 1.0
"""What has been slower for so long is held out; what moves is not reached for."""
RISE_NPS = 25.0
"""The pull grows until the thing gives way: whoever tugs at once tears at the robot."""
STIFFNESS_NPM = 300.0
FREE_M = 0.05
"""Moved so far, a thing is out of the jaws, and all of its weight is on the hand."""
GRAVITY_MPS2 = 9.81


@dataclass(frozen=True)
class Taker:
    """A person: the place of their hand (3,), metres in the world, and their hardest pull, newtons."""

    hand_m: tuple[float, float, float]
    pull_n: float


def drawing_force(taker: Taker, mass_kg: float, place_m: Array, velocity_mps: Array, *, limit_n: float) -> Array:
    """(3,) newtons: a critically damped spring from a thing's place (3,) to the hand, at most limit_n and pull_n."""
    damping = 2.0 * np.sqrt(STIFFNESS_NPM * mass_kg)
    wanted = STIFFNESS_NPM * (np.asarray(taker.hand_m) - place_m) - damping * velocity_mps
    strength, most = float(np.linalg.norm(wanted)), min(limit_n, taker.pull_n)
    return np.asarray(wanted * (most / strength)) if strength > most else np.asarray(wanted)


@dataclass
class Pull:
    """What the person does with one thing of mass_kg, step by step: waits until it is held out, then draws it to the
    hand harder and harder, and holds it there."""

    taker: Taker
    mass_kg: float
    _still_s: float = field(default=0.0, init=False)
    _pulled_s: float = field(default=0.0, init=False)
    _from_m: Array | None = field(default=None, init=False)

    def step(self, place_m: Array, velocity_mps: Array, dt_s: float) -> Array | None:
        """(3,) newtons on the thing, whose middle is at place_m (3,), for a step of dt_s; None before it is taken."""
        if self._from_m is None:
            near = np.linalg.norm(place_m[:2] - np.asarray(self.taker.hand_m)[:2]) <= REACH_M
            still = np.linalg.norm(velocity_mps) < STILL_MPS
            self._still_s = self._still_s + dt_s if near and still and place_m[2] >= LEAST_HEIGHT_M else 0.0
            if self._still_s < STILL_S - 1e-9:
                return None
            self._from_m = place_m.copy()
        self._pulled_s += dt_s
        force = drawing_force(self.taker, self.mass_kg, place_m, velocity_mps, limit_n=RISE_NPS * self._pulled_s)
        share = min(1.0, float(np.linalg.norm(place_m - self._from_m)) / FREE_M)
        return np.asarray(force + np.array([0.0, 0.0, share * self.mass_kg * GRAVITY_MPS2]))
