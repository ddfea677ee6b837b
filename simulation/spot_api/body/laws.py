"""Laws of motion for body and arm: the target of a part as a function of the time since the motion began."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from behaviours.robot import CommandState, Outcome
from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose, Vector, rotation_from_vector
from simulation.genesis.profile import min_jerk
from simulation.spot_api.body.steering import ArmLaw, BaseLaw

DONE = Outcome(CommandState.DONE)
STILL = np.zeros(3)
MAX_JOINT_SPEED_RADPS = 2.5
"""Greatest joint speed while the hand follows a pose."""
HAND_AT_GOAL_M, HAND_AT_GOAL_RAD = 0.015, 0.05
"""The hand has arrived within these of its goal."""
STALL_AFTER_S = 1.5
"""A hand that has not arrived this long after the planned end has stalled."""


def through(start: Pose, points: Sequence[tuple[float, Pose]]) -> Callable[[float], Pose]:
    """The pose at a time: from `start` through poses at increasing times (seconds), at rest in each."""

    def at(time_s: float) -> Pose:
        before_s, before = 0.0, start
        for after_s, after in points:
            if time_s < after_s:
                return before.towards(after, min_jerk((time_s - before_s) / (after_s - before_s))[0])
            before_s, before = after_s, after
        return before

    return at


def glide(start: Pose, points: Sequence[tuple[float, Pose]]) -> BaseLaw:
    """The body from `start` through poses at increasing times, then done."""
    at, end_s = through(start, points), points[-1][0]

    def law(time_s: float) -> tuple[Pose, Vector] | Outcome:
        return (at(time_s), STILL) if time_s <= end_s + 0.1 else DONE

    return law


def cruise(
    start: Pose, initial: Vector, target_velocity: Callable[[Pose], Vector], slew: Vector, stop_s: float
) -> BaseLaw:
    """The body at a velocity (3,): x, y, yaw in the world frame. After `stop_s` it brakes, and is done at rest.

    initial: velocity at the start. target_velocity: to reach at a pose. slew: (3,) greatest accelerations.
    """
    state = {"time": 0.0, "x": start.position_m[0], "y": start.position_m[1], "yaw": start.yaw_rad}
    velocity = np.array(initial, dtype=np.float64)

    def law(time_s: float) -> tuple[Pose, Vector] | Outcome:
        step = time_s - state["time"]
        state["time"] = time_s
        pose = Pose.from_rpy((0.0, 0.0, state["yaw"]), (state["x"], state["y"], start.position_m[2]))
        goal = target_velocity(pose) if time_s < stop_s else np.zeros(3)
        velocity[:] += np.clip(goal - velocity, -slew * step, slew * step)
        if time_s >= stop_s and not velocity.any():
            return DONE
        state["x"] += velocity[0] * step
        state["y"] += velocity[1] * step
        state["yaw"] += velocity[2] * step
        moved = Pose.from_rpy((0.0, 0.0, state["yaw"]), (state["x"], state["y"], start.position_m[2]))
        return moved, velocity.copy()

    return law


def joint_path(
    start: Vector,
    points: Sequence[tuple[float, Vector]],
    velocities: Sequence[Vector | None] = (),
    initial: Vector | None = None,
) -> ArmLaw:
    """The arm through joint angles (6,) at increasing times (seconds), in cubic Hermite segments, then done.

    velocities: (6,) at each point, or None for those of a Catmull-Rom spline; rest at the end. initial: velocity at the
    start.
    """
    times = np.array([0.0, *(time_s for time_s, _ in points)])
    joints = np.array([start, *(point for _, point in points)])
    rates = np.zeros_like(joints)
    rates[1:-1] = (joints[2:] - joints[:-2]) / (times[2:] - times[:-2])[:, None]
    if initial is not None:
        rates[0] = initial
    for i, velocity in enumerate(velocities):
        if velocity is not None:
            rates[i + 1] = velocity

    def law(time_s: float) -> tuple[Vector, Vector] | Outcome:
        if time_s > times[-1] + 0.2:
            return DONE
        if time_s >= times[-1]:
            return joints[-1], np.zeros(6)
        i = int(np.searchsorted(times, time_s, side="right")) - 1
        span = times[i + 1] - times[i]
        u = (time_s - times[i]) / span
        h00, h10, h01, h11 = 2 * u**3 - 3 * u**2 + 1, u**3 - 2 * u**2 + u, -2 * u**3 + 3 * u**2, u**3 - u**2
        d00, d10, d11 = 6 * u**2 - 6 * u, 3 * u**2 - 4 * u + 1, 3 * u**2 - 2 * u
        place = h00 * joints[i] + h10 * span * rates[i] + h01 * joints[i + 1] + h11 * span * rates[i + 1]
        rate = (d00 * (joints[i] - joints[i + 1])) / span + d10 * rates[i] + d11 * rates[i + 1]
        return np.clip(place, spot_arm.LOWER, spot_arm.UPPER), rate

    return law


def reach(
    joints: Vector, body_from_goal: Callable[[float], Pose], end_s: float, hand: Callable[[], Pose], *, hold: bool
) -> ArmLaw:
    """The hand along poses in the body frame, by inverse kinematics at every step, as near as the arm gets.

    joints: (6,) at the start. body_from_goal: pose at a time, constant from `end_s` on. hand: measured body_from_hand.
    hold: never done, for a goal that moves with respect to the body. The law ends as FAILED if the hand does not
    arrive.
    """
    state = {"time": 0.0}
    now = np.array(joints, dtype=np.float64)

    def law(time_s: float) -> tuple[Vector, Vector] | Outcome:
        step = max(time_s - state["time"], 1e-6)
        state["time"] = time_s
        goal = body_from_goal(time_s)
        change = spot_arm.approach(goal, now) - now
        rate = np.clip(change / step, -MAX_JOINT_SPEED_RADPS, MAX_JOINT_SPEED_RADPS)
        now[:] += rate * step
        if time_s > end_s and not hold:
            measured = hand()
            distance, angle = measured.distance_m(goal), measured.angle_rad(goal)
            if distance < HAND_AT_GOAL_M and angle < HAND_AT_GOAL_RAD:
                return DONE
            if time_s > end_s + STALL_AFTER_S:
                return Outcome(CommandState.FAILED, f"arm stalled {1000 * distance:.0f} mm from the goal")
        return now.copy(), rate

    return law


def moving(start: Pose, velocity: Callable[[Pose], tuple[Vector, Vector]], stop_s: float) -> Callable[[float], Pose]:
    """The pose at a time, moved until `stop_s` with linear and angular velocities (3,) in its parent frame."""
    state = {"time": 0.0, "pose": start}

    def at(time_s: float) -> Pose:
        pose, before = state["pose"], state["time"]
        assert isinstance(pose, Pose)
        assert isinstance(before, float)
        step = max(min(time_s, stop_s) - before, 0.0)
        if step > 0:
            linear, angular = velocity(pose)
            pose = Pose(rotation_from_vector(angular * step) @ pose.rotation, pose.position_m + linear * step)
            state["time"], state["pose"] = time_s, pose
        return pose

    return at
