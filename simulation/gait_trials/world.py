"""Robots on legs, many at once: each alone in its copy of one Genesis scene, on ground of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot import arm as spot_arm
from simulation.genesis.bases import add_robot
from simulation.genesis.legs.policy import EVERY_S, GaitState, answer_for, leg_targets, observation
from simulation.genesis.legs.stance import first_legs
from simulation.genesis.physics import TIME_STEP_S, init_genesis, new_scene
from simulation.genesis.plant import as_numpy
from simulation.genesis.settings import LegSettings
from simulation.robot_files.spot_model import ARM_JOINTS, GAINS, JAW_JOINT, LEG_EFFORTS_NM, LEG_JOINTS
from simulation.scene.ground.shapes import BOX_HALF_M, BOXES, RAMP_HALF_M, Ground

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

STEPS: Final = round(EVERY_S / TIME_STEP_S)
LOWEST_M: Final = 0.25
"""A body nearer to the ground than this has fallen, and so has one tilted by more than `TILT_RAD`."""
TILT_RAD: Final = 1.0


class GaitWorld:
    """`envs` robots, moved by answers of a policy; use it as a context manager.

    Arrays have a row for each robot. device: one of `simulation.genesis.devices.DEVICES`.
    """

    def __init__(self, envs: int, *, device: str = "cpu", settings: LegSettings | None = None) -> None:
        self.envs, self._device = envs, device
        self._settings = settings or LegSettings()
        self.command = np.zeros((envs, 3))
        self.arm_target = np.tile([*spot_arm.READY, 0.0], (envs, 1))
        self.load_n = np.zeros(envs)
        self.last = np.zeros((envs, 12))

    def __enter__(self) -> Self:
        init_genesis(self._device)
        import genesis as gs

        self._folder = tempfile.TemporaryDirectory(prefix="spot-grasp-")
        self._scene = new_scene()
        self._scene.add_entity(gs.morphs.Plane())
        self._boxes = [self._solid(gs, BOX_HALF_M, index) for index in range(BOXES)]
        self._ramp = self._solid(gs, RAMP_HALF_M, BOXES)
        self._robot = add_robot(self._scene, Path(self._folder.name), legs=True, robot_file=None)
        self._scene.build(n_envs=self.envs)
        joints = {joint.name: joint for joint in self._robot.joints}
        names = (*LEG_JOINTS, *ARM_JOINTS, JAW_JOINT)
        self._dofs = [joints[name].dofs_idx_local[0] for name in names]
        self._places = [*joints["base"].qs_idx_local, *(joints[name].qs_idx_local[0] for name in names)]
        self._base_dofs = list(joints["base"].dofs_idx_local)
        self._wrist = self._robot.get_link("wr1")
        self._set_gains(names)
        return self

    def _solid(self, gs: Any, half_m: Sequence[float], index: int) -> Any:
        size = tuple(2 * half for half in half_m)
        below = (0.0, 0.0, -3.0 - index)
        return self._scene.add_entity(gs.morphs.Box(size=size, pos=below, fixed=True, visualization=False))

    def _set_gains(self, names: Sequence[str]) -> None:
        settings = self._settings
        for name, dof in zip(names, self._dofs, strict=True):
            gain, legs = GAINS[name], name in LEG_JOINTS
            effort = LEG_EFFORTS_NM[name.rpartition("_")[2]] if legs else gain.max_effort
            self._robot.set_dofs_kp([settings.walk_kp if legs else gain.kp], [dof])
            self._robot.set_dofs_kv([settings.walk_kv if legs else gain.kv], [dof])
            self._robot.set_dofs_force_range([-effort], [effort], [dof])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._scene.destroy()
        self._folder.cleanup()

    def put(self, which: NDArray[np.bool_], yaw_rad: Array, height_m: Array) -> None:
        """Put some robots at rest at the origin. yaw_rad, height_m: of each robot's body."""
        index = np.flatnonzero(which)
        if not len(index):
            return
        pose = np.zeros((len(index), 7))
        pose[:, 2] = height_m[index]
        pose[:, 3], pose[:, 6] = np.cos(yaw_rad[index] / 2), np.sin(yaw_rad[index] / 2)
        legs = np.tile(first_legs(), (len(index), 1))
        qpos = np.concatenate([pose, legs, self.arm_target[index]], axis=1)
        self._robot.set_qpos(qpos, self._places, envs_idx=index, zero_velocity=True)
        self.last[index] = answer_for(first_legs())

    def lay(self, which: NDArray[np.bool_], grounds: Sequence[Ground]) -> None:
        """Give some robots their ground; grounds: of every robot."""
        index = np.flatnonzero(which)
        if not len(index):
            return
        boxes = np.array([ground.boxes for ground in grounds])[index]
        for number, box in enumerate(self._boxes):
            box.set_pos(boxes[:, number], envs_idx=index, relative=False)
        pose = np.array([ground.ramp for ground in grounds])[index]
        self._ramp.set_pos(pose[:, :3], envs_idx=index, relative=False)
        self._ramp.set_quat(pose[:, 3:], envs_idx=index, relative=False)

    def state(self) -> tuple[Array, Array]:
        """(N, 3) places and (N, 3, 3) rotations of the bodies in the world."""
        return as_numpy(self._robot.get_pos()), _rotations(as_numpy(self._robot.get_quat()))

    def fallen(self) -> NDArray[np.bool_]:
        """Which robots have fallen, or are lost in another way; heights are above the robot's own ground level 0."""
        place, rotation = self.state()
        tilted = rotation[:, 2, 2] < np.cos(TILT_RAD)
        return np.asarray(tilted | ~np.isfinite(place).all(axis=1) | (place[:, 2] < LOWEST_M))

    def push(self, change_mps: Array) -> None:
        """Change the bodies' velocities by (N, 3) at once, world frame."""
        velocity = as_numpy(self._robot.get_dofs_velocity(self._base_dofs[:3]))
        self._robot.set_dofs_velocity(velocity + change_mps, self._base_dofs[:3])

    def told(self) -> Floats:
        """(N, 84) what the policy is told now, as `legs.policy.observation` lists it."""
        robot, (_, rotation) = self._robot, self.state()
        velocity, rates = (
            np.einsum("nji,nj->ni", rotation, as_numpy(one)) for one in (robot.get_vel(), robot.get_ang())
        )
        joints, speeds = (as_numpy(get(self._dofs)) for get in (robot.get_dofs_position, robot.get_dofs_velocity))
        state = GaitState(
            velocity, rates, -rotation[:, 2], self.command, self.arm_target, joints, speeds, self.last
        )  # fmt: skip
        return observation(state)

    def act(self, answers: Floats) -> None:
        """Let all robots follow the policy's answers (N, 12) for EVERY_S."""
        self.last = np.asarray(answers, dtype=np.float64)
        targets = np.concatenate([leg_targets(self.last), self.arm_target], axis=1)
        self._robot.control_dofs_position(targets, self._dofs)
        for _ in range(STEPS):
            if self.load_n.any():
                self._pull()
            self._scene.step()

    def _pull(self) -> None:
        force = np.zeros((self.envs, 1, 3))
        force[:, 0, 2] = -self.load_n
        self._scene.rigid_solver.apply_links_external_wrench(force, links_idx=[self._wrist.idx])


def _rotations(quaternions: Array) -> Array:
    """(N, 3, 3) of unit quaternions (N, 4), w first; not finite where those are not, as of robots that are lost."""
    w, x, y, z = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)
