"""The fake robot does what its script says, keeps its limits, and its pictures show its world to the millimetre."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from behaviours.contract.common import finish, ready
from behaviours.robot import Command, CommandState
from behaviours.robots.fake.jaws import FULL_GAP_M
from behaviours.robots.fake.robot import FakeDetector, FakeRobot, FakeScript
from perception.base.errors import ConfigError, RobotError
from perception.geometry import Pose

TORQUE_NM = 3.0


def at_the_bottle(robot: FakeRobot, above_foot_m: float = 0.1) -> None:
    """Stand 0.8 m before the bottle, the open hand level around it."""
    x, y, z = robot.world.bottle_m
    goal = Pose.from_rpy((0.0, 0.0, 0.0), (x - 0.8, y, 0.0))
    assert finish(robot, robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)) is CommandState.DONE
    ready(robot)
    assert finish(robot, robot.set_gripper(1.0, max_torque_nm=TORQUE_NM)) is CommandState.DONE
    hand = Pose.from_rpy((0.0, 0.0, 0.0), (x - 0.05, y, z + above_foot_m))
    command = robot.move_hand(hand, max_speed_mps=0.3)
    assert finish(robot, command) is CommandState.DONE, command.poll().reason


def close(robot: FakeRobot) -> None:
    assert finish(robot, robot.set_gripper(0.0, max_torque_nm=TORQUE_NM)) is CommandState.DONE


def lift(robot: FakeRobot, height_m: float = 0.15) -> None:
    hand = robot.hand_pose()
    goal = Pose(hand.rotation, hand.position_m + np.array([0.0, 0.0, height_m]))
    assert finish(robot, robot.move_hand(goal, max_speed_mps=0.2)) is CommandState.DONE


def test_the_closed_hand_holds_the_bottle_with_the_torque_it_was_given_and_carries_it() -> None:
    with FakeRobot() as robot:
        at_the_bottle(robot)
        assert not robot.gripper().holding
        close(robot)
        state = robot.gripper()
        assert state.holding
        assert state.torque_nm == TORQUE_NM
        assert state.opening == pytest.approx(2 * robot.world.radius_m / FULL_GAP_M)
        before = robot.world.bottle_m.copy()
        lift(robot)
        assert robot.world.bottle_m - before == pytest.approx([0.0, 0.0, 0.15], abs=2e-3)
        assert robot.gripper().holding


@pytest.mark.parametrize("above_foot_m", [-0.05, 0.27])
def test_a_hand_beside_the_bottle_closes_on_nothing(above_foot_m: float) -> None:
    with FakeRobot() as robot:
        at_the_bottle(robot, above_foot_m)
        close(robot)
        assert not robot.gripper().holding
        assert robot.gripper().opening == 0.0
        assert robot.gripper().torque_nm == 0.0


def test_scripted_misses_happen_as_often_as_the_script_says() -> None:
    with FakeRobot(FakeScript(misses=2)) as robot:
        at_the_bottle(robot)
        held = []
        for _ in range(3):
            close(robot)
            held.append(robot.gripper().holding)
            assert finish(robot, robot.set_gripper(1.0, max_torque_nm=TORQUE_NM)) is CommandState.DONE
        assert held == [False, False, True]


def test_a_scripted_slip_puts_the_bottle_back_and_the_gripper_notices() -> None:
    with FakeRobot(FakeScript(slips=1)) as robot:
        at_the_bottle(robot)
        close(robot)
        lift(robot)
        assert not robot.gripper().holding
        assert robot.gripper().torque_nm == 0.0
        assert robot.world.bottle_m[2] == robot.world.table_m[2]


def test_scripted_hidden_captures_are_the_first_ones() -> None:
    with FakeRobot(FakeScript(hidden_captures=2)) as robot:
        ready(robot)
        found = [bool(FakeDetector().detect(robot.capture("hand"), ["bottle"], 0.25)) for _ in range(4)]
        assert found == [False, False, True, True]


def ahead(robot: FakeRobot) -> Pose:
    return robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.6), (1.0, 0.0, 0.0))


def hand_up(robot: FakeRobot) -> Pose:
    hand = robot.hand_pose()
    return Pose(hand.rotation, hand.position_m + np.array([0.0, 0.0, 0.05]))


STARTS: dict[str, Callable[[FakeRobot], Command]] = {
    "walk_to": lambda robot: robot.walk_to(ahead(robot), max_speed_mps=0.5, max_yaw_rate_radps=0.8),
    "move_arm": lambda robot: robot.move_arm("carry", max_joint_speed_radps=1.0),
    "move_hand": lambda robot: robot.move_hand(hand_up(robot), max_speed_mps=0.1),
    "set_gripper": lambda robot: robot.set_gripper(1.0, max_torque_nm=TORQUE_NM),
}


@pytest.mark.parametrize(
    ("script", "start", "reason"),
    [
        (FakeScript(walk_blocked=True), "walk_to", "blocked"),
        (FakeScript(arm_stalls=True), "move_hand", "stalled"),
        (FakeScript(out_of_reach=True), "move_hand", "out of reach"),
    ],
)
def test_a_scripted_fault_fails_its_motion_with_a_reason(script: FakeScript, start: str, reason: str) -> None:
    with FakeRobot(script) as robot:
        ready(robot)
        command = STARTS[start](robot)
        assert finish(robot, command) is CommandState.FAILED
        assert reason in command.poll().reason
        for other in set(STARTS) - {start}:
            assert finish(robot, STARTS[other](robot)) is CommandState.DONE


def test_a_robot_that_falls_on_its_walk_fails_every_motion_until_it_gets_up() -> None:
    with FakeRobot(FakeScript(falls=1)) as robot:
        ready(robot)
        walk = STARTS["walk_to"](robot)
        assert finish(robot, walk) is CommandState.FAILED
        assert walk.poll().reason == "the robot has fallen"
        lies = robot.body_pose()
        assert lies.rotation[2, 2] < 0.2
        for start in STARTS.values():
            command = start(robot)
            assert finish(robot, command) is CommandState.FAILED
            assert command.poll().reason == walk.poll().reason
        assert robot.body_pose() == lies
        assert finish(robot, robot.self_right()) is CommandState.DONE
        assert robot.body_pose().rotation[2, 2] > 0.999
        for start in STARTS.values():
            assert finish(robot, start(robot)) is CommandState.DONE


@pytest.mark.parametrize("start", STARTS)
def test_stop_in_the_middle_leaves_every_part_where_it_is(start: str) -> None:
    with FakeRobot() as robot:
        ready(robot)
        command = STARTS[start](robot)
        robot.sleep(0.2)
        assert command.poll().state is CommandState.RUNNING
        robot.stop()
        body, hand, opening = robot.body_pose(), robot.hand_pose(), robot.gripper().opening
        robot.sleep(5.0)
        assert (robot.body_pose(), robot.hand_pose(), robot.gripper().opening) == (body, hand, opening)
        assert command.poll().state is CommandState.CANCELLED


@pytest.mark.parametrize(("speed", "rate"), [(0.5, 0.8), (0.1, 0.8), (0.5, 0.1)])
def test_a_walk_takes_as_long_as_its_slower_limit_asks(speed: float, rate: float) -> None:
    with FakeRobot() as robot:
        goal = ahead(robot)
        began = robot.now()
        assert finish(robot, robot.walk_to(goal, max_speed_mps=speed, max_yaw_rate_radps=rate)) is CommandState.DONE
        assert robot.now() - began == pytest.approx(max(1.0 / speed, 0.6 / rate), abs=0.06)


def test_a_walk_turns_the_short_way_round() -> None:
    with FakeRobot() as robot:
        for yaw in (3.0, -3.0):
            goal = Pose.from_rpy((0.0, 0.0, yaw), (0.0, 0.0, 0.0))
            began = robot.now()
            finish(robot, robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=1.0))
        assert robot.now() - began == pytest.approx(2 * np.pi - 6.0, abs=0.06)


def test_outside_with_it_is_not_connected_but_can_be_stopped() -> None:
    robot = FakeRobot()
    for _ in range(2):
        robot.stop()
        with pytest.raises(RobotError, match="not connected"):
            robot.capture("hand")
        with pytest.raises(RobotError, match="not connected"):
            robot.sleep(0.1)
        for start in STARTS.values():
            with pytest.raises(RobotError, match="not connected"):
                start(robot)
        with robot:
            robot.sleep(0.1)


def test_a_lost_connection_fails_every_call_but_never_the_stop() -> None:
    with FakeRobot(FakeScript(lost_after_s=1.0)) as robot:
        walk = STARTS["walk_to"](robot)
        robot.sleep(1.0)
        with pytest.raises(RobotError, match=r"lost at 1\.00 s"):
            robot.sleep(0.1)
        with pytest.raises(RobotError, match="lost"):
            robot.capture("hand")
        for start in STARTS.values():
            with pytest.raises(RobotError, match="lost"):
                start(robot)
        robot.stop()
    assert walk.poll().state is CommandState.CANCELLED


def test_an_unknown_arm_pose_is_refused_with_the_choices() -> None:
    with FakeRobot() as robot, pytest.raises(ConfigError, match=r"'salute'.*stow, ready, carry"):
        robot.move_arm("salute", max_joint_speed_radps=1.0)  # type: ignore[arg-type]


def test_two_robots_share_no_world() -> None:
    first, second = FakeRobot(), FakeRobot()
    with first:
        at_the_bottle(first)
        close(first)
        lift(first)
    assert second.world.bottle_m[2] == second.world.table_m[2]


def test_only_real_time_waits_for_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("behaviours.robots.fake.robot.time.sleep", waits.append)
    with FakeRobot() as robot:
        robot.sleep(0.25)
    assert waits == []
    with FakeRobot(real_time=True) as robot:
        robot.sleep(0.25)
        assert robot.now() == 0.25
    assert waits == [0.25]
