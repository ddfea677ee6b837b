"""Where a robot on legs has its feet: what it knows of the height of the ground."""

from __future__ import annotations

import numpy as np

from simulation.genesis.legs.kinematics import feet_of
from simulation.genesis.legs.plant import LeggedPlant
from simulation.genesis.legs.weight import foot_loads
from simulation.genesis.plant import Array
from simulation.robot_files.spot_model import FOOT_RADIUS_M


class Footing:
    """The places where the feet last bore weight, from the joints, the motors' torques and the body's pose.

    bears_n: force on a foot from which it bears weight. feet_m: (4, 3) the lowest points of the feet there, world.
    loads_n: (4,) the forces on them at the last look.
    """

    def __init__(self, plant: LeggedPlant, bears_n: float) -> None:
        self._plant, self._bears_n = plant, bears_n
        self.feet_m, self.loads_n = np.zeros((4, 3)), np.zeros(4)

    def forces_n(self) -> Array:
        """(4,) along gravity, as the motors feel them now."""
        return foot_loads(self._plant.legs(), self._plant.leg_torques(), -self._plant.body().rotation[2])

    def look(self, *, stands: bool = False) -> None:
        """stands: all feet are on the ground, whatever they bear."""
        self.loads_n = self.forces_n()
        feet: Array = self._plant.body().transform(feet_of(self._plant.legs())) - [0.0, 0.0, FOOT_RADIUS_M]
        bears = (self.loads_n > self._bears_n) | stands
        self.feet_m = np.where(bears[:, None], feet, self.feet_m)
