"""Grasps tried as arXiv 2508.17466 does: a fixed object on the floor, a gripper put in place, jaws closed, no lift.

A grasp succeeds if some part of the gripper touches the object and none touches the floor. The paper's numbers are
kept (0.18 m from the surface point to the wrist, 50 + 20 steps), with this project's gripper and time step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from perception.geometry import Pose
from perception.hand.hand_pose import hand_rotation
from simulation.genesis.physics import TIME_STEP_S
from simulation.scene.objects import GraspObject
from simulation.trials.bench import Bench

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


class ContactBench(Bench):
    """An object fixed to the floor, and a gripper that is put in place."""

    def __init__(self, item: GraspObject, count: int) -> None:
        super().__init__(item, count, fixed=True, gripper_friction=None)

    def close(self, hand_poses: Sequence[Pose]) -> NDArray[np.bool_]:
        """(count,) which grippers touch the object and not the floor, after a reset, when put in place and closed."""
        self._scene.reset()
        self._gripper.stand_before(hand_poses, 0.0, MAX_TORQUE_NM)
        self._gripper.squeeze(STEPS * TIME_STEP_S)
        return self._gripper.touches(self._object) & ~self._gripper.touches(self._support)
