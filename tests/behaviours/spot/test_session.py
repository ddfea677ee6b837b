"""Getting control and giving it back: what is refused with which words, what is sent, what is left behind."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import estop_pb2
from bosdyn.client.lease import LeaseKeepAlive

from behaviours.contract.common import finish, ready
from behaviours.robot import CommandState
from behaviours.robots.spot.control.pulse import LIMIT_S
from behaviours.robots.spot.link.errors import LostRobotError
from perception.base.errors import ConfigError, RobotError
from perception.geometry import Pose
from simulation.spot_api import SpotServer
from simulation.spot_api.body.machine import FALL, HARDWARE
from tests.support.spot_api import connect, spot, wait_for
from tests.support.spot_robot import adapter, working

pytestmark = pytest.mark.slow

MOTIONS = ("RobotCommand", "PowerCommand")


def commands_of(server: SpotServer) -> list[str]:
    """The kinds of the robot commands that came, in order: the names in the oneofs."""
    kinds = []
    for item in server.log.of("RobotCommand"):
        command = item.fields["command"]
        if "full_body_command" in command:
            kinds.append(next(iter(command["full_body_command"])).removesuffix("_request"))
            continue
        for slot in command["synchronized_command"].values():
            kinds.append(next(key for key in slot if key.endswith(("_request", "_command"))).removesuffix("_request"))
    return kinds


def nothing_moved(server: SpotServer) -> bool:
    return not any(server.log.of(method) for method in MOTIONS)


def holder(server: SpotServer) -> str:
    resources = connect(server, "looker", sync=False).leases.list_leases()
    return next(item.lease_owner.client_name for item in resources if item.resource == "body")


def test_without_a_configured_estop_nothing_moves_and_no_lease_is_taken() -> None:
    with spot(operator_estop=False) as server:
        with pytest.raises(RobotError, match=r"no e-stop is configured.*--own-estop"), adapter(server):
            pass
        assert nothing_moved(server)
        assert server.log.of("AcquireLease") == []
        assert server.log.of("SetEstopConfig") == []


def test_a_pressed_estop_is_named_and_nothing_moves() -> None:
    with spot() as server:
        server.estop.pressed = True
        with pytest.raises(RobotError, match=r"e-stop is not released.*pressed.*release it"), adapter(server):
            pass
        assert nothing_moved(server)


def test_a_lease_of_somebody_else_is_left_alone_and_its_holder_named() -> None:
    with spot() as server:
        other = connect(server, "tablet")
        with LeaseKeepAlive(other.leases, must_acquire=True, return_at_exit=True):
            with pytest.raises(RobotError, match=r"controlled by tablet.*--take-lease"), adapter(server):
                pass
            assert holder(server).startswith("tablet")
            assert server.log.of("TakeLease") == []
            assert nothing_moved(server)


def test_take_lease_takes_it() -> None:
    with spot() as server:
        connect(server, "tablet").leases.acquire()
        with adapter(server, take_lease=True):
            assert holder(server).startswith("spot-grasp")
        assert holder(server) == ""


def test_found_off_it_is_left_sitting_with_the_motors_off_and_the_lease_returned() -> None:
    with spot() as server:
        with adapter(server):
            assert server.machine.motors_on()
            assert server.machine.posture() == "standing"
            assert holder(server).startswith("spot-grasp")
        assert not server.machine.motors_on()
        assert server.machine.posture() == "sitting"
        assert holder(server) == ""
        assert len(server.log.of("ReturnLease")) == 1
        assert commands_of(server)[-1] == "safe_power_off"


def test_found_standing_it_is_left_standing() -> None:
    with spot() as server:
        with adapter(server, at_end="stand"):
            pass
        assert server.machine.posture() == "standing"
        with adapter(server):
            pass
        assert server.machine.motors_on()
        assert server.machine.posture() == "standing"
        assert holder(server) == ""


def test_asked_to_sit_it_sits_with_the_motors_on_and_the_arm_stowed() -> None:
    with spot() as server:
        with adapter(server, at_end="sit") as robot:
            ready(robot)
        assert server.machine.motors_on()
        assert server.machine.posture() == "sitting"
        assert commands_of(server)[-2:] == ["named_arm_position_command", "sit"]


def test_what_was_begun_is_taken_back_when_standing_up_is_impossible() -> None:
    with spot() as server:
        server.machine.add_fault(FALL)
        with pytest.raises(RobotError, match=r"CAUSE_FALL.*--clear-faults"), adapter(server):
            pass
        assert holder(server) == ""
        assert nothing_moved(server)


def test_clearable_faults_are_cleared_only_when_asked() -> None:
    with spot() as server:
        server.machine.add_fault(FALL)
        with adapter(server, clear_faults=True) as robot:
            assert robot.body_pose().position_m[2] > 0.4
        assert len(server.log.of("ClearBehaviorFault")) == 1
        server.machine.add_fault(HARDWARE, clearable=False)
        with pytest.raises(RobotError, match=r"CAUSE_HARDWARE.*cannot be cleared"), adapter(server, clear_faults=True):
            pass
        assert len(server.log.of("ClearBehaviorFault")) == 1


def test_our_own_estop_is_registered_only_when_asked_and_ends_with_the_motors_off() -> None:
    with spot(operator_estop=False) as server:
        with adapter(server, own_estop=True) as robot:
            robot.sleep(0.5)
            assert server.estop.level() == estop_pb2.ESTOP_LEVEL_NONE
        assert not server.machine.motors_on()
        assert server.estop.level() != estop_pb2.ESTOP_LEVEL_NONE
        assert len(server.log.of("RegisterEstopEndpoint")) == 1


def test_our_own_estop_is_refused_while_the_motors_are_on() -> None:
    with spot() as server:
        with adapter(server, at_end="stand"):
            pass
        with pytest.raises(RobotError, match=r"--own-estop would cut the motors"), adapter(server, own_estop=True):
            pass
        assert server.machine.motors_on()
        assert server.log.of("SetEstopConfig") == []


@pytest.mark.parametrize("at_end", ["stand", "sit"])
def test_our_own_estop_and_motors_left_on_exclude_each_other(at_end: Any) -> None:
    with spot() as server, pytest.raises(ConfigError, match="--at-end"), adapter(server, own_estop=True, at_end=at_end):
        pass


def test_our_estop_and_lease_lapse_when_the_tick_loop_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    hung_s = [0.0]
    clock = (LIMIT_S, lambda: time.monotonic() + hung_s[0])
    monkeypatch.setattr("behaviours.robots.spot.control.pulse.Pulse.__init__.__defaults__", clock)
    monkeypatch.setattr("behaviours.robots.spot.control.estop.TIMEOUT_S", 4.0)
    with spot(operator_estop=False, speed=4.0) as server, adapter(server, own_estop=True) as robot:
        robot.sleep(0.2)
        assert server.machine.motors_on()
        hung_s[0] = 2 * LIMIT_S
        wait_for(lambda: not server.machine.motors_on())
        with pytest.raises(LostRobotError, match=r"e-stop has stopped the robot|motors went off"):
            robot.sleep(1.0)


def test_every_claw_command_carries_its_torque_and_every_walk_both_limits_and_an_end() -> None:
    with working() as (server, robot):
        ready(robot)
        finish(robot, robot.set_gripper(1.0, max_torque_nm=3.0))
        finish(robot, robot.set_gripper(0.0, max_torque_nm=1.25))
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (0.2, 0.1, 0.0))
        finish(robot, robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8))
        hand = robot.hand_pose()
        up = Pose(hand.rotation, hand.position_m + np.array([0.0, 0.0, 0.05]))
        finish(robot, robot.move_hand(up, max_speed_mps=0.2))
        assert server.log.claw_torques() == [3.0, 1.25]
        sent = [item.fields["command"].get("synchronized_command", {}) for item in server.log.of("RobotCommand")]
        walks = [
            item["mobility_command"] for item in sent if "se2_trajectory_request" in item.get("mobility_command", {})
        ]
        assert walks, "sent again before its short end time, if the walk takes longer"
        for walk in walks:
            assert walk["se2_trajectory_request"]["se2_frame_name"] == "vision"
            assert "end_time" in walk["se2_trajectory_request"]
            limit = walk["params"]["vel_limit"]
            for side, sign in (("max_vel", 1), ("min_vel", -1)):
                x, y = limit[side]["linear"]["x"], limit[side]["linear"]["y"]
                assert x * sign > 0
                assert y * sign > 0
                assert (x**2 + y**2) ** 0.5 <= 0.5
                assert limit[side]["angular"] == pytest.approx(sign * 0.8)
        arms = [item["arm_command"] for item in sent if "arm_cartesian_command" in item.get("arm_command", {})]
        cartesian = arms[-1]["arm_cartesian_command"]
        assert cartesian["root_frame_name"] == "vision"
        assert cartesian["max_linear_velocity"] == pytest.approx(0.2)
        assert "max_angular_velocity" in cartesian
        assert "disable_velocity_limiting" not in cartesian


def test_one_poll_is_one_feedback_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with working() as (server, robot):
        far = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (900.0, 0.0, 0.0))
        walk = robot.walk_to(far, max_speed_mps=0.3, max_yaw_rate_radps=0.8)
        before = server.log.counts["RobotCommandService.RobotCommandFeedback"]
        for _ in range(10):
            assert walk.poll().state is CommandState.RUNNING
        assert server.log.counts["RobotCommandService.RobotCommandFeedback"] - before == 10
        walk.cancel()
        for _ in range(10):
            walk.poll()
        assert server.log.counts["RobotCommandService.RobotCommandFeedback"] - before == 10


def test_a_walk_without_a_positive_limit_is_refused() -> None:
    with working() as (server, robot):
        for speed, rate in ((0.0, 1.0), (-0.3, 1.0), (0.3, 0.0), (float("nan"), 1.0)):
            with pytest.raises(ConfigError, match="positive"):
                robot.walk_to(robot.body_pose(), max_speed_mps=speed, max_yaw_rate_radps=rate)
        assert "se2_trajectory" not in commands_of(server)


# logging in, preflight, command line
