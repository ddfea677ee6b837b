"""Objects close together on a table, a camera, and a gripper without a robot that takes them away one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from perception.geometry import Pose
from perception.types import Intrinsics
from simulation.genesis.plant import link_pose
from simulation.genesis.scene_camera import SceneCamera
from simulation.scene.build import SceneSample
from simulation.trials.free_gripper import LIFT_M, FreeGripper
from simulation.trials.grasp_trials import LIFTED_M, MAX_SLIP_M

PARKED_M = (-8.0, -8.0, 3.0)
GONE_M = (-8.0, 8.0, 0.3)
"""Where removed objects are put, a metre apart."""
REST_STEPS = 60


class PackedTable(SceneCamera):
    """A built scene as `SceneCamera`, whose objects can be gripped. left: indices of the objects on the table."""

    def __init__(self, sample: SceneSample, camera: Intrinsics) -> None:
        super().__init__(sample, camera)
        self._gripper.ready()
        self._gripper.park(PARKED_M)
        self.left = set(range(len(self.placed)))

    def _add_more(self, folder: Path) -> None:
        self._gripper = FreeGripper(self._scene, folder)

    def attempt(self, wanted: int, world_from_hand: Pose, max_torque_nm: float = 3.0) -> str:
        """Grip object `wanted` at a hand pose, lift and shake. Returns "success", "not lifted" or "lost while shaken".

        After a success the object is removed; all others stay as they lie.
        """
        rest = [self._lowest(index) for index in range(len(self.placed))]
        self._gripper.reach([world_from_hand], max_torque_nm, _nothing)
        self._gripper.lift()
        pinch = world_from_hand.position_m + np.array([0.0, 0.0, LIFT_M])
        lifted = self._lowest(wanted) - rest[wanted] >= LIFTED_M
        gripped = self.world_from_object[wanted].inverse().transform(pinch)
        self._gripper.shake()
        slip = float(np.linalg.norm(self.world_from_object[wanted].transform(gripped) - pinch))
        held = lifted and self._lowest(wanted) - rest[wanted] >= LIFTED_M and slip <= MAX_SLIP_M
        if held:
            self._take_away(wanted)
        self._gripper.park(PARKED_M)
        for _ in range(REST_STEPS):
            self._scene.step()
        return "success" if held else "lost while shaken" if lifted else "not lifted"

    def _take_away(self, index: int) -> None:
        entity: Any = self._entities[index]
        entity.set_pos(np.array([GONE_M[0], GONE_M[1] + index, GONE_M[2]]), zero_velocity=True)
        self.left.discard(index)

    def _lowest(self, index: int) -> float:
        """World z of an object's lowest point."""
        corners = self.placed[index].object.mesh().convex_hull.vertices
        return float(link_pose(self._entities[index].base_link).transform(np.asarray(corners))[:, 2].min())


def _nothing() -> None:
    """Contacts are not checked while the gripper moves in among other objects."""
