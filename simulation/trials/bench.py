"""The bench of all grasp trials: one object and a gripper without a robot, in many environments at once."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from behaviours.robots.spot.gripper_shape import PIECES, Part
from simulation.genesis.physics import new_scene
from simulation.genesis.plant import as_numpy
from simulation.scene.build import SUPPORT_FRICTION
from simulation.scene.objects import GraspObject
from simulation.trials.free_gripper import FRICTION, FreeGripper

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

SUPPORT_TOP_M: Final = 0.5
LIFTED_M: Final = 0.10
"""Rise of the object's lowest point that counts as lifted."""
MAX_SLIP_M: Final = 0.015
"""A grasp is not held if the gripped point slips further through the hand during the shake. Swinging is allowed."""


class Bench:
    """A built scene that is used for batch after batch; a context manager. Genesis must have been started.

    item: the object, on the floor or on a support. count: environments. support_half_m: half the width of the support,
    whose top is SUPPORT_TOP_M high; None for the floor alone. fixed: whether the object cannot move. parts,
    gripper_friction: of the gripper; see `FreeGripper`.
    """

    def __init__(
        self,
        item: GraspObject,
        count: int,
        *,
        support_half_m: float | None = None,
        fixed: bool = False,
        parts: Sequence[Part] = PIECES,
        gripper_friction: float | None = FRICTION,
    ) -> None:
        import genesis as gs

        self._count = count
        self._scene = new_scene()
        rough = gs.materials.Rigid(friction=SUPPORT_FRICTION)
        self._support = self._scene.add_entity(gs.morphs.Plane(), material=rough)
        top_m = 0.0
        if support_half_m is not None:
            top_m = SUPPORT_TOP_M
            size = (2 * support_half_m, 2 * support_half_m, top_m)
            box = gs.morphs.Box(size=size, pos=(0.0, 0.0, top_m / 2), fixed=True)
            self._support = self._scene.add_entity(box, material=rough)
        solid, density = item.solid()
        with tempfile.TemporaryDirectory(prefix="spot-grasp-trials-") as name:
            folder = Path(name)
            mesh = gs.morphs.Mesh(
                file=str(item.write(folder)), pos=(0.0, 0.0, top_m), fixed=fixed, file_meshes_are_zup=True, **solid
            )
            self._object = self._scene.add_entity(
                mesh, material=gs.materials.Rigid(rho=density, friction=item.friction)
            )
            self._gripper = FreeGripper(self._scene, folder, parts, gripper_friction)
            self._scene.build(n_envs=count)
        self._gripper.ready(count)
        self._corners = np.asarray(item.mesh().convex_hull.vertices)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._scene.destroy()

    def _shake(self, pinch_m: Array, rest_m: Array) -> tuple[Flags, Flags]:
        """(lifted, held), (count,) each, of objects that have been lifted; shakes them.

        pinch_m: (count, 3) world position of the hand. rest_m: (count,) height of the object's lowest point at rest.
        """
        lifted = self._lowest() - rest_m >= LIFTED_M
        gripped = np.einsum("nij,ni->nj", self._rotation(), pinch_m - self._position())
        self._gripper.shake()
        now = np.einsum("nij,nj->ni", self._rotation(), gripped) + self._position()
        slip = np.linalg.norm(now - pinch_m, axis=1)
        return lifted, lifted & (self._lowest() - rest_m >= LIFTED_M) & (slip <= MAX_SLIP_M)

    def _position(self) -> Array:
        """(count, 3) of the object, world, metres."""
        return as_numpy(self._object.get_pos())

    def _rotation(self) -> Array:
        """(count, 3, 3) world_from_object."""
        wxyz = as_numpy(self._object.get_quat())
        return np.asarray(Rotation.from_quat(wxyz[:, [1, 2, 3, 0]]).as_matrix())

    def _lowest(self) -> Array:
        """(count,) height of the object's lowest point, metres."""
        return np.asarray(self._position()[:, 2] + (self._rotation()[:, 2] @ self._corners.T).min(axis=1))
