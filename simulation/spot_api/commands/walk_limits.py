"""Speed limits of a walk: the client's and the robot's, and the speed that they allow along a straight line."""

from __future__ import annotations

from typing import Any

import numpy as np

from perception.geometry import Pose, Vector, wrapped_rad
from simulation.spot_api.commands.activity import ANSWER, NotAcceptedError
from simulation.spot_api.commands.settings import WalkSettings

TOP_SPEED_MPS, TOP_YAW_RATE_RADPS = 1.6, 2.0
"""The robot's own limits."""


def limits(params: Any, settings: WalkSettings) -> tuple[Vector, Vector]:
    """(least, greatest) velocity in the body frame, each (3,): x, y in m/s, yaw in rad/s.

    params: MobilityParams; an unset limit is that of the settings. NotAcceptedError if a least velocity is positive or
    a greatest one negative.
    """
    top = np.array([TOP_SPEED_MPS, TOP_SPEED_MPS, TOP_YAW_RATE_RADPS])
    usual = np.array([settings.usual_speed_mps, settings.usual_speed_mps, settings.usual_yaw_rate_radps])
    low, high = -usual, usual.copy()
    if params.vel_limit.HasField("max_vel"):
        high = np.minimum(velocity_of(params.vel_limit.max_vel), top)
    if params.vel_limit.HasField("min_vel"):
        low = np.maximum(velocity_of(params.vel_limit.min_vel), -top)
    if (high < 0).any() or (low > 0).any():
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "vel_limit: max_vel is negative or min_vel positive")
    return low, high


def velocity_of(velocity: Any) -> Vector:
    """(3,) of an SE2Velocity: x, y in m/s, yaw in rad/s."""
    return np.array([velocity.linear.x, velocity.linear.y, velocity.angular])


def speed_towards(start: Pose, goal: Pose, low: Vector, high: Vector) -> float:
    """Speed of a straight walk that keeps the limits of both body axes while the body turns.

    start, goal: world_from_body. low, high: of `limits`.
    """
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
