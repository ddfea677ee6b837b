"""The Spot model on a free base: legs that carry it, and an arm that feels its weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from perception.geometry import Pose
from simulation.genesis.plant import Array, GenesisPlant, as_numpy
from simulation.genesis.settings import LegSettings
from simulation.robot_files.spot_model import ARM_JOINTS, GAINS, JAW_JOINT, LEG_EFFORTS_NM, LEG_JOINTS, Gain


class LeggedPlant(GenesisPlant):
    """As `GenesisPlant`, without base joints. `arm_offset` (6,) radians is added to the arm's targets when they are
    sent: what the arm's weight and the body's sway ask for."""

    def __init__(self, entity: Any, settings: LegSettings) -> None:
        self._settings = settings
        legs = {
            name: Gain(settings.walk_kp, settings.walk_kv, LEG_EFFORTS_NM[name.rpartition("_")[2]])
            for name in LEG_JOINTS
        }
        self._kp, self._kv = settings.walk_kp, settings.walk_kv
        self._efforts_nm = np.array([gain.max_effort for gain in legs.values()])
        super().__init__(entity, {**legs, **{name: GAINS[name] for name in (*ARM_JOINTS, JAW_JOINT)}})
        self._places = {joint.name: joint.qs_idx_local for joint in entity.joints}
        self._joints = [*self._legs, *self._arm, self._jaw]
        self.arm_offset = np.zeros(6)

    def place(self, base: Array, legs: Array, arm: Array) -> None:
        x, y, z, yaw, pitch, roll = base
        body = Pose.from_rpy((roll, pitch, yaw))
        qpos = np.zeros(self._entity.n_qs)
        qpos[self._places["base"]] = [x, y, z, *body.quaternion_wxyz]
        for name, angle in zip((*LEG_JOINTS, *ARM_JOINTS), (*legs, *arm), strict=True):
            qpos[self._places[name][0]] = angle
        self._entity.set_qpos(qpos, zero_velocity=True)
        self._target = np.concatenate([legs, arm])
        self._rate = np.zeros_like(self._target)
        self.arm_offset = np.zeros(6)
        self.command_jaw(0.0, GAINS[JAW_JOINT].max_effort)
        self._sent = None
        self.apply()

    def _targets(self) -> Array:
        sent = self._target.copy()
        sent[self._of_arm] += self.arm_offset
        return sent

    def body(self) -> Pose:
        if "pose" not in self._state:
            self._state["pose"] = super().body()
        pose: Pose = self._state["pose"]
        return pose

    def base(self) -> Array:
        body = self.body()
        return np.array([*body.position_m[:2], body.yaw_rad])

    def stiffen(self, kp: float, kv: float) -> None:
        """Set the stiffness (N·m/rad) and damping (N·m·s/rad) of the legs."""
        self._kp, self._kv = kp, kv
        self._entity.set_dofs_kp(np.full(12, kp), self._legs)
        self._entity.set_dofs_kv(np.full(12, kv), self._legs)

    def command_legs(self, angles: Array, rate: Array | None = None) -> None:
        """Targets of the leg joints (12,), radians, and their rates (12,); None: 0."""
        super().command_legs(angles)
        self._rate[self._of_legs] = 0.0 if rate is None else rate

    def leg_target(self) -> Array:
        """(12,) last targets of the leg joints, radians."""
        return self._target[self._of_legs].copy()

    def all_joints(self) -> tuple[Array, Array]:
        """(19,) measured legs, arm and jaw, radians, and their rates."""
        return self._dofs("position")[self._joints], self._dofs("velocity")[self._joints]

    def leg_torques(self) -> Array:
        """(12,) that the motors of the legs apply now, N·m: their law, since the simulator's own answer takes 2 ms."""
        off = self._target[self._of_legs] - self.legs()
        late = self._rate[self._of_legs] - self._dofs("velocity")[self._legs]
        return np.clip(self._kp * off + self._kv * late, -self._efforts_nm, self._efforts_nm)

    def arm_and_jaw_target(self) -> Array:
        """(7,) targets of arm and jaw, radians."""
        return np.append(self.arm_target(), -self._jaw_target)

    def body_velocity(self) -> tuple[Array, Array]:
        """(3,) linear velocity of the body, m/s, and (3,) its rates, rad/s, in the body frame."""
        turned = self.body().rotation.T
        return turned @ as_numpy(self._entity.get_vel()), turned @ as_numpy(self._entity.get_ang())
