"""Settings of walks: the limits of a command without limits of its own."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bosdyn.api")

from bosdyn.api.spot import robot_command_pb2

from simulation.spot_api.commands.settings import WalkSettings
from simulation.spot_api.commands.walk_limits import TOP_SPEED_MPS, limits


def test_a_walk_without_limits_has_those_of_the_settings() -> None:
    params = robot_command_pb2.MobilityParams()
    low, high = limits(params, WalkSettings(usual_speed_mps=0.4, usual_yaw_rate_radps=0.3))
    assert np.array_equal(high, [0.4, 0.4, 0.3])
    assert np.array_equal(low, -high)


def test_a_limit_of_the_client_goes_before_but_not_above_the_robots_own() -> None:
    params = robot_command_pb2.MobilityParams()
    params.vel_limit.max_vel.linear.x, params.vel_limit.max_vel.linear.y = 9.0, 0.2
    _, high = limits(params, WalkSettings(usual_speed_mps=0.4))
    assert np.array_equal(high, [TOP_SPEED_MPS, 0.2, 0.0])
