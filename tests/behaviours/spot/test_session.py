"""Getting control and giving it back: what is refused with which words, what is sent, what is left behind."""

# ruff: noqa: PT012  (the robot is left by the error that is expected, and that is part of what is tested)

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import estop_pb2, robot_state_pb2
from bosdyn.client.lease import LeaseKeepAlive

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.commands.tree_files import preflight
from behaviours.contract.common import finish, ready
from behaviours.robot import CommandState
from behaviours.robots.spot.control.pulse import LIMIT_S
from behaviours.robots.spot.link.connection import Connection, Target
from behaviours.robots.spot.link.errors import Loss, LostRobotError
from behaviours.robots.spot.options import SpotOptions
from behaviours.robots.spot.robot import SpotRobot
from perception.base.errors import ConfigError, RobotError
from perception.geometry import Pose
from simulation.spot_api import SpotServer
from simulation.spot_api.body.machine import FALL, HARDWARE
from tests.support.spot_api import connect, spot, wait_for
from tests.support.spot_robot import adapter, target_of, working

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
    with working(speed=1.0) as (server, robot):
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
        walk = robot.walk_to(goal, max_speed_mps=0.3, max_yaw_rate_radps=0.8)
        before = server.log.counts["RobotCommandService.RobotCommandFeedback"]
        for _ in range(10):
            assert walk.poll().state is CommandState.RUNNING
        assert server.log.counts["RobotCommandService.RobotCommandFeedback"] - before == 10
        walk.cancel()
        for _ in range(10):
            walk.poll()
        assert server.log.counts["RobotCommandService.RobotCommandFeedback"] - before == 10


@pytest.mark.parametrize("limits", [(0.0, 1.0), (-0.3, 1.0), (0.3, 0.0), (float("nan"), 1.0)])
def test_a_walk_without_a_positive_limit_is_refused(limits: tuple[float, float]) -> None:
    with working() as (server, robot):
        with pytest.raises(ConfigError, match="positive"):
            robot.walk_to(robot.body_pose(), max_speed_mps=limits[0], max_yaw_rate_radps=limits[1])
        assert "se2_trajectory" not in commands_of(server)


# logging in, preflight, command line


def test_a_wrong_password_says_where_it_comes_from_and_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with spot() as server:
        wrong = Target("127.0.0.1", server.port, server.ca_file, ("user", "very-secret-word"))
        with pytest.raises(ConfigError, match="BOSDYN_CLIENT_USERNAME") as caught:
            Connection(wrong).open()
        assert "very-secret-word" not in str(caught.value)
        assert "very-secret-word" not in repr(wrong)


def test_credentials_come_from_the_environment_and_are_written_nowhere(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)
    with spot(password="a-secret-of-the-robot") as server:
        monkeypatch.setenv("BOSDYN_CLIENT_USERNAME", "user")
        monkeypatch.setenv("BOSDYN_CLIENT_PASSWORD", "a-secret-of-the-robot")
        arguments = ["--hostname", "127.0.0.1", "--port", str(server.port), "--certificate", str(server.ca_file)]
        with Interrupts() as interrupts:
            assert main(["check", "grasp_bottle", *arguments], interrupts) == 0
            run = ["run", "grasp_bottle", "--robot", "spot", "--record", "r", "--view", "plain", "--time-limit", "0.3"]
            assert main([*run, *arguments], interrupts) == 1
        assert not server.machine.motors_on()
        assert holder(server) == ""
    told = capsys.readouterr()
    everything = told.out + told.err + caplog.text
    everything += "".join(file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file())
    assert "a-secret-of-the-robot" not in everything
    assert json.loads((tmp_path / "r" / "result.json").read_text())["robot"] == "spot"


def test_without_credentials_and_terminal_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOSDYN_CLIENT_USERNAME", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with spot() as server, pytest.raises(ConfigError, match="BOSDYN_CLIENT_PASSWORD"):
        Connection(Target("127.0.0.1", server.port, server.ca_file)).open()


def test_an_unknown_certificate_authority_is_not_trusted() -> None:
    with spot() as server:
        trusting_the_vendor_only = Target("127.0.0.1", server.port, None, ("user", server.password))
        with pytest.raises(RobotError, match=r"certificate.*--certificate|does not answer while logging in"):
            Connection(trusting_the_vendor_only).open()


def test_the_preflight_only_looks() -> None:
    with spot() as server:
        rows = preflight.preflight(target_of(server))
        assert all(row.verdict == "ok" for row in rows), preflight.table(rows)
        assert {row.what for row in rows} >= {
            "e-stop", "lease", "motors", "faults", "battery", "arm", "time sync", "cameras"
        }  # fmt: skip
        assert server.log.commands == []


def test_the_preflight_finds_what_would_stop_a_run() -> None:
    with spot() as server:
        connect(server, "tablet").leases.acquire()
        server.machine.add_fault(FALL)
        server.estop.pressed = True
        rows = {row.what: row for row in preflight.preflight(target_of(server)) if row.verdict == "fail"}
        assert set(rows) >= {"e-stop", "lease", "faults"}
        assert "tablet" in rows["lease"].words
        assert "CAUSE_FALL" in rows["faults"].words


@pytest.mark.parametrize(
    ("percent", "verdict"), [(None, "note"), (5.0, "fail"), (10.0, "note"), (29.9, "note"), (30.0, "ok")]
)
def test_the_battery_is_judged_at_its_boundaries(percent: float | None, verdict: str) -> None:
    assert preflight.battery_row(percent).verdict == verdict


def test_a_robot_without_an_arm_is_not_ready() -> None:
    from behaviours.robots.spot.state import RobotView

    rows = preflight.state_rows(RobotView(robot_state_pb2.RobotState()))
    assert ("arm", "fail") in [(row.what, row.verdict) for row in rows]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--robot", "spot"], "needs --hostname"),
        (["--robot", "fake", "--hostname", "x"], "--hostname: not for --robot fake"),
        (["--robot", "genesis", "--take-lease"], "--take-lease: not for --robot genesis"),
        (["--robot", "spot", "--hostname", "h", "--scene", "bottle"], "--scene: not for a real Spot"),
        (["--robot", "spot", "--hostname", "sim", "--port", "4"], "--port: a simulated Spot"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with Interrupts() as interrupts:
        assert main(["run", "grasp_bottle", *arguments], interrupts) == 2
    assert words in capsys.readouterr().err
