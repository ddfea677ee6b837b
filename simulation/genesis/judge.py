"""Ground truth of a run, for its result only. No leaf can read it: leaves see only the robot protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from simulation.genesis.plant import GenesisPlant, link_pose
from simulation.genesis.settings import JudgeSettings
from simulation.scene.placing import Box

DEFAULTS = JudgeSettings()


@dataclass(frozen=True)
class Standing:
    """How an object stands on a box.

    distance_m: horizontal, from the middle of the object's foot to the middle of the box. upright: its axis is
    vertical, it rests on the box, and the middle of its foot is over the box.
    """

    distance_m: float
    upright: bool


def standing(
    box: Box, world_from_object: Pose, vertices_m: NDArray[np.float64], settings: JudgeSettings = DEFAULTS
) -> Standing:
    """How an object stands on a box. vertices_m: (N, 3) metres, object frame; the middle of its foot is the origin."""
    offset = world_from_object.position_m[:2] - np.asarray(box.center_m)[:2]
    c, s = np.cos(box.yaw_rad), np.sin(box.yaw_rad)
    inside = np.abs([c * offset[0] + s * offset[1], c * offset[1] - s * offset[0]]) <= np.asarray(box.half_m)[:2]
    low_m = float(world_from_object.transform(vertices_m)[:, 2].min())
    rests = abs(low_m - (box.center_m[2] + box.half_m[2])) <= settings.rests_m
    vertical = float(world_from_object.rotation[2, 2]) >= np.cos(settings.upright_rad)
    return Standing(float(np.linalg.norm(offset)), bool(inside.all() and rests and vertical))


@dataclass
class Judge:
    """Follows the target object through the run.

    target: its Genesis entity, or None. vertices_m: (N, 3) metres, object frame. place: the box to put objects on, or
    None. objects: (entity, vertices (N, 3)) of all objects; the target is the first, if there is one. held_s: how long
    the target has been lifted without a break. peak_gripper_torque_nm: greatest torque of the jaw motor so far.
    """

    target: Any | None
    vertices_m: NDArray[np.float64] | None
    place: Box | None = None
    objects: Sequence[tuple[Any, NDArray[np.float64]]] = ()
    settings: JudgeSettings = DEFAULTS
    held_s: float = field(default=0.0, init=False)
    peak_gripper_torque_nm: float = field(default=0.0, init=False)
    _rest_z_m: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Take the object's present height as the height at rest."""
        self._rest_z_m = self._lowest_m()

    def _lowest_m(self) -> float:
        if self.target is None or self.vertices_m is None:
            return 0.0
        return float(link_pose(self.target.base_link).transform(self.vertices_m)[:, 2].min())

    def lift_m(self) -> float:
        """Height of the object's lowest point above that at rest, metres."""
        return self._lowest_m() - self._rest_z_m

    def note_torque(self, plant: GenesisPlant) -> None:
        self.peak_gripper_torque_nm = max(self.peak_gripper_torque_nm, plant.jaw_torque_nm())

    def note_time(self, dt_s: float) -> None:
        self.held_s = self.held_s + dt_s if self.lift_m() >= self.settings.lifted_m else 0.0

    def report(self) -> dict[str, float]:
        """Ground truth of the run so far. placed_upright, placed_distance_m and objects_placed need a place and an
        object.
        """
        report: dict[str, float] = {
            "object_lift_m": round(self.lift_m(), 4),
            "held_s": round(self.held_s, 3),
            "peak_gripper_torque_nm": round(self.peak_gripper_torque_nm, 3),
        }
        if self.place is not None and self.objects:
            each = [
                standing(self.place, link_pose(entity.base_link), points, self.settings)
                for entity, points in self.objects
            ]
            report["placed_upright"] = each[0].upright
            report["placed_distance_m"] = round(each[0].distance_m, 4)
            report["objects_placed"] = sum(state.upright for state in each)
        return report
