# ruff: noqa: PT012
"""What ends the control of a robot in the middle of a run, and what does not."""

from __future__ import annotations

import threading
import time

import pytest

pytest.importorskip("bosdyn.client")


from behaviours.contract.common import finish
from behaviours.robot import CommandState, Outcome
from behaviours.robots.fake.robot import FakeRobot
from behaviours.robots.spot.link.connection import Target
from behaviours.robots.spot.link.errors import Loss, LostRobotError
from behaviours.robots.spot.options import SpotOptions
from behaviours.robots.spot.robot import SpotRobot
from perception.base.errors import RobotError
from perception.geometry import Pose
from simulation.spot_api.body.machine import FALL, HARDWARE
from tests.behaviours.spot.test_session import holder
from tests.support.spot_api import connect, spot, wait_for
from tests.support.spot_robot import adapter, working

pytestmark = pytest.mark.slow


def test_a_stolen_lease_ends_everything_and_names_the_thief() -> None:
    with spot(speed=4.0) as server:
        with pytest.raises(LostRobotError, match=r"lease is lost: it is held by thief"), adapter(server) as robot:
            goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (3.0, 0.0, 0.0))
            robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.5)
            robot.sleep(0.3)
            connect(server, "thief").leases.take()
            sent = len(server.log.of("RobotCommand"))
            with pytest.raises(LostRobotError, match="thief"):
                robot.set_gripper(1.0, max_torque_nm=1.0)
            with pytest.raises(LostRobotError, match="thief"):
                robot.gripper()
            robot.stop()
            robot.sleep(5.0)
        later = [item.client for item in server.log.of("RobotCommand")[sent + 1 :]]
        assert later == [], "commands after the loss"
        assert holder(server).startswith("thief")
        assert server.log.of("ReturnLease") == []


def test_a_theft_is_noticed_without_a_command() -> None:
    with spot() as server, pytest.raises(LostRobotError, match="thief"), adapter(server) as robot:
        connect(server, "thief").leases.take()
        while True:
            robot.sleep(0.5)


def test_a_pressed_estop_ends_the_run_without_any_further_command() -> None:
    with spot(speed=4.0) as server:
        with pytest.raises(LostRobotError, match=r"e-stop has stopped"), adapter(server) as robot:
            server.estop.pressed = True
            wait_for(lambda: not server.machine.motors_on())
            sent = len(server.log.of("RobotCommand"))
            robot.sleep(1.0)
        assert len(server.log.of("RobotCommand")) == sent
        assert holder(server) == ""


def test_a_behaviour_fault_in_the_middle_ends_the_run() -> None:
    with spot() as server:
        with pytest.raises(LostRobotError, match="CAUSE_FALL") as caught, adapter(server) as robot:
            server.machine.add_fault(FALL)
            robot.sleep(1.0)
        assert caught.value.loss is Loss.POWER


def test_a_robot_that_may_get_up_fails_its_commands_after_a_fall_until_it_has() -> None:
    fake = FakeRobot()
    with spot(fake, speed=4.0) as server, adapter(server, self_right=True) as robot:
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (2.0, 0.0, 0.0))
        walk = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        robot.sleep(0.5)
        fake.fallen = True
        assert finish(robot, walk) is CommandState.FAILED
        assert "has fallen (CAUSE_FALL)" in walk.poll().reason
        sent = len(server.log.of("RobotCommand"))
        refused = robot.move_arm("ready", max_joint_speed_radps=1.0)
        assert refused.poll() == Outcome(CommandState.FAILED, walk.poll().reason)
        assert len(server.log.of("RobotCommand")) == sent
        robot.stop()
        assert finish(robot, robot.self_right()) is CommandState.DONE
        assert not fake.fallen
        assert not server.machine.faults()
        assert [item.fields for item in server.log.of("RobotCommand") if "selfright" in str(item.fields)]
        assert abs(robot.body_pose().position_m[2] - 0.52) < 0.05
        assert finish(robot, robot.move_arm("ready", max_joint_speed_radps=1.5)) is CommandState.DONE


@pytest.mark.parametrize("wait_s", [0.0, 0.02, 0.05, 0.1])
def test_a_fall_at_any_moment_of_a_start_fails_the_motion_and_loses_nothing(wait_s: float) -> None:
    fake = FakeRobot()
    with spot(fake, speed=4.0) as server, adapter(server, self_right=True) as robot:
        threading.Timer(wait_s, lambda: server.machine.add_fault(FALL)).start()
        begun_s = time.monotonic()
        while time.monotonic() < begun_s + 1.0:  # every command is sent once more, before the state is read again
            moved = robot.move_arm("ready", max_joint_speed_radps=1.0)
        assert moved.poll() == Outcome(CommandState.FAILED, "the robot has fallen (CAUSE_FALL)")
        assert finish(robot, robot.self_right()) is CommandState.DONE


def test_another_fault_is_a_loss_even_to_a_robot_that_may_get_up() -> None:
    with (
        spot() as server,
        pytest.raises(LostRobotError, match="CAUSE_HARDWARE"),
        adapter(server, self_right=True) as robot,
    ):
        server.machine.add_fault(HARDWARE)
        robot.sleep(1.0)


def test_a_cut_connection_ends_the_run_and_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("behaviours.robots.spot.link.link.LOST_AFTER_S", 1.0)
    with spot(speed=4.0) as server:
        with (
            pytest.raises(LostRobotError, match=r"connection to 127.0.0.1 is lost") as caught,
            adapter(server) as robot,
        ):
            server.cut_connection()
            robot.sleep(3600.0)  # a quarter of an hour at this speed, which the time limit of a test would not allow
        assert caught.value.loss is Loss.LINK


def test_a_connection_that_comes_back_soon_is_no_loss() -> None:
    with working(speed=2.0) as (server, robot):
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (0.4, 0.0, 0.0))
        walk = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        server.cut_connection()
        time.sleep(0.3)
        server.restore_connection()
        assert finish(robot, walk) is CommandState.DONE


def test_outside_with_it_is_not_connected() -> None:
    robot = SpotRobot(Target("127.0.0.1"), SpotOptions())
    robot.stop()
    for call in (lambda: robot.sleep(0.1), robot.gripper, lambda: robot.capture("hand"), robot.body_pose):
        with pytest.raises(RobotError, match="not connected"):
            call()
    assert robot.now() == 0.0
