"""A person who takes a held-out object: the force of an invisible hand.

No leaf can read this. As on the robot, a leaf can notice the pull only at the jaws.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

REACH_M = 0.7
"""Greatest horizontal distance from the hand to an object that it takes."""
LEAST_HEIGHT_M = 0.5
"""An object lower than this above the floor is not held out."""
STILL_MPS, STILL_S = 0.02, 1.0
"""An object slower than this for so long is held out."""
RISE_NPS = 25.0
"""Growth of the pull, newtons per second."""
STIFFNESS_NPM = 300.0
"""Of the spring that draws the object to the hand."""
FREE_M = 0.05
"""An object moved this far is out of the jaws, and the hand carries all of its weight."""
GRAVITY_MPS2 = 9.81


@dataclass(frozen=True)
class Taker:
    """A person. hand_m: (3,) place of the hand, world frame. pull_n: greatest pull. floor_m: height of the floor below
    it."""

    hand_m: tuple[float, float, float]
    pull_n: float
    floor_m: float = 0.0


def drawing_force(taker: Taker, mass_kg: float, place_m: Array, velocity_mps: Array, *, limit_n: float) -> Array:
    """(3,) newtons of a critically damped spring from a place (3,) to the hand, at most limit_n and pull_n."""
    damping = 2.0 * np.sqrt(STIFFNESS_NPM * mass_kg)
    pull = STIFFNESS_NPM * (np.asarray(taker.hand_m) - place_m) - damping * velocity_mps
    strength, most = float(np.linalg.norm(pull)), min(limit_n, taker.pull_n)
    return np.asarray(pull * (most / strength)) if strength > most else np.asarray(pull)


@dataclass
class Pull:
    """The pull on one object, step by step: none until it is held out, then growing, towards the hand."""

    taker: Taker
    mass_kg: float
    _still_s: float = field(default=0.0, init=False)
    _pulled_s: float = field(default=0.0, init=False)
    _from_m: Array | None = field(default=None, init=False)

    def step(self, place_m: Array, velocity_mps: Array, dt_s: float) -> Array | None:
        """(3,) newtons for a step of dt_s on the object, whose middle is at place_m (3,); None before it is taken."""
        if self._from_m is None:
            near = np.linalg.norm(place_m[:2] - np.asarray(self.taker.hand_m)[:2]) <= REACH_M
            still = np.linalg.norm(velocity_mps) < STILL_MPS
            high = place_m[2] - self.taker.floor_m >= LEAST_HEIGHT_M
            self._still_s = self._still_s + dt_s if near and still and high else 0.0
            if self._still_s < STILL_S - 1e-9:
                return None
            self._from_m = place_m.copy()
        self._pulled_s += dt_s
        force = drawing_force(self.taker, self.mass_kg, place_m, velocity_mps, limit_n=RISE_NPS * self._pulled_s)
        share = min(1.0, float(np.linalg.norm(place_m - self._from_m)) / FREE_M)
        return np.asarray(force + np.array([0.0, 0.0, share * self.mass_kg * GRAVITY_MPS2]))
