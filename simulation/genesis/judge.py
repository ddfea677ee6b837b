"""Ground truth for judging a run from outside. Nothing in the tree can reach it: leaves see only the robot protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from simulation.genesis.plant import GenesisPlant, link_pose
from simulation.scene.build import Box

LIFTED_M = 0.10
UPRIGHT_RAD = float(np.radians(10.0))
RESTS_M = 0.01
"""An object stands on a box if its lowest point is at most this far from the box's top."""


@dataclass(frozen=True)
class Standing:
    """How an object stands on a box. distance_m: of its foot's middle from the middle of the box's top, level.
    upright: its axis is vertical, it rests on the top, and its foot's middle is over it."""

    distance_m: float
    upright: bool


def standing(box: Box, world_from_object: Pose, vertices_m: NDArray[np.float64]) -> Standing:
    """How an object stands on a box. vertices_m: (N, 3) metres in the object's frame, whose foot is at its origin."""
    offset = world_from_object.position_m[:2] - np.asarray(box.center_m)[:2]
    c, s = np.cos(box.yaw_rad), np.sin(box.yaw_rad)
    inside = np.abs([c * offset[0] + s * offset[1], c * offset[1] - s * offset[0]]) <= np.asarray(box.half_m)[:2]
    low_m = float(world_from_object.transform(vertices_m)[:, 2].min())
    rests = abs(low_m - (box.center_m[2] + box.half_m[2])) <= RESTS_M
    vertical = float(world_from_object.rotation[2, 2]) >= np.cos(UPRIGHT_RAD)
    return Standing(float(np.linalg.norm(offset)), bool(inside.all() and rests and vertical))


@dataclass
class Judge:
    """Follows the target object through the run.

    lift_m: height of the object's lowest point above where it was at rest at the start, now. held_s: how long, up to
    now, it has been at least LIFTED_M up without a break. peak_gripper_torque_nm: the most the jaw motor has applied.
    place: the box to put things on, or None. objects: each with its vertices (N, 3); the target is the first, if any.
    """

    target: Any | None
    vertices_m: NDArray[np.float64] | None
    place: Box | None = None
    objects: Sequence[tuple[Any, NDArray[np.float64]]] = ()
    held_s: float = field(default=0.0, init=False)
    peak_gripper_torque_nm: float = field(default=0.0, init=False)
    _rest_z_m: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Take the present place of the object as at rest."""
        self._rest_z_m = self._lowest_m()

    def _lowest_m(self) -> float:
        if self.target is None or self.vertices_m is None:
            return 0.0
        return float(link_pose(self.target.base_link).transform(self.vertices_m)[:, 2].min())

    def lift_m(self) -> float:
        return self._lowest_m() - self._rest_z_m

    def note_torque(self, plant: GenesisPlant) -> None:
        self.peak_gripper_torque_nm = max(self.peak_gripper_torque_nm, plant.jaw_torque_nm())

    def note_time(self, dt_s: float) -> None:
        self.held_s = self.held_s + dt_s if self.lift_m() >= LIFTED_M else 0.0

    def report(self) -> dict[str, float]:
        """What is known now; the last three only in a scene with a place and an object."""
        known: dict[str, float] = {
            "object_lift_m": round(self.lift_m(), 4),
            "held_s": round(self.held_s, 3),
            "peak_gripper_torque_nm": round(self.peak_gripper_torque_nm, 3),
        }
        if self.place is not None and self.objects:
            each = [standing(self.place, link_pose(entity.base_link), points) for entity, points in self.objects]
            known["placed_upright"] = each[0].upright
            known["placed_distance_m"] = round(each[0].distance_m, 4)
            known["objects_placed"] = sum(one.upright for one in each)
        return known
