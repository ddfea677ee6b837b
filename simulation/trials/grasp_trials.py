"""Grasps tried in physics, hundreds at a time: a gripper without a robot, an object standing on a box.

In a trial the open gripper moves in along its approach, closes at the torque limit with the robot's closing speed,
lifts and shakes. Hand poses are object_from_hand: the object's base is at z = 0, its axis is z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from behaviours.robots.spot.gripper_shape import HINGE_IN_WRIST_M, JAW_OPEN_RAD, PIECES, Part
from perception.geometry import Pose
from simulation.scene.objects import GraspObject
from simulation.trials.bench import SUPPORT_TOP_M, Bench
from simulation.trials.free_gripper import LIFT_M, PRE_GRASP_M

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

SUPPORT_HALF_M = 0.07
"""Half width of the support: the distance from the object's axis to the edge on the robot's side, as in scenes."""
SUNK_M = 0.003
"""A gripper point deeper in the support than this on the way in is a collision, and the pose is not simulated."""


@dataclass(frozen=True, eq=False)
class TrialResults:
    """Outcomes of N grasps, each (N,).

    contact: after closing, the gripper touches the object and has not touched the support; arXiv 2508.17466 asks no
    more of a grasp. lifted: the object's lowest point rose by LIFTED_M. held: lifted, and still so after the shake,
    without slipping. collided_support: the gripper touched the support on the way in or while closing. opening: of the
    jaws at the end, 0..1.
    """

    contact: Flags
    lifted: Flags
    held: Flags
    collided_support: Flags
    opening: NDArray[np.float64]

    @classmethod
    def none(cls, count: int) -> Self:
        """No grasp has any outcome yet."""
        contact, lifted, held, collided = np.zeros((4, count), dtype=bool)
        return cls(contact, lifted, held, collided, np.zeros(count))

    @property
    def good(self) -> Flags:
        """(N,) lifted and held without touching the support."""
        return self.lifted & self.held & ~self.collided_support


def gripper_points(parts: Sequence[Part] = PIECES) -> Array:
    """(N, 3) corners of the gripper with its jaws open, in the hand frame, metres."""
    c, s = np.cos(JAW_OPEN_RAD), np.sin(JAW_OPEN_RAD)
    open_jaw = Pose(np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]), np.array(HINGE_IN_WRIST_M))
    clouds = [np.asarray(part.mesh().vertices) for part in parts]
    placed = [open_jaw.transform(c) if part.link == "fngr" else c for part, c in zip(parts, clouds, strict=True)]
    return np.concatenate(placed) - [HAND_FROM_WRIST_X_M, 0.0, 0.0]


def meets_support(hand_poses: Sequence[Pose], corners: Array, half_m: float = SUPPORT_HALF_M) -> Flags:
    """(N,) whether a gripper with these corners is in the support anywhere between pre-grasp and grasp."""
    collided = np.zeros(len(hand_poses), dtype=bool)
    for index, pose in enumerate(hand_poses):
        cloud = pose.transform(corners)
        for back in np.linspace(0.0, PRE_GRASP_M, 5):
            moved = cloud - back * pose.rotation[:, 0]
            inside = (np.abs(moved[:, :2]) < half_m).all(axis=1) & (moved[:, 2] < -SUNK_M)
            floor = moved[:, 2] < -SUPPORT_TOP_M
            collided[index] |= bool((inside | floor).any())
    return collided


def run_trials(
    item: GraspObject,
    hand_poses: Sequence[Pose],
    *,
    max_torque_nm: float = 3.0,
    batch: int = 256,
    parts: Sequence[Part] = PIECES,
    support_half_m: float = SUPPORT_HALF_M,
    openings: Sequence[float] | None = None,
    closing: Sequence[Pose] | None = None,
) -> TrialResults:
    """Try every hand pose (object_from_hand). Genesis must have been started with `init_genesis`.

    max_torque_nm: limit of the jaw motor. batch: poses simulated at once. parts: convex pieces of the gripper.
    support_half_m: half the width of the support. A pose whose approach passes through the support is not simulated:
    only its collided_support is true. openings: of the jaws on the way in, 0 to 1; else they are open. closing:
    where the hand moves aside to before the jaws close; else it stays.
    """
    collided = meets_support(hand_poses, gripper_points(parts), support_half_m)
    results = TrialResults.none(len(hand_poses))
    results.collided_support[:] = collided
    todo = np.flatnonzero(~collided)
    if len(todo) == 0:
        return results
    size = min(batch, len(todo))
    with _OnSupport(item, size, support_half_m=support_half_m, parts=parts) as bench:
        for start in range(0, len(todo), size):
            index = todo[start : start + size]
            padded = np.resize(index, size).tolist()
            opened = np.array([[openings[i] if openings else 1.0] for i in padded])
            ends = [closing[i] for i in padded] if closing else None
            outcome = bench.run([hand_poses[i] for i in padded], max_torque_nm, opened, ends)
            for name in (field.name for field in fields(TrialResults)):
                getattr(results, name)[index] = getattr(outcome, name)[: len(index)]
    return results


def _raised(pose: Pose, by_m: Array) -> Pose:
    return Pose(pose.rotation, pose.position_m + by_m)


class _OnSupport(Bench):
    """The object stands on a support; the gripper moves in along its approach."""

    def run(
        self, hand_poses: Sequence[Pose], max_torque_nm: float, opened: Array, closing: Sequence[Pose] | None
    ) -> TrialResults:
        """One batch, `count` poses, from a fresh start."""
        self._scene.reset()
        self._met = np.zeros(self._count, dtype=bool)
        top = np.array([0.0, 0.0, SUPPORT_TOP_M])
        ends = [_raised(pose, top) for pose in closing] if closing else None
        rest = self._lowest()
        self._gripper.reach([_raised(pose, top) for pose in hand_poses], max_torque_nm, self._watch, opened, ends)
        contact = self._gripper.touches(self._object) & ~self._met
        self._gripper.lift()
        pinch = np.array([pose.position_m for pose in closing or hand_poses]) + top + [0.0, 0.0, LIFT_M]
        lifted, held = self._shake(pinch, rest)
        return TrialResults(contact, lifted, held, self._met, self._gripper.opening())

    def _watch(self) -> None:
        self._met |= self._gripper.touches(self._support)
