"""How fast a walk may be: the client's limits, the robot's own, and what they mean for a straight way."""

from __future__ import annotations

from typing import Any

import numpy as np

from perception.geometry import Pose, Vector, wrapped_rad
from simulation.spot_api.commands.activity import ANSWER, NotAcceptedError

MAX_SPEED_MPS, MAX_YAW_RATE_RADPS = 1.0, 1.2
"""Without a limit from the client. The robot's own is 1.6 m/s."""
TOP_SPEED_MPS, TOP_YAW_RATE_RADPS = 1.6, 2.0


def limits(params: Any) -> tuple[Vector, Vector]:
    """(3,) most negative and most positive velocity in the body frame: x, y m/s and yaw rad/s. An unset one is the
    robot's own. NotAcceptedError for a greatest one below 0 or a least one above it."""
    top = np.array([TOP_SPEED_MPS, TOP_SPEED_MPS, TOP_YAW_RATE_RADPS])
    usual = np.array([MAX_SPEED_MPS, MAX_SPEED_MPS, MAX_YAW_RATE_RADPS])
    low, high = -usual, usual.copy()
    if params.vel_limit.HasField("max_vel"):
        high = np.minimum(velocity_of(params.vel_limit.max_vel), top)
    if params.vel_limit.HasField("min_vel"):
        low = np.maximum(velocity_of(params.vel_limit.min_vel), -top)
    if (high < 0).any() or (low > 0).any():
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "vel_limit: max_vel is negative or min_vel positive")
    return low, high


def velocity_of(velocity: Any) -> Vector:
    """(3,) x, y and yaw rate of an SE2Velocity."""
    return np.array([velocity.linear.x, velocity.linear.y, velocity.angular])


def speed_towards(start: Pose, goal: Pose, low: Vector, high: Vector) -> float:
    """The speed of a straight walk that keeps the limits of both body axes, however the body is turned on the way."""
    way = (goal.position_m - start.position_m)[:2]
    angle = float(np.arctan2(way[1], way[0]))
    turn = wrapped_rad(goal.yaw_rad - start.yaw_rad)
    fastest = TOP_SPEED_MPS
    for heading in start.yaw_rad + turn * np.linspace(0.0, 1.0, 9):
        for axis, share in enumerate((np.cos(angle - heading), np.sin(angle - heading))):
            limit = high[axis] if share > 0 else -low[axis]
            if abs(share) > 1e-6:
                fastest = min(fastest, float(limit / abs(share)))
    return max(fastest, 0.05)
