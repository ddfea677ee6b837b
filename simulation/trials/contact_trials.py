"""Grasps tried as arXiv 2508.17466 does: a fixed object on the floor, a gripper put in place, jaws closed, no lift.

A grasp succeeds if some part of the gripper touches the object and none touches the floor. The paper's numbers are
kept (0.18 m from the surface point to the wrist, 50 + 20 steps), with this project's gripper and time step.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from behaviours.robots.spot.gripper_shape import JAW_OPEN_RAD, PIECES
from perception.geometry import Pose
from perception.grasping.hand_pose import hand_rotation
from simulation.genesis.physics import TIME_STEP_S, rigid_options
from simulation.robot_files.spot_model import (
    BASE_JOINTS,
    FREE_BASE_GAINS,
    GAINS,
    JAW_JOINT,
    write_free_gripper,
)
from simulation.scene.objects import GraspObject
from simulation.trials.grasp_trials import SUPPORT_FRICTION

WRIST_TO_POINT_M = 0.18
STEPS = 50 + 20
MAX_TORQUE_NM = 3.0


def paper_hand_pose(point_m: ArrayLike, normal: ArrayLike) -> Pose:
    """object_from_hand of the paper, for a surface point (3,) and its outward normal (3,), object frame.

    The hand points along the normal, rolled until the jaws are level, with the wrist 0.18 m from the point. Unlike this
    project's rule it takes neither the object's width nor the fixed jaw into account.
    """
    rotation = hand_rotation(normal, (0.0, 0.0, 1.0))
    ahead = HAND_FROM_WRIST_X_M - WRIST_TO_POINT_M
    return Pose(rotation, np.asarray(point_m, dtype=np.float64) + ahead * rotation[:, 0])


def run_contact_trials(item: GraspObject, hand_poses: Sequence[Pose], *, batch: int = 512) -> NDArray[np.bool_]:
    """(N,) whether each hand pose (object_from_hand) succeeds as in the paper. Genesis must have been started."""
    size = min(batch, len(hand_poses))
    touched = np.zeros(len(hand_poses), dtype=bool)
    if size == 0:
        return touched
    with ContactBench(item, size) as bench:
        for start in range(0, len(hand_poses), size):
            index = np.arange(start, min(start + size, len(hand_poses)))
            touched[index] = bench.close([hand_poses[int(i)] for i in np.resize(index, size)])[: len(index)]
    return touched


class ContactBench:
    """An object fixed to the floor and a gripper, built in `count` environments and used for batch after batch.

    Genesis must have been started. Use it as a context manager.
    """

    def __init__(self, item: GraspObject, count: int) -> None:
        import genesis as gs

        self._scene = gs.Scene(
            sim_options=gs.options.SimOptions(dt=TIME_STEP_S),
            rigid_options=rigid_options(),
            show_viewer=False,
            show_FPS=False,
        )
        with tempfile.TemporaryDirectory(prefix="spot-grasp-contacts-") as name:
            folder = Path(name)
            floor = gs.materials.Rigid(friction=SUPPORT_FRICTION)
            self._floor = self._scene.add_entity(gs.morphs.Plane(), material=floor)
            mesh = gs.morphs.Mesh(
                file=str(item.write(folder)),
                fixed=True,
                file_meshes_are_zup=True,
                **item.solid()[0],
            )
            self._item = self._scene.add_entity(mesh, material=gs.materials.Rigid(friction=item.friction))
            self._gripper = self._scene.add_entity(
                gs.morphs.MJCF(file=str(write_free_gripper(folder, PIECES)), default_armature=0.1),
                material=gs.materials.Rigid(gravity_compensation=1.0),
            )
            self._scene.build(n_envs=count)
        dofs = {joint.name: joint.dofs_idx_local[0] for joint in self._gripper.joints if len(joint.dofs_idx_local) == 1}
        self._order = [*(dofs[name] for name in BASE_JOINTS), dofs[JAW_JOINT]]
        for name, gain in {**FREE_BASE_GAINS, JAW_JOINT: GAINS[JAW_JOINT]}.items():
            self._gripper.set_dofs_kp([gain.kp], [dofs[name]])
            self._gripper.set_dofs_kv([gain.kv], [dofs[name]])
            limit = MAX_TORQUE_NM if name == JAW_JOINT else gain.max_effort
            self._gripper.set_dofs_force_range([-limit], [limit], [dofs[name]])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._scene.destroy()

    def close(self, hand_poses: Sequence[Pose]) -> NDArray[np.bool_]:
        """(count,) which grippers touch the object and not the floor, after a reset, when put in place and closed."""
        self._scene.reset()
        back = Pose(np.eye(3), np.array([-HAND_FROM_WRIST_X_M, 0.0, 0.0]))
        wrists = [pose @ back for pose in hand_poses]
        goal = np.array([[*wrist.position_m, *wrist.rpy_rad[::-1], JAW_OPEN_RAD] for wrist in wrists])
        self._gripper.set_dofs_position(goal, self._order)
        goal[:, -1] = 0.0
        self._gripper.control_dofs_position(goal, self._order)
        for _ in range(STEPS):
            self._scene.step()
        count = len(hand_poses)
        return _touch(self._gripper, self._item, count) & ~_touch(self._gripper, self._floor, count)


def _touch(first: Any, second: Any, count: int) -> NDArray[np.bool_]:
    mask = first.get_contacts(with_entity=second)["valid_mask"].detach().cpu().numpy().astype(bool)
    return np.asarray(mask.any(axis=1) if mask.size else np.zeros(count, dtype=bool))
