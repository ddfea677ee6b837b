"""Motions of a body on legs: walks to a goal, and bodies that follow a law."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from behaviours.robot import Outcome
from perception.geometry import Pose, wrapped_rad
from simulation.genesis.legs.legs import FALLEN, Legs
from simulation.genesis.legs.righting import Righting
from simulation.genesis.motions import Follow, Idle, Motion
from simulation.genesis.plant import Array
from simulation.genesis.settings import MotionSettings, SimulationSettings
from simulation.genesis.walking.straight import Straight
from simulation.robot_files.spot_model import LEGS

STILL_MPS, STILL_RADPS = 0.01, 0.02
"""A body slower than this rests."""
LATE = 2.5
"""Share of its planned duration after which a walk is late, see `late_s`."""
STUCK_MPS, STUCK_MPS2 = 0.08, 0.25
"""A body that should step and is slower than the first is stuck: its least velocity grows by the second, to the
double."""
LEARNS = 0.7
"""Share of what a body at rest is off its goal, as on a ramp that it creeps down, by which the next steps aim
further."""
LEANT = 1 / 3
"""Share of a walk's tolerances within which a leaning body arrives."""


def _ahead(velocity: Array, yaw_rad: float) -> Array:
    """A velocity (3,) x, y, yaw of the world as one ahead, to the left and of the turn."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.array([c * velocity[0] + s * velocity[1], -s * velocity[0] + c * velocity[1], velocity[2]])


def towards(legs: Legs, place: Array, rate: Array, most_mps: float, most_radps: float) -> Array:
    """(3,) command of the legs that brings the body to a place x, y, yaw (3,) which moves at a rate (3,).

    most_mps, most_radps: greatest velocity, and of the turn.
    """
    settings = legs.settings
    off = place - legs.plant.base()
    off[2] = wrapped_rad(off[2])
    velocity = _ahead(rate + settings.goal_gain_per_s * off, float(legs.plant.base()[2]))
    velocity[:2] *= min(1.0, most_mps / max(float(np.linalg.norm(velocity[:2])), 1e-9))
    velocity[2] = np.clip(velocity[2], -most_radps, most_radps)
    return velocity


class LegWalk(Straight):
    """A walk along a straight line that ends standing, the body leant over its feet to the goal.

    passes: the goal is a point on the way, and need only be passed.
    """

    def __init__(
        self,
        legs: Legs,
        goal: Array,
        max_speed_mps: float,
        max_yaw_rate_radps: float,
        settings: MotionSettings,
        *,
        passes: bool = False,
    ) -> None:
        super().__init__(legs.plant, goal, max_speed_mps, max_yaw_rate_radps, settings)
        self._legs, self._passes = legs, passes
        most = legs.settings
        self._most = min(max_speed_mps, most.top_mps), min(max_yaw_rate_radps, most.top_radps)
        self._stopping = self._braking = False
        self._tries = 0
        self._ahead_of, self._stuck_s = np.zeros(3), 0.0

    def brake(self) -> None:
        super().brake()
        self._braking = True

    def advance(self, dt_s: float) -> None:
        self._time_s += dt_s
        if self._legs.fallen:
            self.fail(FALLEN)
            return
        goal = self._start + self._offset
        if self._time_s < self.lasts_s:
            self._legs.go(towards(self._legs, *self.place(), *self._most))
        elif self._passes or self._braking:
            self.finish()
        elif self._time_s > LATE * self.lasts_s + self._legs.settings.late_s:
            off = self._off(goal)
            self.fail(f"blocked {np.hypot(*off[:2]):.2f} m and {abs(off[2]):.2f} rad from the goal")
        else:
            self._arrive(goal, dt_s)

    def _off(self, goal: Array) -> Array:
        off = np.asarray(goal - self._legs.plant.base())
        off[2] = wrapped_rad(off[2])
        return off

    def _arrive(self, goal: Array, dt_s: float) -> None:
        """Step to the goal until it is near; stand; lean the rest of the way, or step again.

        A body that does not move is told to go faster: on a slope the policy ignores more.
        """
        legs, settings, off = self._legs, self._legs.settings, self._off(goal)
        if not self._stopping:
            off = self._off(goal + self._ahead_of)
            near = np.hypot(off[0], off[1]) < settings.near_m, abs(off[2]) < settings.near_rad
            if all(near):
                self._stopping = True
                legs.stop(goal)
                return
            velocity = _ahead(settings.goal_gain_per_s * off, float(legs.plant.base()[2]))
            speed = float(np.linalg.norm(velocity[:2]))
            most_mps, most_radps = self._most
            moves = float(np.linalg.norm(legs.plant.body_velocity()[0])) > STUCK_MPS
            self._stuck_s = max(0.0, self._stuck_s + (-dt_s if moves else dt_s))
            least_mps = settings.least_mps + min(STUCK_MPS2 * self._stuck_s, settings.least_mps)
            velocity[:2] *= 0.0 if near[0] else min(max(speed, least_mps), most_mps) / speed
            turn = abs(float(velocity[2]))
            velocity[2] *= 0.0 if near[1] else min(max(turn, settings.least_radps), most_radps) / turn
            legs.go(velocity)
        elif legs.stands:
            far = np.hypot(off[0], off[1]) > settings.lean_m or abs(off[2]) > settings.lean_rad
            if far and self._tries < settings.again:
                self._tries += 1
                self._stopping = False
                self._ahead_of += LEARNS * off
                return
            velocity, rates = legs.plant.body_velocity()
            rests = np.linalg.norm(velocity) < STILL_MPS and np.linalg.norm(rates) < STILL_RADPS
            within = np.hypot(off[0], off[1]) / self._settings.arrive_m, abs(off[2]) / self._settings.arrive_rad
            if rests and max(within) < LEANT:
                self.finish()

    def hold(self) -> None:
        """The policy brings the body to rest, and it stands where that is."""
        self._legs.stop()


class LegFollow(Follow):
    """The body follows world_from_body and the rate (3,) of x, y, yaw.

    While the rate is not zero the legs walk; otherwise they stand, and the body moves over its feet.
    """

    def __init__(self, legs: Legs, law: Callable[[float], tuple[Pose, Array] | Outcome]) -> None:
        super().__init__(law)
        self._legs = legs
        legs.hand.hold(None)

    def advance(self, dt_s: float) -> None:
        if self._legs.fallen:
            self.fail(FALLEN)
        else:
            super().advance(dt_s)

    def _send(self, target: Pose, rate: Array, dt_s: float) -> None:
        del dt_s
        if np.any(rate):
            x, y, _ = target.position_m
            most, place = self._legs.settings, np.array([x, y, target.yaw_rad])
            self._legs.go(towards(self._legs, place, np.asarray(rate, np.float64), most.top_mps, most.top_radps))
        else:
            self._legs.follow(target)

    def hold(self) -> None:
        self._legs.stop()


class OnLegs:
    """Implements `Mobility`."""

    def __init__(self, legs: Legs, settings: SimulationSettings) -> None:
        self._legs, self._settings = legs, settings

    @property
    def stands(self) -> bool:
        return self._legs.stands

    @property
    def fallen(self) -> bool:
        return self._legs.fallen

    @property
    def feet_m(self) -> Array:
        return self._legs.footing.feet_m

    def place(self, world_from_ground: Pose, arm: Array) -> None:
        self._legs.place(world_from_ground, arm)

    def step(self, dt_s: float) -> None:
        self._legs.step(dt_s)

    def walk(self, goal: Array, max_speed_mps: float, max_yaw_rate_radps: float, *, passes: bool = False) -> LegWalk:
        motion = self._settings.motion
        return LegWalk(self._legs, goal, max_speed_mps, max_yaw_rate_radps, motion, passes=passes)

    def follow(self, law: Callable[[float], tuple[Pose, Array] | Outcome]) -> LegFollow:
        return LegFollow(self._legs, law)

    def anchor_hand(self, *, fixed: bool) -> None:
        self._legs.hand.hold(self._legs.plant.body() if fixed else None)

    def foot_forces(self) -> dict[str, float]:
        return dict(zip(LEGS, self._legs.footing.forces_n().tolist(), strict=True))

    def roll_over(self) -> Motion:
        return Righting(self._legs) if self._legs.fallen else Idle()
