"""What befalls a robot on legs on purpose: pushes, a load in the hand, a floor without grip or hold under a foot."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.legs.weight import GRAVITY_MPS2, TOTAL_KG
from simulation.genesis.plant import as_numpy

NO_GRIP: Final = 0.01
"""Friction of a foot that slips, and of the floor meanwhile: of two shapes that touch, the larger friction counts."""
SOFT_S: Final = 0.3
"""Time constant of a contact that gives way (the first of Genesis' sol_params): the foot of a standing robot sinks by
some 6 cm in 1.5 s."""
CLEAR_N: Final = 5.0
"""What a foot may bear when the ground under it is firm again: else it would be thrown out."""


class Disturbance:
    """Implements `spot_api.body.steering.Disturbs`. `step` is called before each physics step.

    scene: a built gs.Scene with its ground. entity: the robot in it, and what drives it.
    """

    def __init__(self, scene: Any, entity: Any, plant: LeggedPlant) -> None:
        import genesis as gs

        self._entity, self._plant = entity, plant
        ground = gs.morphs.Plane, gs.morphs.Terrain
        self._floors = [thing for thing in scene.entities if isinstance(thing.morph, ground)]
        self._base = next(list(joint.dofs_idx_local[:3]) for joint in entity.joints if joint.name == "base")
        self._hand = entity.get_link("wr1").idx
        self._load_n = 0.0
        self._grip: dict[str, float] = {}
        self._firm: dict[str, Any] = {}
        self._filled: set[str] = set()

    def push(self, impulse_ns: ArrayLike) -> None:
        """Change the velocity of the whole robot at once."""
        change = self._plant.body().rotation @ np.asarray(impulse_ns, dtype=np.float64) / TOTAL_KG
        velocity = as_numpy(self._entity.get_dofs_velocity(self._base))
        self._entity.set_dofs_velocity(velocity + change, self._base)

    def load(self, mass_kg: float) -> None:
        self._load_n = mass_kg * GRAVITY_MPS2

    def slip(self, foot: str, slips: bool) -> None:
        leg = self._entity.get_link(f"{foot}_lleg")
        if slips and foot not in self._grip:
            self._grip = {"floor": _friction(self._floors[0].links[0]), **self._grip, foot: _friction(leg)}
            for slippery in (leg, *self._floors):
                slippery.set_friction(NO_GRIP)
        elif not slips and foot in self._grip:
            leg.set_friction(self._grip.pop(foot))
            if len(self._grip) == 1:
                grip = self._grip.pop("floor")
                for floor in self._floors:
                    floor.set_friction(grip)

    def sink(self, foot: str, sinks: bool) -> None:
        leg = self._entity.get_link(f"{foot}_lleg")
        if not sinks:
            self._filled |= {foot} & set(self._firm)
            return
        self._filled.discard(foot)
        if foot not in self._firm:
            self._firm[foot] = [as_numpy(geom.get_sol_params()).copy() for geom in leg.geoms]
            for geom, firm in zip(leg.geoms, self._firm[foot], strict=True):
                geom.set_sol_params(np.array([SOFT_S, *firm[1:]]))

    def step(self) -> None:
        for foot in [foot for foot in self._filled if self._borne_n(foot) < CLEAR_N]:
            self._filled.discard(foot)
            for geom, firm in zip(self._entity.get_link(f"{foot}_lleg").geoms, self._firm.pop(foot), strict=True):
                geom.set_sol_params(firm)
        if self._load_n:
            at = np.array(self._plant.hand().position_m)[None]
            down = np.array([[0.0, 0.0, -self._load_n]])
            self._entity.solver.apply_links_external_wrench(down, links_idx=[self._hand], pos=at)

    def _borne_n(self, foot: str) -> float:
        forces = as_numpy(self._entity.get_links_net_contact_force())
        return float(np.linalg.norm(forces[self._entity.get_link(f"{foot}_lleg").idx_local]))


def _friction(link: Any) -> float:
    return float(link.geoms[0].get_friction())
