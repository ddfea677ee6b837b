"""The gripper without a robot: six joints that hold it in space and the jaw's, and the motions of one grasp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from perception.spot_arm import HAND_FROM_WRIST_X_M
from simulation.genesis.motions import JAW_SPEED_RADPS
from simulation.genesis.physics import TIME_STEP_S
from simulation.robot_files.gripper_shape import PIECES, Part
from simulation.robot_files.spot_model import (
    BASE_JOINTS,
    FREE_BASE_GAINS,
    GAINS,
    JAW_JOINT,
    JAW_OPEN_RAD,
    write_free_gripper,
)

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

FRICTION = 0.8
"""As on the robot; of a pair the larger counts."""
PRE_GRASP_M = 0.12
LIFT_M = 0.15
SHAKE_M, SHAKE_HZ, SHAKE_S = 0.01, 3.0, 2 / 3
"""Across the world's x and y at once: 0.5 g at the turning points."""
APPROACH_S, REST_S, SQUEEZE_S, LIFT_S = 0.6, 0.05, 0.2, 0.5
LOOK_EVERY = 4
"""Steps between two looks for contact on the way in and while closing."""


class FreeGripper:
    """Added to a gs.Scene before it is built; `ready` afterwards.

    Arrays have a row for each of the scene's environments, one row if it is not batched. The motions of a grasp are
    `reach` and `close`, `lift`, `shake`, in this order.
    """

    def __init__(self, scene: Any, folder: Path, parts: Sequence[Part] = PIECES) -> None:
        import genesis as gs

        self._scene = scene
        self._entity = scene.add_entity(
            gs.morphs.MJCF(file=str(write_free_gripper(folder, parts)), default_armature=0.1),
            material=gs.materials.Rigid(gravity_compensation=1.0, friction=FRICTION),
        )

    def ready(self, count: int = 0) -> None:
        """Set the gains. count: environments of the built scene, 0 if it is not batched."""
        self._count = count
        joints = (joint for joint in self._entity.joints if len(joint.dofs_idx_local) == 1)
        dof = {joint.name: joint.dofs_idx_local[0] for joint in joints}
        self._base, self._jaw = [dof[name] for name in BASE_JOINTS], [dof[JAW_JOINT]]
        for name, gain in {**FREE_BASE_GAINS, JAW_JOINT: GAINS[JAW_JOINT]}.items():
            self._entity.set_dofs_kp([gain.kp], [dof[name]])
            self._entity.set_dofs_kv([gain.kv], [dof[name]])
            self._entity.set_dofs_force_range([-gain.max_effort], [gain.max_effort], [dof[name]])

    def reach(self, world_from_hand: Sequence[Pose], max_torque_nm: float, watch: Callable[[], None]) -> None:
        """Stand PRE_GRASP_M before the hand poses with open jaws, go there along the approach, and close.
        watch: called every LOOK_EVERY steps."""
        wrists = [pose @ Pose(np.eye(3), np.array([-HAND_FROM_WRIST_X_M, 0.0, 0.0])) for pose in world_from_hand]
        goal = np.array([[*wrist.position_m, *wrist.rpy_rad[::-1]] for wrist in wrists])
        back = np.zeros_like(goal)
        back[:, :3] = [pose.rotation[:, 0] * PRE_GRASP_M for pose in world_from_hand]
        opened, shut = np.full((len(goal), 1), JAW_OPEN_RAD), np.zeros((len(goal), 1))
        self._entity.set_dofs_position(self._rows(np.hstack([goal - back, opened])), [*self._base, *self._jaw])
        self._entity.set_dofs_force_range([-max_torque_nm], [max_torque_nm], self._jaw)
        self._goal, self._shut = goal, shut
        self._move(APPROACH_S, lambda share: goal - back * (1.0 - _min_jerk(share)), lambda _: opened, watch)
        self._move(REST_S, lambda _: goal, lambda _: opened, watch)
        self._move(-JAW_OPEN_RAD / JAW_SPEED_RADPS, lambda _: goal, lambda share: opened * (1.0 - share), watch)
        self._move(SQUEEZE_S, lambda _: goal, lambda _: shut, watch)

    def lift(self) -> None:
        """By LIFT_M, and rest."""
        up = np.array([0, 0, LIFT_M, 0, 0, 0])
        start = self._goal
        self._move(LIFT_S, lambda share: start + up * _min_jerk(share), lambda _: self._shut)
        self._goal = start + up
        self._move(REST_S, lambda _: self._goal, lambda _: self._shut)

    def shake(self) -> None:
        """To and fro across the world's x and y, and rest."""
        across, turns = np.array([SHAKE_M, SHAKE_M, 0, 0, 0, 0]), 2 * np.pi * SHAKE_HZ * SHAKE_S
        self._move(SHAKE_S, lambda share: self._goal + across * np.sin(turns * share), lambda _: self._shut)
        self._move(REST_S, lambda _: self._goal, lambda _: self._shut)

    def park(self, position_m: tuple[float, float, float]) -> None:
        """Out of the way with open jaws, at once."""
        rest = np.array([[*position_m, 0.0, 0.0, 0.0, JAW_OPEN_RAD]]).repeat(max(1, self._count), axis=0)
        joints = [*self._base, *self._jaw]
        self._entity.set_dofs_position(self._rows(rest), joints)
        self._entity.control_dofs_position(self._rows(rest), joints)

    def touches(self, other: Any) -> Flags:
        """(count,) whether the gripper touches the entity now."""
        mask = self._entity.get_contacts(with_entity=other)["valid_mask"].detach().cpu().numpy().astype(bool)
        rows = mask.reshape(max(1, self._count), -1)
        return np.asarray(rows.any(axis=1))

    def opening(self) -> Array:
        """(count,) of the jaws, 0..1."""
        angle = self._entity.get_dofs_position(self._jaw).detach().cpu().numpy().reshape(-1)
        return np.clip(np.asarray(angle, np.float64) / JAW_OPEN_RAD, 0.0, 1.0)

    def _rows(self, values: Array) -> Array:
        return values if self._count else values[0]

    def _move(
        self,
        seconds: float,
        base: Callable[[float], Array],
        jaw: Callable[[float], Array],
        watch: Callable[[], None] | None = None,
    ) -> None:
        """Let base (share -> (count, 6)) and jaw (share -> (count, 1)) run; share goes from 0 to 1."""
        steps = round(seconds / TIME_STEP_S)
        before = base(0.0)
        for step in range(1, steps + 1):
            target = base(step / steps)
            rate = (target - before) / TIME_STEP_S
            self._entity.control_dofs_position_velocity(self._rows(target), self._rows(rate), self._base)
            self._entity.control_dofs_position(self._rows(jaw(step / steps)), self._jaw)
            before = target
            self._scene.step()
            if watch is not None and step % LOOK_EVERY == 0:
                watch()


def _min_jerk(share: float) -> float:
    return share**3 * (10.0 + share * (6.0 * share - 15.0))
