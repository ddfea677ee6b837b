"""Standing: the feet keep their places and the joints of the legs put the body where it should be."""

from __future__ import annotations

from typing import Final

import numpy as np

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, rotation_from_vector, rotation_vector
from simulation.genesis.legs.kinematics import Array, feet_of, legs_at
from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.legs.weight import leg_weight
from simulation.genesis.settings import LegSettings
from simulation.robot_files.spot_model import FOOT_RADIUS_M

FADES_S: Final = 1.0
"""In which torques that the legs had when they began to stand give way to those that are computed."""
MOST_M, MOST_RAD = 0.05, 0.08
"""Greatest correction of the body's pose."""
REACH_MPS: Final = 0.05
"""Speed of a foot that reaches down for the ground, at most by MOST_M."""
STEPS_FROM_M: Final = 0.36
"""Height of the body over the feet from which these can step."""
FEET_Y_M: Final = 0.19
"""Of the feet from the body's middle plane when a robot is put down."""


def first_legs() -> Array:
    """(12,) leg joints of a robot that stands level at its usual height."""
    feet = feet_of(np.zeros(12))
    feet[:, 0] = np.sign(feet[:, 0]) * 0.29
    feet[:, 1] = np.sign(feet[:, 1]) * FEET_Y_M
    feet[:, 2] = FOOT_RADIUS_M - SPOT.body_height_m
    return legs_at(feet)


class Stance:
    """Feet that stay where they are now. goal: world_from_body to hold; it may be set at any time.

    The joints' targets come from the places of the feet, from the weight that each leg carries, and from what the
    body's measured pose is still off its goal.

    arm_moment: (3,) of the arm as it is now, see `arm_weight`. kp_before: stiffness of the legs until now, whose
    torques fade into those that are computed; None: they had none.
    """

    def __init__(self, plant: LeggedPlant, settings: LegSettings, arm_moment: Array, kp_before: float | None) -> None:
        self._plant, self._settings = plant, settings
        self.goal = self._last_goal = plant.body()
        self._speed = np.zeros(3)
        legs = plant.legs()
        self._feet = self.goal.transform(feet_of(legs))
        self._off_m, self._off_rad = np.zeros(3), np.zeros(3)
        self._rest = np.zeros(12)
        self._reaches_m = np.full(4, MOST_M)
        self._sent: Array | None = None
        if kp_before is not None:
            held = kp_before / settings.stand_kp * (plant.leg_target() - legs)
            self._rest = legs + held - self._targets(arm_moment)
        plant.stiffen(settings.stand_kp, settings.stand_kv)

    def level(self, xy_yaw: Array) -> Pose:
        """world_from_body of a level body at x, y, yaw (3,), at its usual height over the feet."""
        x, y, yaw = xy_yaw
        return Pose.from_rpy((0.0, 0.0, yaw), (x, y, self._feet[:, 2].mean() - FOOT_RADIUS_M + SPOT.body_height_m))

    def lean(self, dt_s: float, goal: Pose) -> None:
        """Move the goal towards another one, at the speeds of the settings."""
        far = max(
            self.goal.distance_m(goal) / self._settings.lean_mps, self.goal.angle_rad(goal) / self._settings.lean_radps
        )
        self.goal = goal if far <= dt_s else self.goal.towards(goal, dt_s / far)

    def reach(self, dt_s: float, loads_n: Array) -> None:
        """Lower the feet that bear too little until they bear more. loads_n: (4,) the forces on the feet."""
        down = np.where(loads_n < self._settings.foot_n, REACH_MPS * dt_s, 0.0)
        self._feet[:, 2] -= np.minimum(down, self._reaches_m)
        self._reaches_m -= np.minimum(down, self._reaches_m)

    def pushed(self, velocity_mps: Array) -> bool:
        """Whether a body with this velocity (3,), in its frame, moves or tilts otherwise than it should: the feet
        must step.

        Never near the floor, where the policy cannot stand, nor while the body is dropped faster than it can follow.
        """
        most = self._settings.pushed_mps
        if np.linalg.norm(self._speed) > most or self.goal.position_m[2] - self._feet[:, 2].mean() < STEPS_FROM_M:
            return False
        body = self._plant.body()
        off = body.rotation @ velocity_mps - self._speed
        return bool(np.linalg.norm(off) > most or body.angle_rad(self.goal) > self._settings.tilted_rad)

    def step(self, dt_s: float, arm_moment: Array) -> None:
        """Set the legs' targets. arm_moment: (3,) of the arm as it is now, see `arm_weight`."""
        self._speed = (self.goal.position_m - self._last_goal.position_m) / dt_s
        self._last_goal = self.goal
        body = self._plant.body()
        gain = self._settings.correct_per_s * dt_s
        off_m, off_rad = self.goal.position_m - body.position_m, rotation_vector(self.goal.rotation @ body.rotation.T)
        self._off_m = np.clip(self._off_m + gain * off_m, -MOST_M, MOST_M)
        self._off_rad = np.clip(self._off_rad + gain * off_rad, -MOST_RAD, MOST_RAD)
        self._rest = self._rest * np.exp(-dt_s / FADES_S)
        before, after = self._sent, self._targets(arm_moment)
        self._sent = after
        self._plant.command_legs(after, np.zeros(12) if before is None else (after - before) / dt_s)

    def _targets(self, arm_moment: Array) -> Array:
        rotation = rotation_from_vector(self._off_rad) @ self.goal.rotation
        feet = (self._feet - self.goal.position_m - self._off_m) @ rotation
        legs = legs_at(feet)
        down = -self._plant.body().rotation[2]
        return legs + leg_weight(legs, arm_moment, down) / self._settings.stand_kp + self._rest
