"""Getting up after a fall: the arm presses the body over, and the robot lies on its belly, arm and legs folded.

Motors alone turn it, within their torque limits. What is known is what a robot feels: its joints and where down is.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from behaviours.robots.spot import arm as spot_arm
from simulation.genesis.legs.legs import Legs
from simulation.genesis.motions import Motion
from simulation.genesis.plant import Array
from simulation.genesis.profile import MIN_JERK_PEAK, min_jerk

KP, KV = 200.0, 10.0
"""Stiffness of the legs meanwhile, N·m/rad, and damping, N·m·s/rad."""
JAW_NM: Final = 3.0
"""Torque with which the jaws close, so that the hand does not press with open fingers."""
SPEED_RADPS: Final = 2.5
"""Greatest speed of a joint."""
REST_S: Final = 0.3
"""After each posture."""
TRIES: Final = 3
"""So often the body is turned over, or its legs are freed, until it counts as stuck."""
UPRIGHT_RAD: Final = 0.5
"""Least tilt at which the body does not lie on its belly."""
STUCK_RAD: Final = 0.5
"""A joint of a leg further than this from where it should be is caught under the body."""

FOLDED: Final = np.tile([0.0, 1.4, -2.7], 4)
WIDE: Final = np.array([0.35, 1.2, -2.5, -0.35, 1.2, -2.5] * 2)
SPREAD: Final = np.array([0.78, 0.6, -1.2, -0.78, 0.6, -1.2] * 2)
"""Legs (12,) folded, folded with the feet apart, and spread, which frees a leg under the body."""
STOW: Final = np.array(spot_arm.STOW)
UP: Final = np.array([0.0, -1.57, 1.57, 1.57, 0.0, -1.57])
"""Arm (6,) half folded over the back."""
LEFT: Final = np.array([True, False, True, False])
"""(4,) whether each leg is one of the left side."""

Posture = tuple[Array, Array]
"""Legs (12,) and arm (6,), radians."""


def turn_over(left_down: bool) -> list[Posture]:
    """Postures one after the other that turn a body over which lies on one side, or on its back and nearer to it.

    The arm reaches behind the back, to the side that is down, and presses the floor. The legs of that side get out of
    the way, the others reach for the floor. left_down: whether the left side is the lower one.
    """
    side, low = (1.0, LEFT) if left_down else (-1.0, ~LEFT)
    reach, caught = SPREAD.reshape(4, 3).copy(), WIDE.reshape(4, 3).copy()
    reach[low] = (-0.78 * side, 1.4, -2.7)
    caught[low, 0] = -0.2 * side

    def aside(sh1: float, el0: float) -> Array:
        return np.array([side * np.pi / 2, sh1, el0, 0.0, 0.0, 0.0])

    pressed = aside(0.1, 0.3)
    return [
        (reach.reshape(12), UP),
        (reach.reshape(12), aside(-1.8, 0.3)),
        (reach.reshape(12), pressed),
        (caught.reshape(12), pressed),
        (WIDE, aside(-1.0, 1.5)),
        (WIDE, UP),
        (WIDE, STOW),
    ]


class Righting(Motion):
    """Folds arm and legs, turns the body over if need be, and ends lying on the belly, ready to stand up.

    FAILED, with the tilt, if the body does not come over.
    """

    def __init__(self, legs: Legs) -> None:
        super().__init__()
        self._legs, self._plant = legs, legs.plant
        self._tries = 0
        self._left: list[Posture] = [(FOLDED, STOW)]
        self._at = self._plant.legs(), self._plant.arm()
        self._plant.stiffen(KP, KV)
        self._plant.arm_offset = np.zeros(6)
        self._plant.command_jaw(0.0, JAW_NM)
        self._begin()

    def _begin(self) -> None:
        self._from, self._to = self._at, self._left.pop(0)
        far = max(float(np.abs(to - start).max()) for start, to in zip(self._from, self._to, strict=True))
        self._time_s, self._lasts_s = 0.0, max(MIN_JERK_PEAK * far / SPEED_RADPS, 0.1)

    def advance(self, dt_s: float) -> None:
        self._time_s += dt_s
        share = min_jerk(self._time_s / self._lasts_s)[0]
        legs, arm = (start + share * (to - start) for start, to in zip(self._from, self._to, strict=True))
        self._at = legs, arm
        self._plant.command_legs(legs)
        self._plant.command_arm(arm, np.zeros(6))
        if self._time_s < self._lasts_s + REST_S:
            return
        if not self._left:
            self._go_on()
        if self.running and self._left:
            self._begin()

    def _go_on(self) -> None:
        """What comes after the postures so far."""
        up = self._plant.body().rotation[2]
        tilt_rad = float(np.arccos(np.clip(up[2], -1.0, 1.0)))
        upright, folded = tilt_rad < UPRIGHT_RAD, np.abs(self._plant.legs() - FOLDED).max() < STUCK_RAD
        if upright and folded:
            self._legs.rise(KP)
            self.finish()
        elif self._tries == TRIES:
            tilt = f"tilted by {np.degrees(tilt_rad):.0f} degrees"
            self.fail(f"the robot lies {tilt} and does not come {'onto its folded legs' if upright else 'over'}")
        else:
            self._tries += 1
            way = [(SPREAD, STOW)] if upright else turn_over(left_down=bool(up[1] < 0.0))
            self._left = [*way, (FOLDED, STOW)]

    def hold(self) -> None:
        self._plant.command_legs(self._plant.legs())
        self._plant.command_arm(self._plant.arm(), np.zeros(6))
