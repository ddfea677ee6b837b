"""The body on rails: its own joints move it, and the legs keep step without contact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from behaviours.robot import Outcome
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, wrapped_rad
from simulation.genesis.motions import Follow, Idle
from simulation.genesis.plant import GenesisPlant
from simulation.genesis.settings import SimulationSettings
from simulation.genesis.walking.gait import Trot
from simulation.genesis.walking.straight import Walk
from simulation.robot_files.spot_model import HIP_ORIGINS_M

Array = NDArray[np.float64]


class FollowBase(Follow):
    """The body follows world_from_body and the rate (3,) of x, y, yaw; the legs keep step."""

    def __init__(self, plant: GenesisPlant, trot: Trot, law: Callable[[float], tuple[Pose, Array] | Outcome]) -> None:
        super().__init__(law)
        self._plant, self._trot = plant, trot

    def _send(self, target: Pose, rate: Array, dt_s: float) -> None:
        roll, pitch, yaw = target.rpy_rad
        x, y, z = target.position_m
        self._plant.command_base(np.array([x, y, self._continued(yaw)]), np.asarray(rate, dtype=np.float64))
        self._plant.command_posture(float(z), float(pitch), float(roll))
        c, s = np.cos(yaw), np.sin(yaw)
        body_velocity = (float(c * rate[0] + s * rate[1]), float(-s * rate[0] + c * rate[1]))
        self._trot.body_height_m = float(z)
        self._plant.command_legs(self._trot.step(body_velocity, float(rate[2]), dt_s))

    def _continued(self, yaw: float) -> float:
        """The heading nearest to the measured one: the base's joint counts full turns."""
        here = float(self._plant.base()[2])
        return here + wrapped_rad(yaw - here)

    def hold(self) -> None:
        self._plant.command_base(self._plant.base(), np.zeros(3))
        self._plant.command_legs(self._trot.step((0.0, 0.0), 0.0, 0.0))


class Rails:
    """Implements `Mobility`."""

    stands, fallen = True, False

    def __init__(self, plant: GenesisPlant, settings: SimulationSettings) -> None:
        self._plant, self._settings = plant, settings
        self._trot = Trot(SPOT.body_height_m, settings.gait)

    @property
    def feet_m(self) -> Array:
        """Below the hips, on the floor."""
        place = Pose.from_rpy((0.0, 0.0, float(self._plant.base()[2])), (*self._plant.base()[:2], 0.0))
        return place.transform(np.array(HIP_ORIGINS_M) * [1.0, 1.0, 0.0])

    def place(self, world_from_ground: Pose, arm: Array) -> None:
        x, y, _ = world_from_ground.position_m
        yaw = world_from_ground.yaw_rad
        base = np.array([x, y, SPOT.body_height_m, yaw, 0.0, 0.0])
        self._plant.place(base, self._trot.step((0.0, 0.0), 0.0, 0.0), arm)

    def step(self, dt_s: float) -> None:
        """Nothing: the motions command the joints."""

    def walk(self, goal: Array, max_speed_mps: float, max_yaw_rate_radps: float, *, passes: bool = False) -> Walk:
        """It comes to rest at every goal."""
        del passes
        return Walk(self._plant, self._trot, goal, max_speed_mps, max_yaw_rate_radps, self._settings.motion)

    def follow(self, law: Callable[[float], tuple[Pose, Array] | Outcome]) -> FollowBase:
        return FollowBase(self._plant, self._trot, law)

    def anchor_hand(self, *, fixed: bool) -> None:
        """Nothing: the body does not sway."""

    def foot_forces(self) -> dict[str, float]:
        """The feet touch nothing."""
        return {}

    def roll_over(self) -> Idle:
        """It never falls."""
        return Idle()
