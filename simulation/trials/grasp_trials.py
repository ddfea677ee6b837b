"""Grasps tried in physics, hundreds at a time: a gripper without a robot, an object standing on a box.

In a trial the open gripper moves in along its approach, closes at the torque limit with the robot's closing speed,
lifts and shakes. Hand poses are object_from_hand: the object's base is at z = 0, its axis is z.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M
from behaviours.robots.spot.gripper_shape import HINGE_IN_WRIST_M, JAW_OPEN_RAD, PIECES, Part
from perception.geometry import Pose
from simulation.genesis.physics import TIME_STEP_S, rigid_options
from simulation.scene.objects import GraspObject
from simulation.trials.free_gripper import LIFT_M, PRE_GRASP_M, FreeGripper

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

SUPPORT_TOP_M = 0.5
SUPPORT_HALF_M = 0.07
"""Half width of the support: the distance from the object's axis to the edge on the robot's side, as in scenes."""
SUPPORT_FRICTION = 0.5
"""As in scenes. Genesis takes the larger friction of a pair."""
LIFTED_M = 0.10
"""Rise of the object's lowest point that counts as lifted."""
MAX_SLIP_M = 0.015
"""A grasp is not held if the gripped point slips further through the hand during the shake. Swinging is allowed."""
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
) -> TrialResults:
    """Try every hand pose (object_from_hand). Genesis must have been started with `init_genesis`.

    max_torque_nm: limit of the jaw motor. batch: poses simulated at once. parts: convex pieces of the gripper.
    support_half_m: half the width of the support. A pose
    whose approach passes through the support is not simulated: only its collided_support is true.
    """
    collided = meets_support(hand_poses, gripper_points(parts), support_half_m)
    results = _nothing(len(hand_poses))
    results.collided_support[:] = collided
    todo = np.flatnonzero(~collided)
    if len(todo) == 0:
        return results
    size = min(batch, len(todo))
    with tempfile.TemporaryDirectory(prefix="spot-grasp-trials-") as folder:
        bench = _Bench(item, size, parts, Path(folder), support_half_m)
        try:
            for start in range(0, len(todo), size):
                index = todo[start : start + size]
                padded = np.resize(index, size)
                outcome = bench.run([hand_poses[i] for i in padded.tolist()], max_torque_nm)
                for name in (field.name for field in fields(TrialResults)):
                    getattr(results, name)[index] = getattr(outcome, name)[: len(index)]
        finally:
            bench.close()
    return results


def _nothing(count: int) -> TrialResults:
    contact, lifted, held, collided = np.zeros((4, count), dtype=bool)
    return TrialResults(contact, lifted, held, collided, np.zeros(count))


class _Bench:
    """One object, one support and one gripper in `count` environments; reused for batch after batch."""

    def __init__(
        self, item: GraspObject, count: int, parts: Sequence[Part], folder: Path, support_half_m: float
    ) -> None:
        import genesis as gs

        self._count = count
        self._scene = gs.Scene(
            sim_options=gs.options.SimOptions(dt=TIME_STEP_S),
            rigid_options=rigid_options(),
            show_viewer=False,
            show_FPS=False,
        )
        self._scene.add_entity(gs.morphs.Plane(), material=gs.materials.Rigid(friction=SUPPORT_FRICTION))
        self._support = self._scene.add_entity(
            gs.morphs.Box(
                size=(2 * support_half_m, 2 * support_half_m, SUPPORT_TOP_M),
                pos=(0.0, 0.0, SUPPORT_TOP_M / 2),
                fixed=True,
            ),
            material=gs.materials.Rigid(friction=SUPPORT_FRICTION),
        )
        self._corners = np.asarray(item.mesh().convex_hull.vertices)
        solid, density = item.solid()
        self._object = self._scene.add_entity(
            gs.morphs.Mesh(
                file=str(item.write(folder)),
                pos=(0.0, 0.0, SUPPORT_TOP_M),
                file_meshes_are_zup=True,
                **solid,
            ),
            material=gs.materials.Rigid(rho=density, friction=item.friction),
        )
        self._gripper = FreeGripper(self._scene, folder, parts)
        self._scene.build(n_envs=count)
        self._gripper.ready(count)

    def close(self) -> None:
        self._scene.destroy()

    def run(self, hand_poses: Sequence[Pose], max_torque_nm: float) -> TrialResults:
        """One batch, `count` poses, from a fresh start."""
        self._scene.reset()
        self._met = np.zeros(self._count, dtype=bool)
        top = np.array([0.0, 0.0, SUPPORT_TOP_M])
        rest = self._lowest()
        self._gripper.reach([Pose(p.rotation, p.position_m + top) for p in hand_poses], max_torque_nm, self._watch)
        contact = self._gripper.touches(self._object) & ~self._met
        self._gripper.lift()
        lifted = self._lowest() - rest >= LIFTED_M
        pinch = np.array([pose.position_m for pose in hand_poses]) + top + [0.0, 0.0, LIFT_M]
        gripped = np.einsum("nij,ni->nj", self._rotation(), pinch - self._position())
        self._gripper.shake()
        now = np.einsum("nij,nj->ni", self._rotation(), gripped) + self._position()
        slip = np.linalg.norm(now - pinch, axis=1)
        held = lifted & (self._lowest() - rest >= LIFTED_M) & (slip <= MAX_SLIP_M)
        return TrialResults(contact, lifted, held, self._met, self._gripper.opening())

    def _watch(self) -> None:
        self._met |= self._gripper.touches(self._support)

    @staticmethod
    def _numpy(values: Any) -> Array:
        return np.asarray(values.detach().cpu().numpy(), dtype=np.float64)

    def _position(self) -> Array:
        return self._numpy(self._object.get_pos())

    def _rotation(self) -> Array:
        """(count, 3, 3) world_from_object."""
        wxyz = self._numpy(self._object.get_quat())
        return np.asarray(Rotation.from_quat(wxyz[:, [1, 2, 3, 0]]).as_matrix())

    def _lowest(self) -> Array:
        """(count,) height of the object's lowest point, metres."""
        return np.asarray(self._position()[:, 2] + (self._rotation()[:, 2] @ self._corners.T).min(axis=1))
