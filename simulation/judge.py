"""Ground truth for judging a run from outside. Nothing in the tree can reach it: leaves see only the robot protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.plant import GenesisPlant, link_pose

LIFTED_M = 0.10


@dataclass
class Judge:
    """Follows the target object through the run.

    lift_m: height of the object's lowest point above where it was at rest at the start, now. held_s: how long, up to
    now, it has been at least LIFTED_M up without a break. peak_gripper_torque_nm: the most the jaw motor has applied.
    """

    target: Any | None
    vertices_m: NDArray[np.float64] | None
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
        return {
            "object_lift_m": round(self.lift_m(), 4),
            "held_s": round(self.held_s, 3),
            "peak_gripper_torque_nm": round(self.peak_gripper_torque_nm, 3),
        }
