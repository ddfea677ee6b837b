"""What a look at the robot costs over gRPC, and, with SPOT_GRASP_LONG=1, 1,000 cycles at 20 Hz without leak or drift.

Without `--benchmark-only` the costs are measured in a few rounds only; nothing is judged by them.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("bosdyn.client")

from app.spot.robot import SpotRobot
from behaviours.robot import CommandState
from perception.geometry import Pose
from simulation.spot_api import SpotServer
from tests.spot_robot import working

LONG = bool(os.environ.get("SPOT_GRASP_LONG"))
CYCLES = 1000 if LONG else 40
WARM = 200 if LONG else 20
PERIOD_S = 0.05
LEAK_BYTES = 24 * 1024**2
"""1,000 leaked depth pictures alone would be 1,200 MB; the allocator's own play is a few."""


@pytest.fixture
def robot() -> Iterator[SpotRobot]:
    with working(speed=1.0) as (_, robot):
        yield robot


def test_cost_of_the_robots_state(robot: SpotRobot, benchmark: Any) -> None:
    state = robot.connection.state
    benchmark.pedantic(state.get_robot_state, rounds=200 if LONG else 20, warmup_rounds=3)


def test_cost_of_colour_and_depth(robot: SpotRobot, benchmark: Any) -> None:
    frame = benchmark.pedantic(robot.capture, args=("hand",), rounds=100 if LONG else 5, warmup_rounds=2)
    assert frame.depth.shape == (480, 640)


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux' /proc")
def test_cycles_of_poll_and_capture_leak_nothing_and_the_clock_keeps_pace() -> None:
    with working(speed=1.0) as (server, robot):
        _cycle(robot, server, WARM)
        gc.collect()
        threads, memory = threading.active_count(), resident_bytes()
        offset = server.now() - robot.now()
        begun_wall, begun_robot = time.monotonic(), robot.now()
        _cycle(robot, server, CYCLES)
        gc.collect()
        drift = server.now() - robot.now() - offset
        elapsed = time.monotonic() - begun_wall
        grown = resident_bytes() - memory
        print(
            f"{CYCLES} cycles in {elapsed:.1f} s, {(robot.now() - begun_robot) / CYCLES * 1000:.1f} ms of the robot's "
            f"each; memory {grown / 1024**2:+.1f} MB, clock {drift * 1000:+.1f} ms"
        )
        assert threading.active_count() <= threads + 1  # gRPC's pool may fill up
        assert grown < LEAK_BYTES
        assert abs(drift) < 0.25


def _cycle(robot: SpotRobot, server: SpotServer, count: int) -> None:
    """Poll a motion, take a picture, sleep to the next tick of 20 Hz on the robot's clock."""
    goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (0.3, 0.0, 0.0))
    motion = robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.5)
    due = robot.now()
    for _ in range(count):
        if motion.poll().state is not CommandState.RUNNING:
            goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 3.0), (0.0, 0.0, 0.0))
            motion = robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.5)
        assert robot.capture("hand").depth.any()
        due += PERIOD_S
        robot.sleep(max(due - robot.now(), 1e-3))
    motion.cancel()
