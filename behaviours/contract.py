"""The contract of every robot adapter, as plain functions; `CONTRACT` lists them.

Each takes a function that makes a fresh robot, not yet entered, and raises AssertionError where the robot breaks it,
CannotJudge where it lacks what is needed to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest import SkipTest

import numpy as np

from behaviours.robot import Command, CommandState, Robot
from perception.base.errors import ConfigError, LimitError
from perception.geometry import Pose
from perception.surface.seen_again import seen_again

MakeRobot = Callable[[], Robot]
TICK_S = 0.05
ARRIVE_M, ARRIVE_RAD = 0.05, 0.05
TURNS = tuple(Pose.from_rpy(rpy) for rpy in ((0.0, 0.3, 0.0), (0.0, 0.0, 0.3), (0.3, 0.0, 0.0)))
"""Of the hand: down, to the left, and about the direction in which it points."""
ENOUGH_POINTS = 200


class CannotJudge(SkipTest):
    """Whether the robot keeps the rule cannot be told, and why; pytest takes it as a skipped test."""


def finish(robot: Robot, command: Command, limit_s: float = 30.0) -> CommandState:
    """Let the robot run until the command has ended; its final state."""
    end_s = robot.now() + limit_s
    while command.poll().state is CommandState.RUNNING:
        assert robot.now() < end_s, f"a command still runs after {limit_s} s"
        robot.sleep(TICK_S)
    return command.poll().state


def ready(robot: Robot) -> None:
    assert finish(robot, robot.move_arm("ready", max_joint_speed_radps=2.0)) is CommandState.DONE


def the_clock_moves_with_sleep(make: MakeRobot) -> None:
    with make() as robot:
        before = robot.now()
        robot.sleep(0.3)
        after = robot.now()
        assert after >= before + 0.3 - 1e-6
        assert robot.now() >= after
        if robot.simulated_time:
            assert robot.now() == after


def frames_are_whole(make: MakeRobot) -> None:
    with make() as robot:
        frame = robot.capture("hand")
        assert frame.rgb.shape == (*frame.intrinsics.shape, 3)
        assert frame.depth.shape == frame.intrinsics.shape
        assert not frame.rgb.flags.writeable
        assert not frame.depth.flags.writeable
        assert (frame.depth > 0).any()
        assert abs(frame.time_s - robot.now()) < 1.0
        offset = robot.hand_pose().inverse() @ frame.world_from_camera
        assert np.linalg.norm(offset.position_m) < 0.1, "the hand camera is not in the hand"


def an_unknown_camera_is_refused(make: MakeRobot) -> None:
    with make() as robot:
        message = ""
        try:
            robot.capture("no such camera")
        except ConfigError as error:
            message = str(error)
        assert "no such camera" in message
        assert "hand" in message


def it_walks_to_a_pose(make: MakeRobot) -> None:
    with make() as robot:
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.4), (0.3, 0.1, 0.0))
        command = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        assert finish(robot, command) is CommandState.DONE
        body = robot.body_pose()
        assert np.linalg.norm((body.position_m - goal.position_m)[:2]) < ARRIVE_M
        assert abs(body.yaw_rad - goal.yaw_rad) < ARRIVE_RAD


def it_keeps_the_walking_speed(make: MakeRobot) -> None:
    with make() as robot:
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (0.5, 0.0, 0.0))
        command = robot.walk_to(goal, max_speed_mps=0.25, max_yaw_rate_radps=0.8)
        since, place = robot.now(), robot.body_pose().position_m
        while command.poll().state is CommandState.RUNNING and robot.now() < since + 10.0:
            robot.sleep(0.2)
            moved = float(np.linalg.norm(robot.body_pose().position_m - place))
            assert moved <= 0.25 * (robot.now() - since) * 1.1 + 0.01
            since, place = robot.now(), robot.body_pose().position_m


def the_hand_goes_where_it_is_sent(make: MakeRobot) -> None:
    with make() as robot:
        ready(robot)
        hand = robot.hand_pose()
        goal = Pose(hand.rotation, hand.position_m + np.array([0.05, 0.0, -0.05]))
        assert finish(robot, robot.move_hand(goal, max_speed_mps=0.3)) is CommandState.DONE
        assert robot.hand_pose().distance_m(goal) < 0.02


def the_hand_turns_as_it_is_sent(make: MakeRobot) -> None:
    """A turn that the arm cannot do fails with a reason; at least one of them it can."""
    with make() as robot:
        ready(robot)
        hand = robot.hand_pose()
        turned = 0
        for goal in (hand @ turn for turn in TURNS):
            command = robot.move_hand(goal, max_speed_mps=0.3)
            if finish(robot, command) is CommandState.FAILED:
                assert command.poll().reason, "it failed without a reason"
                continue
            turned += 1
            off_rad = robot.hand_pose().angle_rad(goal)
            assert off_rad < 2 * ARRIVE_RAD, f"the hand is {off_rad:.2f} rad from the direction it was sent to"
            assert robot.hand_pose().distance_m(goal) < 0.02, "the hand moves away when it is turned on the spot"
        assert turned, "the hand cannot be turned"


def the_hand_camera_looks_where_the_hand_points(make: MakeRobot) -> None:
    """It is fixed to the hand and looks out of the palm, and what it sees from two places is in the same place."""
    with make() as robot:
        ready(robot)
        hand, first = robot.hand_pose(), robot.capture("hand")
        mount = hand.inverse() @ first.world_from_camera
        ahead = float(mount.rotation[0, 2])
        assert ahead > 0.7, f"the hand camera looks {np.degrees(np.arccos(ahead)):.0f} degrees off the hand's x axis"
        seen = 0
        for turn in TURNS:
            if finish(robot, robot.move_hand(hand @ turn, max_speed_mps=0.3)) is not CommandState.DONE:
                continue
            frame = robot.capture("hand")
            now = robot.hand_pose().inverse() @ frame.world_from_camera
            fixed = now.distance_m(mount) < 0.02 and now.angle_rad(mount) < ARRIVE_RAD
            assert fixed, "the hand camera does not move with the hand"
            points, same = seen_again(first, frame)
            if points >= ENOUGH_POINTS:
                seen += 1
                assert same > 0.6, f"of what the hand camera saw {1 - same:.0%} is elsewhere after the hand has turned"
        if not seen:
            raise CannotJudge("the hand camera sees no surface from two places; put something before it")


def out_of_reach_fails_with_a_reason(make: MakeRobot) -> None:
    with make() as robot:
        ready(robot)
        hand = robot.hand_pose()
        far = Pose(hand.rotation, hand.position_m + np.array([5.0, 0.0, 0.0]))
        command = robot.move_hand(far, max_speed_mps=0.5)
        assert finish(robot, command) is CommandState.FAILED
        assert command.poll().reason
        assert robot.hand_pose().distance_m(hand) < 0.02


def the_gripper_opens_and_closes_within_its_torque(make: MakeRobot) -> None:
    with make() as robot:
        assert finish(robot, robot.set_gripper(1.0, max_torque_nm=2.0)) is CommandState.DONE
        assert robot.gripper().opening > 0.9
        command = robot.set_gripper(0.0, max_torque_nm=1.5)
        while command.poll().state is CommandState.RUNNING:
            robot.sleep(TICK_S)
            state = robot.gripper()
            assert 0.0 <= state.opening <= 1.0
            assert state.torque_nm <= 1.5 + 1e-3
        assert robot.gripper().opening < 0.1
        assert not robot.gripper().holding


def it_holds_what_is_between_its_jaws(make: MakeRobot) -> None:
    """Judged on a robot with a method `put_between_jaws`, which puts something there; a simulated one can have it."""
    with make() as robot:
        put = getattr(robot, "put_between_jaws", None)
        if put is None:
            raise CannotJudge("nothing can be put between its jaws: it has no method put_between_jaws")
        ready(robot)
        assert finish(robot, robot.set_gripper(1.0, max_torque_nm=1.5)) is CommandState.DONE
        put()
        assert not robot.gripper().holding, "it says that it holds something with open jaws"
        assert finish(robot, robot.set_gripper(0.0, max_torque_nm=1.5)) is CommandState.DONE
        for _ in range(2):
            state = robot.gripper()
            assert state.holding, "it has closed on something and does not say that it holds it"
            assert state.opening > 0.02, "it has closed on something, and its jaws are as close as without"
            assert 0.0 < state.torque_nm <= 1.5 + 1e-3, f"it holds something with {state.torque_nm:g} N·m"
            robot.sleep(1.0)
        assert finish(robot, robot.set_gripper(1.0, max_torque_nm=1.5)) is CommandState.DONE
        assert not robot.gripper().holding, "it says that it holds something after it has let go"


def nonsense(robot: Robot) -> Iterator[tuple[str, Callable[[], Command]]]:
    """Every command with one value that is no limit, or beyond the robot's, or no goal: (its words, the call)."""
    own, here = robot.limits, robot.hand_pose()
    far = Pose(here.rotation, here.position_m + 1e9)
    asked: tuple[tuple[str, Any, dict[str, float], tuple[Any, ...]], ...] = (
        (
            "walk_to",
            robot.body_pose(),
            {"max_speed_mps": own.walking_speed_mps, "max_yaw_rate_radps": own.yaw_rate_radps},
            (far,),
        ),
        ("move_arm", "ready", {"max_joint_speed_radps": own.joint_speed_radps}, ("up", "")),
        ("move_hand", here, {"max_speed_mps": own.hand_speed_mps}, (far,)),
        ("set_gripper", 0.5, {"max_torque_nm": own.jaw_torque_nm}, (-0.1, 1.1, np.nan, np.inf)),
    )
    for name, goal, limits, bad_goals in asked:
        for bad_goal in bad_goals:
            yield name, partial(getattr(robot, name), bad_goal, **limits)
        for limit, greatest in limits.items():
            for value in (0.0, -0.0, -1.0, -1e-9, 1e-9, 1e-300, np.nan, np.inf, -np.inf, 1.001 * greatest, 1e308):
                yield limit, partial(getattr(robot, name), goal, **limits | {limit: value})


def nonsense_is_refused_and_changes_nothing(make: MakeRobot) -> None:
    with make() as robot:
        ahead = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
        walk = robot.walk_to(ahead, max_speed_mps=0.1, max_yaw_rate_radps=0.5)
        arm = robot.move_arm("ready", max_joint_speed_radps=0.2)
        jaws = robot.set_gripper(1.0, max_torque_nm=2.0)
        for words, command in nonsense(robot):
            message = ""
            try:
                command()
            except LimitError as error:
                message = str(error)
            assert words in message, f"{command} was accepted"
        assert walk.poll().state is CommandState.RUNNING
        assert arm.poll().state is CommandState.RUNNING
        assert finish(robot, jaws) is CommandState.DONE
        assert robot.body_pose().distance_m(ahead) > 0.3


def cancel_stops_and_is_final(make: MakeRobot) -> None:
    with make() as robot:
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
        command = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        robot.sleep(0.5)
        command.cancel()
        command.cancel()
        assert command.poll().state is CommandState.CANCELLED
        robot.sleep(0.3)
        place = robot.body_pose()
        robot.sleep(0.3)
        assert robot.body_pose().distance_m(place) < 0.01
        assert command.poll().state is CommandState.CANCELLED


def a_new_command_cancels_the_old_of_its_part(make: MakeRobot) -> None:
    with make() as robot:
        ahead = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
        first = robot.walk_to(ahead, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        arm = robot.move_arm("ready", max_joint_speed_radps=1.0)
        robot.sleep(0.2)
        second = robot.walk_to(robot.body_pose(), max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        assert first.poll().state is CommandState.CANCELLED
        assert arm.poll().state is CommandState.RUNNING
        assert finish(robot, second) is CommandState.DONE


def stop_stops_everything_at_any_time(make: MakeRobot) -> None:
    robot = make()
    robot.stop()
    with robot:
        robot.stop()
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
        walk = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        arm = robot.move_arm("ready", max_joint_speed_radps=1.0)
        robot.sleep(0.2)
        robot.stop()
        robot.stop()
        assert walk.poll().state is CommandState.CANCELLED
        assert arm.poll().state is CommandState.CANCELLED


def an_error_inside_stops_the_robot(make: MakeRobot) -> None:
    commands: list[Command] = []
    try:
        with make() as robot:
            goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
            commands.append(robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8))
            robot.sleep(0.2)
            raise KeyError("in the middle")
    except KeyError:
        pass
    assert commands[0].poll().state is CommandState.CANCELLED


CONTRACT: tuple[Callable[[MakeRobot], None], ...] = (
    the_clock_moves_with_sleep,
    frames_are_whole,
    an_unknown_camera_is_refused,
    it_walks_to_a_pose,
    it_keeps_the_walking_speed,
    the_hand_goes_where_it_is_sent,
    the_hand_turns_as_it_is_sent,
    the_hand_camera_looks_where_the_hand_points,
    out_of_reach_fails_with_a_reason,
    the_gripper_opens_and_closes_within_its_torque,
    it_holds_what_is_between_its_jaws,
    nonsense_is_refused_and_changes_nothing,
    cancel_stops_and_is_final,
    a_new_command_cancels_the_old_of_its_part,
    stop_stops_everything_at_any_time,
    an_error_inside_stops_the_robot,
)
