"""Motions of the simulated robot: a `Command` for the leaf that started it, advanced with each physics step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from behaviours.robot import CommandState, Outcome
from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose
from simulation.genesis.plant import GenesisPlant
from simulation.genesis.profile import MIN_JERK_PEAK, min_jerk
from simulation.genesis.settings import MotionSettings

Array = NDArray[np.float64]

DEFAULTS = MotionSettings()


class Motion:
    """A motion in progress. `advance` is called before each physics step while it runs."""

    def __init__(self) -> None:
        self._outcome = Outcome(CommandState.RUNNING)

    def poll(self) -> Outcome:
        return self._outcome

    @property
    def running(self) -> bool:
        return self._outcome.state is CommandState.RUNNING

    def cancel(self) -> None:
        if self.running:
            self._outcome = Outcome(CommandState.CANCELLED, "cancelled")
            self.hold()

    def finish(self, reason: str = "") -> None:
        self._outcome = Outcome(CommandState.DONE, reason)

    def fail(self, reason: str) -> None:
        self._outcome = Outcome(CommandState.FAILED, reason)
        self.hold()

    def hold(self) -> None:
        """Stop at the measured position."""

    def advance(self, dt_s: float) -> None:
        raise NotImplementedError


class Refused(Motion):
    """A command that the robot rejects: it has failed from the start."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.fail(reason)

    def advance(self, dt_s: float) -> None:
        del dt_s


class Idle(Motion):
    """A command with nothing to do: it is done from the start."""

    def __init__(self) -> None:
        super().__init__()
        self.finish()

    def advance(self, dt_s: float) -> None:
        del dt_s


class Follow(Motion):
    """A part of the robot follows a law (seconds -> target and its rate, or the outcome that ends the motion)."""

    def __init__(self, law: Callable[[float], tuple[Any, Array] | Outcome]) -> None:
        super().__init__()
        self._law, self._time_s = law, 0.0

    def advance(self, dt_s: float) -> None:
        self._time_s += dt_s
        target = self._law(self._time_s)
        if not isinstance(target, Outcome):
            self._send(*target, dt_s)
            return
        self._outcome = target
        if target.state is not CommandState.DONE:
            self.hold()

    def _send(self, target: Any, rate: Array, dt_s: float) -> None:
        raise NotImplementedError


class ArmPath(Motion):
    """Arm joints through way points with a minimum-jerk time law over the whole path.

    joints: (N, 6) radians, evenly spaced along the path. goal: world_from_hand to arrive at; None does not check it.
    """

    def __init__(
        self,
        plant: GenesisPlant,
        joints: Array,
        duration_s: float,
        goal: Pose | None,
        settings: MotionSettings = DEFAULTS,
    ) -> None:
        super().__init__()
        self._plant, self._joints, self._goal, self._settings = plant, joints, goal, settings
        self._duration_s = max(duration_s, 0.1)
        self._time_s = 0.0

    def advance(self, dt_s: float) -> None:
        self._time_s += dt_s
        phase, rate = min_jerk(self._time_s / self._duration_s)
        last = len(self._joints) - 1
        at = phase * last
        low = min(int(at), last - 1)
        step = self._joints[low + 1] - self._joints[low]
        self._plant.command_arm(self._joints[low] + (at - low) * step, step * last * rate / self._duration_s)
        settings = self._settings
        if self._time_s < self._duration_s + settings.settle_s:
            return
        if self._goal is None:
            self.finish()
            return
        hand = self._plant.hand()
        distance, angle = hand.distance_m(self._goal), hand.angle_rad(self._goal)
        if distance < settings.hand_arrive_m and angle < settings.hand_arrive_rad:
            self.finish()
        elif self._time_s >= self._duration_s + settings.stall_s:
            self.fail(f"arm stalled {1000 * distance:.0f} mm and {np.degrees(angle):.0f} degrees from the goal")

    def hold(self) -> None:
        self._plant.command_arm(self._plant.arm(), np.zeros(6))


class Jaw(Motion):
    """Jaws to an angle at a limited speed and torque; done at the goal, or at rest against an object."""

    def __init__(
        self, plant: GenesisPlant, angle_rad: float, max_torque_nm: float, settings: MotionSettings = DEFAULTS
    ) -> None:
        super().__init__()
        self._plant, self._angle, self._torque, self._settings = plant, angle_rad, max_torque_nm, settings
        self._start, _ = plant.jaw()
        self._time_s = 0.0
        self._rest_s = 0.0

    def advance(self, dt_s: float) -> None:
        settings = self._settings
        self._time_s += dt_s
        travel = self._angle - self._start
        moved = min(abs(travel), settings.jaw_speed_radps * self._time_s)
        here, rate = self._plant.jaw()
        target = self._start + np.sign(travel) * moved
        self._plant.command_jaw(float(target), self._torque)
        arrived = abs(here - self._angle) < settings.jaw_at_goal_rad
        still = abs(rate) < settings.jaw_rest_radps and (arrived or moved >= abs(travel))
        self._rest_s = self._rest_s + dt_s if still else 0.0
        if self._rest_s >= settings.jaw_rest_s:
            self.finish("" if arrived else f"stopped at {here / (np.pi / 2):.0%} open by an object")

    def hold(self) -> None:
        here, _ = self._plant.jaw()
        self._plant.command_jaw(here, self._torque)


def straight_path(
    start: Pose,
    goal: Pose,
    joints: Array,
    *,
    step_m: float = 0.01,
    step_rad: float = 0.05,
    max_jump_rad: float = 0.35,
    max_detour_m: float = 0.15,
) -> Array | str:
    """(N, 6) arm joints for a straight line of the hand, or the reason why there is none.

    start, goal: body_from_hand. joints: (6,) at the start. step_m, step_rad: spacing of the path. The orientation turns
    evenly about one axis. If the line meets a joint limit or needs a jump of more than `max_jump_rad`, a motion
    straight in joint space is taken. The hand may then leave the line by at most `max_detour_m`.
    """
    end = spot_arm.inverse(goal, joints)
    if end is None:
        x, y, z = goal.position_m
        return f"out of reach: no arm posture puts the hand at ({x:.2f}, {y:.2f}, {z:.2f}) m in the body frame as asked"
    count = 2 + int(max(start.distance_m(goal) / step_m, start.angle_rad(goal) / step_rad))
    path = [joints]
    for fraction in np.linspace(0, 1, count)[1:]:
        solution = spot_arm.inverse(start.towards(goal, float(fraction)), path[-1])
        if solution is None or np.abs(solution - path[-1]).max() > max_jump_rad:
            break
        path.append(solution)
    else:
        return np.array(path)
    direct = np.linspace(joints, end, max(count, 30))
    line = goal.position_m - start.position_m
    length = float(np.linalg.norm(line))
    points = np.array([spot_arm.forward(q).position_m for q in direct]) - start.position_m
    along = np.clip(points @ line / max(length**2, 1e-9), 0, 1)
    detour = float(np.linalg.norm(points - along[:, None] * line, axis=1).max())
    if detour > max_detour_m:
        return (
            f"out of reach: the straight line to the goal is not free, the way round would leave it by {detour:.2f} m"
        )
    return direct


def path_duration_s(
    start: Pose, goal: Pose, joints: Array, max_speed_mps: float, max_joint_speed_radps: float
) -> float:
    """Shortest minimum-jerk duration of a path that keeps the speeds of the hand and of every joint within limits.

    start, goal: body_from_hand. joints: (N, 6) radians, evenly spaced along the path.
    """
    by_hand = start.distance_m(goal) / max_speed_mps
    by_joint = float(np.abs(np.diff(joints, axis=0)).max(initial=0.0)) * (len(joints) - 1) / max_joint_speed_radps
    return MIN_JERK_PEAK * max(by_hand, by_joint)
