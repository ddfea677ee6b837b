"""What a robot in training goes through: ground, commands, arm, load and pushes, drawn from a seed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot import arm as spot_arm
from behaviours.robots.spot.model import SPOT
from simulation.gait_trials.world import GaitWorld
from simulation.genesis.legs.policy import EVERY_S
from simulation.scene.ground.shapes import Ground, Kind, flat, make_ground

Array = NDArray[np.float64]

EPISODE_S: Final = 8.0
COMMAND_S: Final = 2.5
"""Mean time between two commands, and between two poses of the arm."""
PUSH_S: Final = 4.0
"""Mean time between two pushes."""
PUSH_MPS: Final = 0.8
"""Greatest change of the body's speed by a push."""
MOST: Final = np.array([0.8, 0.45, 1.0])
"""Greatest command ahead, to the left (m/s) and of the turn (rad/s)."""
UPWARDS: Final = 0.7
"""Share of the commands that lead up a ramp or a step, where there is one ahead."""
GROUNDS: Final[dict[Kind, tuple[float, float]]] = {
    "flat": (0.25, 0.0),
    "rubble": (0.27, 0.1),
    "ramp": (0.13, 0.28),
    "step": (0.25, 0.12),
    "stairs": (0.1, 0.08),
}
"""Share of each kind of ground, and its greatest size; see `make_ground`."""
LOAD_N: Final = 25.0
FAR_ARMS: Final = ((0.0, -1.4, 1.6, 0.0, -0.2, 0.0), (0.0, -0.9, 1.2, 0.0, -0.3, 0.0))
"""Stretched out ahead, the second further down."""
ARM_RADPS: Final = 1.0
"""Speed of the arm's joints from one pose to the next."""


class Drill:
    """Keeps every robot of a world busy; `step` is called before each answer of the policy.

    harder: how many times as great as in `GROUNDS` the greatest sizes of rubble, steps and stairs are, and `PUSH_MPS`.
    """

    def __init__(self, world: GaitWorld, seed: int, *, harder: float = 1.0) -> None:
        self._world, self._rng, self._harder = world, np.random.default_rng([seed, 7]), harder
        self._arm = world.arm_target.copy()
        self._left_s = np.zeros(world.envs)
        self._grounds: list[Ground] = [flat()] * world.envs
        self._climbs = np.zeros(world.envs, bool)
        self.begun = np.zeros(world.envs, bool)

    def step(self) -> NDArray[np.bool_]:
        """Begin anew where a robot has fallen or its time is over; returns which have fallen. `begun`: which began."""
        world, rng = self._world, self._rng
        fallen = world.fallen() & (self._left_s > 0)
        self._left_s -= EVERY_S
        self.begun = fallen | (self._left_s <= 0)
        self._begin(self.begun)
        changes = rng.random(world.envs) < EVERY_S / COMMAND_S
        world.command[changes] = self._commands(self._climbs[changes])
        changes = rng.random(world.envs) < EVERY_S / COMMAND_S
        self._arm[changes] = self._arms(int(changes.sum()))
        most = ARM_RADPS * EVERY_S
        world.arm_target = world.arm_target + np.clip(self._arm - world.arm_target, -most, most)
        pushed = rng.random(world.envs) < EVERY_S / PUSH_S
        if pushed.any():
            push = self._harder * rng.uniform(-PUSH_MPS, PUSH_MPS, (world.envs, 3)) * pushed[:, None]
            push[:, 2] = 0.0
            world.push(push)
        return np.asarray(fallen)

    def _begin(self, which: NDArray[np.bool_]) -> None:
        world, rng = self._world, self._rng
        if not which.any():
            return
        for index in np.flatnonzero(which):
            self._grounds[index], self._climbs[index] = self._ground()
            self._left_s[index] = EPISODE_S * rng.uniform(0.5, 1.0)
        count = int(which.sum())
        world.arm_target[which] = self._arm[which] = self._arms(count)
        world.command[which] = self._commands(self._climbs[which])
        world.load_n[which] = np.where(rng.random(count) < 0.6, 0.0, rng.uniform(0.0, LOAD_N, count))
        world.lay(which, self._grounds)
        world.put(which, rng.uniform(-0.5, 0.5, world.envs), np.full(world.envs, SPOT.body_height_m))

    def _ground(self) -> tuple[Ground, bool]:
        """A ground, and whether the way ahead goes up it."""
        kind = self._rng.choice(list(GROUNDS), p=[share for share, _ in GROUNDS.values()])
        size = GROUNDS[kind][1] * (1.0 if kind == "ramp" else self._harder)
        ground = make_ground(kind, size * self._rng.uniform(0.3, 1.0), self._rng)
        return ground, kind in ("ramp", "step", "stairs")

    def _commands(self, climbs: NDArray[np.bool_]) -> Array:
        """(n, 3) commands; climbs: (n,) whether the robot has a way up ahead, which it then mostly takes."""
        rng, count = self._rng, len(climbs)
        command = rng.uniform(-1.0, 1.0, (count, 3)) * MOST
        command[:, 0] = np.where(rng.random(count) < 0.6, np.abs(command[:, 0]), 0.6 * command[:, 0])
        command *= rng.random((count, 3)) < np.array([0.75, 0.5, 0.55])
        command *= rng.random((count, 1)) < 0.85
        up = climbs & (rng.random(count) < UPWARDS)
        command[up] = np.column_stack([rng.uniform(0.25, MOST[0], count), rng.normal(0.0, 0.05, (count, 2))])[up]
        return np.asarray(command)

    def _arms(self, count: int) -> Array:
        rng = self._rng
        poses = np.array([spot_arm.STOW, spot_arm.READY, spot_arm.CARRY, *FAR_ARMS])
        arms = poses[rng.integers(len(poses), size=count)] + rng.normal(0.0, 0.25, (count, 6)) * [1, 1, 1, 0.5, 1, 1]
        arms = np.clip(arms, spot_arm.LOWER, spot_arm.UPPER)
        return np.column_stack([arms, np.where(rng.random(count) < 0.5, 0.0, rng.uniform(-1.5, 0.0, count))])
