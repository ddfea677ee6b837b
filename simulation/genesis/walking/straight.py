"""A walk along a straight line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perception.geometry import wrapped_rad
from simulation.genesis.motions import DEFAULTS, Motion
from simulation.genesis.plant import GenesisPlant
from simulation.genesis.profile import Trapezoid
from simulation.genesis.settings import MotionSettings
from simulation.genesis.walking.gait import Trot

Array = NDArray[np.float64]


class Straight(Motion):
    """A place that moves along a straight line to a goal (3,) x, y, yaw in the world, turning on the way.

    What follows it is a subclass's.
    """

    def __init__(
        self,
        plant: GenesisPlant,
        goal: Array,
        max_speed_mps: float,
        max_yaw_rate_radps: float,
        settings: MotionSettings = DEFAULTS,
    ) -> None:
        super().__init__()
        self._plant, self._settings = plant, settings
        self._start = plant.base()
        offset = goal - self._start
        offset[2] = wrapped_rad(offset[2])
        self._offset = offset
        length = float(np.hypot(offset[0], offset[1]))
        self._line = Trapezoid(length, max_speed_mps, settings.walk_accel_mps2)
        self._turn = Trapezoid(abs(float(offset[2])), max_yaw_rate_radps, settings.walk_yaw_accel_radps2)
        self._time_s = 0.0

    @property
    def goal_m(self) -> Array:
        """(2,) where it ends."""
        return np.asarray((self._start + self._offset)[:2])

    def brake(self) -> None:
        """Come to rest as soon as the accelerations allow, and be done there."""
        shorter = []
        for law, part in ((self._line, slice(0, 2)), (self._turn, slice(2, 3))):
            covered, speed = law.at(self._time_s)
            stop = Trapezoid(min(covered + speed**2 / (2 * law.max_accel), law.distance), law.max_speed, law.max_accel)
            self._offset[part] *= stop.distance / law.distance if law.distance > 0 else 0.0
            shorter.append(stop)
        self._line, self._turn = shorter

    @property
    def lasts_s(self) -> float:
        """Planned duration, seconds."""
        return max(self._line.duration_s, self._turn.duration_s)

    def place(self) -> tuple[Array, Array]:
        """(3,) x, y, yaw at the present time, and its rate (3,)."""
        goal, rate = self._start.copy(), np.zeros(3)
        for law, part in ((self._line, slice(0, 2)), (self._turn, slice(2, 3))):
            if law.distance > 0:
                covered, speed = law.at(self._time_s)
                goal[part] += self._offset[part] * covered / law.distance
                rate[part] = self._offset[part] * speed / law.distance
        return goal, rate


class Walk(Straight):
    """The body is moved along the line by its own joints; the legs keep step."""

    def __init__(
        self,
        plant: GenesisPlant,
        trot: Trot,
        goal: Array,
        max_speed_mps: float,
        max_yaw_rate_radps: float,
        settings: MotionSettings = DEFAULTS,
    ) -> None:
        super().__init__(plant, goal, max_speed_mps, max_yaw_rate_radps, settings)
        self._trot = trot

    def advance(self, dt_s: float) -> None:
        self._time_s += dt_s
        goal, rate = self.place()
        self._plant.command_base(goal, rate)
        c, s = np.cos(goal[2]), np.sin(goal[2])
        body_velocity = (float(c * rate[0] + s * rate[1]), float(-s * rate[0] + c * rate[1]))
        self._plant.command_legs(self._trot.step(body_velocity, float(rate[2]), dt_s))
        settings = self._settings
        if self._time_s >= self.lasts_s + settings.settle_s:
            error = self._start + self._offset - self._plant.base()
            if np.hypot(error[0], error[1]) < settings.arrive_m and abs(error[2]) < settings.arrive_rad:
                self.finish()
            elif self._time_s >= self.lasts_s + settings.stall_s:
                self.fail(f"blocked {np.hypot(error[0], error[1]):.2f} m and {abs(error[2]):.2f} rad from the goal")

    def hold(self) -> None:
        self._plant.command_base(self._plant.base(), np.zeros(3))
        self._plant.command_legs(self._trot.step((0.0, 0.0), 0.0, 0.0))
