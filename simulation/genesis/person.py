"""The person of a scene in Genesis: their pull acts on the target as an external force."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.genesis.plant import as_numpy, link_pose
from simulation.scene.person import Pull, Taker

Array = NDArray[np.float64]

SPIN_M2PS = 0.01
"""Damping torque per angular velocity and kg held: a hand keeps an object from spinning."""


class PersonInGenesis:
    """A person who takes one Genesis entity. vertices_m: (N, 3) metres, entity's frame. mass_kg: of the entity."""

    def __init__(self, taker: Taker, entity: Any, vertices_m: Array, mass_kg: float) -> None:
        self._link = entity.base_link
        self._middle_m = (vertices_m.min(axis=0) + vertices_m.max(axis=0)) / 2
        self._pull = Pull(taker, mass_kg)

    def act(self, dt_s: float) -> None:
        """Apply the force for the next physics step of dt_s."""
        import genesis as gs

        world_from_link = link_pose(self._link)
        middle_m = world_from_link.transform(self._middle_m)
        spin = as_numpy(self._link.get_ang())
        velocity = as_numpy(self._link.get_vel()) + np.cross(spin, middle_m - world_from_link.position_m)
        force = self._pull.step(middle_m, velocity, dt_s)
        if force is not None:
            torque = -SPIN_M2PS * self._pull.mass_kg * spin
            self._link.apply_external_wrench(force, torque, ref=gs.link_ref_frame.link_COM)
