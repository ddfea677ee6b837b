"""The program is killed in the middle of a walk: how long the robot goes on. SPOT_GRASP_EXHAUSTIVE=N kills N times."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.support.places import ROOT

pytest.importorskip("bosdyn.client")

from behaviours.contract.common import finish
from behaviours.robot import CommandState
from behaviours.robots.spot.motion.walk import AHEAD_S
from perception.geometry import Pose
from simulation.spot_api import SpotServer
from simulation.spot_api.faults.spec import FaultSpec
from tests.support.spot_api import spot, wait_for
from tests.support.spot_robot import working

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("SPOT_GRASP_EXHAUSTIVE", "1"))
WALKER = """
import sys
from pathlib import Path
from behaviours.robots.spot.link.connection import Target
from behaviours.robots.spot.robot import SpotRobot
from perception.geometry import Pose

port, ca, password = sys.argv[1:]
with SpotRobot(Target("127.0.0.1", int(port), Path(ca), ("user", password))) as robot:
    goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (20.0, 0.0, 0.0))
    walk = robot.walk_to(goal, max_speed_mps=0.6, max_yaw_rate_radps=0.5)
    while True:
        walk.poll()
        robot.sleep(0.05)
"""
BRAKE_S = 1.0
"""What a busy machine may add, and braking."""


def body(server: SpotServer) -> np.ndarray:
    return np.asarray(server.world.snapshot.body.position_m[:2]).copy()


def walked_on(server: SpotServer, kill_after_s: float) -> tuple[float, float]:
    """Robot seconds and metres that the robot walked on after its program was killed."""
    arguments = [str(server.port), str(server.ca_file), server.password]
    process = subprocess.Popen([sys.executable, "-c", WALKER, *arguments], cwd=ROOT)
    try:
        wait_for(lambda: np.linalg.norm(server.world.snapshot.body_velocity[:2]) > 0.1)
        time.sleep(kill_after_s)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    finally:
        process.kill()
    killed_s, at = server.now(), body(server)
    moved_s, last = killed_s, at
    while server.now() < moved_s + 1.0:
        time.sleep(0.01)
        here = body(server)
        if np.linalg.norm(here - last) > 1e-4:
            moved_s, last = server.now(), here
    return moved_s - killed_s, float(np.linalg.norm(last - at))


def test_a_killed_program_leaves_a_robot_that_soon_stands() -> None:
    chance, took = random.Random(7), []
    for _ in range(KILLS):
        with spot(speed=1.0, lease_stale_s=60.0) as server:
            took.append(walked_on(server, chance.uniform(0.0, 2.0)))
    seconds, metres = (max(values) for values in zip(*took, strict=True))
    print(f"{KILLS} kills: it walked on for {seconds:.2f} s and {metres:.2f} m at most")
    assert seconds <= AHEAD_S + BRAKE_S


def test_a_walk_of_many_commands_goes_on_without_a_pause_and_arrives() -> None:
    with working(speed=8.0) as (server, robot):
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (6.0, 0.0, 0.0))
        begun_s = server.world.snapshot.simulated_s
        walk = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        assert finish(robot, walk) is CommandState.DONE
        took_s = server.world.snapshot.simulated_s - begun_s
        sent = [item for item in server.log.of("RobotCommand") if "se2_trajectory_request" in str(item.fields)]
        assert len(sent) >= 3
        assert took_s < 1.3 * 6.0 / (0.9 * 0.5) + 2.0
        assert robot.body_pose().distance_m(goal) < 0.1


def test_a_walk_without_anybody_stops_and_goes_on_when_the_program_does() -> None:
    with working(speed=8.0) as (server, robot):
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (6.0, 0.0, 0.0))
        walk = robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.8)
        robot.sleep(0.2)
        wait_for(lambda: np.linalg.norm(server.world.snapshot.body_velocity[:2]) > 0.05)
        wait_for(lambda: np.linalg.norm(server.world.snapshot.body_velocity[:2]) < 0.01, 20.0)  # the program hangs
        assert np.linalg.norm(body(server) - goal.position_m[:2]) > 0.5
        assert finish(robot, walk) is CommandState.DONE


@pytest.mark.parametrize("rpc", ["RobotCommand", "*"])
def test_a_walk_outlasts_a_command_that_is_lost(rpc: str) -> None:
    with working(speed=8.0) as (server, robot):
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (2.0, 0.0, 0.0))
        walk = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        server.faults.add(FaultSpec("rpc_unavailable", rpc=rpc, for_s=8.0))
        assert finish(robot, walk) is CommandState.DONE


def test_a_walk_begins_although_the_clock_is_set_while_its_command_is_on_the_way() -> None:
    with working(speed=4.0) as (server, robot):
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
        before, gate = len(server.log.of("RobotCommand")), server.disturb

        def disturb(method: str, remaining_s: float | None) -> None:
            if method.endswith(".RobotCommand"):
                server.world.clock.disturb(skew_s=60.0)
            gate(method, remaining_s)

        server.disturb = disturb  # type: ignore[method-assign]
        walk = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        assert len(server.log.of("RobotCommand")) > before + 1
        assert finish(robot, walk) is CommandState.DONE


def test_a_cancelled_walk_is_not_sent_again() -> None:
    with working(speed=8.0) as (server, robot):
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (6.0, 0.0, 0.0))
        walk = robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.8)
        robot.sleep(0.2)
        walk.cancel()
        sent = len(server.log.of("RobotCommand"))
        robot.sleep(4.0)
        walk.poll()
        assert len(server.log.of("RobotCommand")) == sent
