"""What befalls a robot on legs on purpose: pushes, a load in the hand, and a floor without grip under a foot."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.legs.weight import GRAVITY_MPS2, TOTAL_KG
from simulation.genesis.plant import as_numpy

NO_GRIP: Final = 0.01
"""Friction of a foot that slips, and of the floor meanwhile: of two shapes that touch, the larger friction counts."""


class Disturbance:
    """Implements `spot_api.body.steering.Disturbs`. `step` is called before each physics step.

    scene: a built gs.Scene with a plane. entity: the robot in it, and what drives it.
    """

    def __init__(self, scene: Any, entity: Any, plant: LeggedPlant) -> None:
        import genesis as gs

        self._entity, self._plant = entity, plant
        self._floor = next(thing for thing in scene.entities if isinstance(thing.morph, gs.morphs.Plane))
        self._base = next(list(joint.dofs_idx_local[:3]) for joint in entity.joints if joint.name == "base")
        self._hand = entity.get_link("wr1").idx
        self._load_n = 0.0
        self._grip: dict[str, float] = {}

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
            self._grip = {"floor": _friction(self._floor.links[0]), **self._grip, foot: _friction(leg)}
            leg.set_friction(NO_GRIP)
            self._floor.set_friction(NO_GRIP)
        elif not slips and foot in self._grip:
            leg.set_friction(self._grip.pop(foot))
            if len(self._grip) == 1:
                self._floor.set_friction(self._grip.pop("floor"))

    def step(self) -> None:
        if self._load_n:
            at = np.array(self._plant.hand().position_m)[None]
            down = np.array([[0.0, 0.0, -self._load_n]])
            self._entity.solver.apply_links_external_wrench(down, links_idx=[self._hand], pos=at)


def _friction(link: Any) -> float:
    return float(link.geoms[0].get_friction())
