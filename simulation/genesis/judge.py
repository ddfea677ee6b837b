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
    vertical, it rests on the box, and the middle of its foot is over the box. there: it is over the box, however it
    lies, on it or on what else lies there.
    """

    distance_m: float
    upright: bool
    there: bool


def standing(
    box: Box, world_from_object: Pose, vertices_m: NDArray[np.float64], settings: JudgeSettings = DEFAULTS
) -> Standing:
    """How an object stands on a box. vertices_m: (N, 3) metres, object frame; the middle of its foot is the origin."""
    foot, points = world_from_object.position_m[:2], world_from_object.transform(vertices_m)
    middle = 0.5 * (points[:, :2].min(axis=0) + points[:, :2].max(axis=0))
    inside, within = ((np.abs(box.inside(xy)) <= np.asarray(box.half_m)[:2]).all() for xy in (foot, middle))
    above_m = float(points[:, 2].min()) - (box.center_m[2] + box.half_m[2])
    vertical = float(world_from_object.rotation[2, 2]) >= np.cos(settings.upright_rad)
    distance_m = float(np.linalg.norm(foot - np.asarray(box.center_m)[:2]))
    upright = bool(inside and abs(above_m) <= settings.rests_m and vertical)
    return Standing(distance_m, upright, bool(within and -settings.rests_m <= above_m <= settings.on_others_m))


@dataclass
class Judge:
    """Follows the target object through the run.

    target: its Genesis entity, or None. place: the box to put objects on, or None. objects: (entity, vertices (N, 3) in
    metres, object frame) of all objects; the target is the first, if there is one. held_s: how long
    the target has been lifted without a break. peak_gripper_torque_nm: greatest torque of the jaw motor so far.
    """

    target: Any | None
    place: Box | None = None
    objects: Sequence[tuple[Any, NDArray[np.float64]]] = ()
    settings: JudgeSettings = DEFAULTS
    held_s: float = field(default=0.0, init=False)
    peak_gripper_torque_nm: float = field(default=0.0, init=False)
    _rest_z_m: list[float] = field(default_factory=list, init=False)

    def start(self) -> None:
        """Take the objects' present heights as those at rest."""
        self._rest_z_m = [_lowest_m(entity, points) for entity, points in self.objects]

    def lift_m(self) -> float:
        """Height of the target's lowest point above that at rest, metres; 0 without a target."""
        return self._lifts_m(self.objects[:1])[0] if self.target is not None else 0.0

    def _lifts_m(self, objects: Sequence[tuple[Any, NDArray[np.float64]]]) -> list[float]:
        """Of the first objects, or of all; 0 before the start."""
        now = [_lowest_m(entity, points) for entity, points in objects]
        return [z - rest for z, rest in zip(now, self._rest_z_m or now, strict=False)]

    def note_torque(self, plant: GenesisPlant) -> None:
        """Keep the greatest torque. Call after each physics step."""
        if plant.jaw_torque_bound_nm() > self.peak_gripper_torque_nm:
            self.peak_gripper_torque_nm = max(self.peak_gripper_torque_nm, plant.jaw_torque_nm())

    def note_time(self, dt_s: float) -> None:
        self.held_s = self.held_s + dt_s if self.lift_m() >= self.settings.lifted_m else 0.0

    def report(self) -> dict[str, float]:
        """Ground truth of the run so far. placed_upright, placed_distance_m, objects_placed and objects_there need a
        place and an object.
        """
        report: dict[str, float] = {
            "object_lift_m": round(self.lift_m(), 4),
            "held_s": round(self.held_s, 3),
            "peak_gripper_torque_nm": round(self.peak_gripper_torque_nm, 3),
            "objects_lifted": sum(lift >= self.settings.lifted_m for lift in self._lifts_m(self.objects)),
        }
        if self.place is not None and self.objects:
            each = [
                standing(self.place, link_pose(entity.base_link), points, self.settings)
                for entity, points in self.objects
            ]
            report["placed_upright"] = each[0].upright
            report["placed_distance_m"] = round(each[0].distance_m, 4)
            report["objects_placed"] = sum(state.upright for state in each)
            report["objects_there"] = sum(state.there for state in each)
        return report


def _lowest_m(entity: Any, points: NDArray[np.float64]) -> float:
    """World z of an entity's lowest point, metres."""
    pose = link_pose(entity.base_link)
    return float((points @ pose.rotation[2]).min() + pose.position_m[2])
