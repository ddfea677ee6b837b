"""The Spot model in a Genesis scene: joint targets in, measurements out, as numpy. No other code drives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from perception.base.errors import RobotError
from perception.geometry import Pose
from simulation.robot_files.spot_model import ARM_JOINTS, BASE_JOINTS, GAINS, JAW_JOINT, LEG_JOINTS, Gain

Array = NDArray[np.float64]

LOOSE_BY_RAD, LOOSE_TORQUE_NM = 0.15, 1.0
"""Opening and torque limit of jaws that give way."""
ROUNDED_NM = 1e-3
"""More than the simulator's single precision makes of a torque."""


def as_numpy(values: Any) -> Array:
    """float64 array of a torch tensor that Genesis returned."""
    return np.asarray(values.detach().cpu().numpy(), dtype=np.float64)


def link_pose(link: Any) -> Pose:
    """world_from_link of a Genesis link."""
    return Pose.from_quaternion(as_numpy(link.get_quat()), as_numpy(link.get_pos()))


class GenesisPlant:
    """Keeps the joint targets and sends them once per step, as positions with velocity feed-forward.

    entity: the robot in a built scene. The jaw's torque limit is the force range of its joint, which the solver keeps.
    gains: of the joints by name; those of the base joints are left out of a robot that has none.
    """

    def __init__(self, entity: Any, gains: Mapping[str, Gain] = GAINS) -> None:
        self._entity = entity
        dof = {joint.name: joint.dofs_idx_local[0] for joint in entity.joints if len(joint.dofs_idx_local) == 1}
        self._base, self._legs, self._arm = (
            [dof[name] for name in names if name in gains] for names in (BASE_JOINTS, LEG_JOINTS, ARM_JOINTS)
        )
        self._jaw = dof[JAW_JOINT]
        self._driven = [*self._base, *self._legs, *self._arm]
        for name, index in dof.items():
            gain = gains[name]
            entity.set_dofs_kp([gain.kp], [index])
            entity.set_dofs_kv([gain.kv], [index])
            entity.set_dofs_force_range([-gain.max_effort], [gain.max_effort], [index])
        start = len(self._base)
        self._of_legs, self._of_arm = slice(start, start + 12), slice(start + 12, start + 18)
        self._target = np.zeros(len(self._driven))
        self._rate = np.zeros(len(self._driven))
        self._sent: tuple[bytes, float] | None = None
        self._jaw_target = 0.0
        self._jaw_torque = GAINS[JAW_JOINT].max_effort
        self._wrist = entity.get_link("wr1")
        self._body = entity.get_link("body")
        self._state: dict[str, Any] = {}

    def place(self, base: Array, legs: Array, arm: Array) -> None:
        """Put the robot at rest at base (6,) = x, y, z, yaw, pitch, roll with legs (12,) and arm (6,), jaws closed."""
        self._target = np.concatenate([base, legs, arm])
        self._entity.set_dofs_position(np.append(self._target, 0.0), [*self._driven, self._jaw])
        self._rate = np.zeros_like(self._target)
        self.command_jaw(0.0, GAINS[JAW_JOINT].max_effort)
        self._sent = None
        self.apply()

    def apply(self) -> None:
        """Send the targets that have changed: the simulator keeps them. Call before each physics step."""
        targets = self._targets()
        told = targets.tobytes() + self._rate.tobytes()
        sent_targets, sent_jaw = self._sent or (None, None)
        if told != sent_targets:
            self._entity.control_dofs_position_velocity(targets, self._rate, self._driven)
        if self._jaw_target != sent_jaw:
            self._entity.control_dofs_position([-self._jaw_target], [self._jaw])
        self._sent = told, self._jaw_target
        self._state.clear()

    def _targets(self) -> Array:
        """The targets of the driven joints as they are sent."""
        return self._target

    def _dofs(self, what: str) -> Array:
        if what not in self._state:
            values = as_numpy(getattr(self._entity, f"get_dofs_{what}")())
            if not np.isfinite(values).all():
                raise RobotError("the simulation has diverged: joint states are not finite")
            self._state[what] = values
        return np.asarray(self._state[what])

    def measured(self) -> None:
        """Discard cached measurements. Call after each physics step."""
        self._state.clear()

    def base(self) -> Array:
        """(3,) measured x, y (metres), yaw (radians) of the body, world frame."""
        return self._dofs("position")[[self._base[0], self._base[1], self._base[3]]]

    def command_base(self, xy_yaw: Array, rate: Array) -> None:
        """Targets of x, y, yaw (3,) in the world, and their rates (3,)."""
        self._target[[0, 1, 3]] = xy_yaw
        self._rate[[0, 1, 3]] = rate

    def command_posture(self, height_m: float, pitch_rad: float, roll_rad: float) -> None:
        """Targets of the height of the body's origin above the floor and of its tilt, without feed-forward."""
        self._target[[2, 4, 5]] = height_m, pitch_rad, roll_rad

    def command_legs(self, angles: Array) -> None:
        """Targets of the leg joints (12,), radians."""
        self._target[self._of_legs] = angles

    def legs(self) -> Array:
        """(12,) measured leg joints, radians."""
        return self._dofs("position")[self._legs]

    def arm(self) -> Array:
        """(6,) measured arm joints, radians."""
        return self._dofs("position")[self._arm]

    def joints(self) -> dict[str, float]:
        """The measured angles of legs, arm and jaw, radians, by their names."""
        angles = self._dofs("position")[[*self._legs, *self._arm, self._jaw]].tolist()
        return dict(zip((*LEG_JOINTS, *ARM_JOINTS, JAW_JOINT), angles, strict=True))

    def arm_target(self) -> Array:
        """(6,) last targets of the arm joints, where the next path starts."""
        return self._target[self._of_arm].copy()

    def command_arm(self, joints: Array, rate: Array) -> None:
        """Targets of the arm joints (6,), radians, and their rates (6,)."""
        self._target[self._of_arm] = joints
        self._rate[self._of_arm] = rate

    def body(self) -> Pose:
        return link_pose(self._body)

    def wrist(self) -> Pose:
        return link_pose(self._wrist)

    def hand(self) -> Pose:
        """Measured world_from_hand."""
        return self.wrist() @ Pose(np.eye(3), np.array([HAND_FROM_WRIST_X_M, 0.0, 0.0]))

    def hand_velocity(self, place_m: Array) -> tuple[Array, Array]:
        """(3,) velocity of a place that goes with the hand, m/s, and (3,) the hand's rates, rad/s; world frame."""
        rates = as_numpy(self._wrist.get_ang())
        return as_numpy(self._wrist.get_vel()) + np.cross(rates, place_m - self.wrist().position_m), rates

    def jaw(self) -> tuple[float, float]:
        """(angle from fully closed, radians >= 0; its rate)."""
        return -float(self._dofs("position")[self._jaw]), -float(self._dofs("velocity")[self._jaw])

    def command_jaw(self, angle_rad: float, max_torque_nm: float) -> None:
        """Target angle from fully closed, and the limit of the motor's torque."""
        if max_torque_nm != self._jaw_torque:
            self._entity.set_dofs_force_range([-max_torque_nm], [max_torque_nm], [self._jaw])
            self._jaw_torque = max_torque_nm
        self._jaw_target = angle_rad

    def loosen_jaw(self) -> None:
        """Open the jaws a little and weakly, so that a held object slips out, until the next command to them."""
        here, _ = self.jaw()
        self.command_jaw(min(here + LOOSE_BY_RAD, np.pi / 2), LOOSE_TORQUE_NM)

    @property
    def jaw_limit_nm(self) -> float:
        return self._jaw_torque

    @property
    def jaw_closing(self) -> bool:
        """Whether the jaws' target is further closed than their position."""
        return self._jaw_target < self.jaw()[0] - 1e-3

    def jaw_torque_nm(self) -> float:
        """Magnitude of the torque that the jaw motor applies now."""
        return abs(float(self._dofs("control_force")[self._jaw]))

    def jaw_torque_bound_nm(self) -> float:
        """At least `jaw_torque_nm`, and hardly more, from the motor's law. It takes a fifth of the time."""
        gain, (angle_rad, rate_radps) = GAINS[JAW_JOINT], self.jaw()
        wanted_nm = abs(gain.kp * (self._jaw_target - angle_rad) - gain.kv * rate_radps)
        return min(wanted_nm + ROUNDED_NM, self._jaw_torque)
