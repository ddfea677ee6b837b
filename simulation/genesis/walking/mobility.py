"""What moves the body of the simulated robot: what rails and legs have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from behaviours.robot import Outcome
from perception.geometry import Pose
from simulation.genesis.motions import Motion
from simulation.genesis.walking.straight import Straight

Array = NDArray[np.float64]


class Mobility(Protocol):
    """The body of the robot. Motions that it makes are advanced by whoever started them."""

    @property
    def stands(self) -> bool:
        """Whether the body is where its motions put it; not while the feet step."""

    @property
    def fallen(self) -> bool:
        """Whether the robot lies after a fall."""

    @property
    def feet_m(self) -> Array:
        """(N, 3) where the feet touch the ground, world frame, as the robot knows it."""

    def place(self, world_from_ground: Pose, arm: Array) -> None:
        """Put the robot at rest, standing, with arm joints (6,). The ground's frame is below the body's middle, x along
        its heading, z out of the ground."""

    def step(self, dt_s: float) -> None:
        """Called before each physics step, after the motions."""

    def walk(self, goal: Array, max_speed_mps: float, max_yaw_rate_radps: float, *, passes: bool = False) -> Straight:
        """A walk along a straight line to a goal (3,) x, y, yaw. passes: it need not come to rest there."""

    def follow(self, law: Callable[[float], tuple[Pose, Array] | Outcome]) -> Motion:
        """The body follows a law: seconds -> world_from_body and the rate (3,) of x, y, yaw in the world."""

    def anchor_hand(self, *, fixed: bool) -> None:
        """fixed: from now on the arm's targets put the hand where they would with the body as it is now, however the
        body sways, until it walks. Otherwise they move with the body."""

    def foot_forces(self) -> Mapping[str, float]:
        """Newtons along gravity by the foot's name, see `behaviours.robot.TellsFeet`; none on rails."""

    def roll_over(self) -> Motion:
        """Turn a body that lies after a fall onto its belly, arm and legs folded; it has not fallen any more then. Done
        at once if it has not fallen."""
