"""Ground for a walking robot: rubble, steps and ramps of fixed boxes, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose

Array = NDArray[np.float64]
Kind = Literal["flat", "rubble", "step", "stairs", "ramp"]

BOXES: Final = 16
BOX_HALF_M: Final = (0.15, 0.6, 0.5)
"""Half the length, breadth and height of each box; most of it is under the floor."""
RAMP_HALF_M: Final = (4.0, 1.5, 0.5)
STARTS_M: Final = 0.7
"""Free floor ahead of the robot's middle where it starts."""
PITCH_M: Final = 0.3
"""From one step of stairs to the next."""
_AWAY: Final = (0.0, 0.0, -3.0)


@dataclass(frozen=True)
class Ground:
    """boxes: (BOXES, 3) middles of the boxes, metres. ramp: (7,) place and quaternion of the ramp."""

    boxes: Array
    ramp: Array


def flat() -> Ground:
    """The floor alone."""
    boxes = np.array([(0.0, 0.0, -3.0 - number) for number in range(BOXES)])
    return Ground(boxes, np.array([0.0, 0.0, -30.0, 1.0, 0.0, 0.0, 0.0]))


def make_ground(kind: Kind, size: float, rng: np.random.Generator) -> Ground:
    """Ground ahead of a robot that walks along x from the origin.

    size: greatest height of rubble, height of a step (metres), or a ramp's angle (radians). Stairs have four steps.
    """
    boxes, ramp = flat().boxes, flat().ramp
    if kind == "rubble":
        boxes = rubble(size, rng)
    elif kind in ("step", "stairs"):
        boxes = stairs(size, 1 if kind == "step" else 4)
    elif kind == "ramp":
        along = np.array([np.cos(size), 0.0, np.sin(size)])
        out = np.array([-np.sin(size), 0.0, np.cos(size)])
        foot = np.array([STARTS_M, 0.0, 0.0])
        ramp[:3] = foot + along * RAMP_HALF_M[0] - out * RAMP_HALF_M[2]
        ramp[3:] = Pose.from_rpy((0.0, -size, 0.0)).quaternion_wxyz
    return Ground(boxes, ramp)


def rubble(highest_m: float, rng: np.random.Generator) -> Array:
    """(BOXES, 3) bars across the way at random heights, each beside its middle."""
    boxes = np.empty((BOXES, 3))
    for number in range(BOXES):
        x = STARTS_M + 0.22 * number + rng.uniform(-0.05, 0.05)
        y = rng.uniform(0.1, 0.75) * rng.choice([-1.0, 1.0])
        boxes[number] = x, y, rng.uniform(0.2, 1.0) * highest_m - BOX_HALF_M[2]
    return boxes


def stairs(step_m: float, steps: int) -> Array:
    """(BOXES, 3) steps up, one after the other, then a level top."""
    number = np.arange(BOXES)
    up = np.minimum(number + 1, steps) * step_m - BOX_HALF_M[2]
    return np.column_stack([STARTS_M + PITCH_M * (number + 0.5), np.zeros(BOXES), up])
