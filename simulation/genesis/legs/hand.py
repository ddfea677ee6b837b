"""The arm against its weight, and the hand at its place in the world while the body sways."""

from __future__ import annotations

import numpy as np

from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose
from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.plant import Array
from simulation.genesis.settings import LegSettings
from simulation.robot_files.spot_model import ARM_JOINTS, GAINS

_KP = np.array([GAINS[name].kp for name in ARM_JOINTS])


class SteadyArm:
    """Sets the arm's offset: the targets stay those of the motion that moves the arm.

    It corrects what the arm's weight bends, and, with an anchor, what the body's sway does to the hand.
    """

    def __init__(self, plant: LeggedPlant, settings: LegSettings) -> None:
        self._plant, self._settings = plant, settings
        self._anchor: Pose | None = None
        self._sway, self._load = np.zeros(6), np.zeros(6)

    def hold(self, anchor: Pose | None) -> None:
        """anchor: world_from_body for which the arm's targets are meant; the hand then goes where they would put it
        from there, wherever the body is. None: they are meant for the body as it is."""
        if anchor is None and self._anchor is None:
            return
        self._anchor = anchor
        self._plant.command_arm(self._plant.arm_target() + self._sway, np.zeros(6))
        self._sway = np.zeros(6)

    def step(self, dt_s: float, torques_nm: Array) -> None:
        """Set the offset. torques_nm: (6,) that hold the arm up, see `arm_weight`."""
        plant, target, measured = self._plant, self._plant.arm_target(), self._plant.arm()
        body = plant.body()
        sway = np.zeros(6)
        if self._anchor is not None:
            wanted = body.inverse() @ self._anchor @ spot_arm.forward(target)
            sway = spot_arm.approach(wanted, target + self._sway) - target
        most = self._settings.hand_rad
        step = 0.5 * dt_s  # radians: it must not jump when an anchor comes or goes
        self._sway = self._sway + np.clip(sway - self._sway, -step, step)
        error = target + self._sway - measured
        self._load = np.clip(self._load + self._settings.hand_per_s * dt_s * error, -most, most)
        plant.arm_offset = self._sway + self._load + torques_nm / _KP
