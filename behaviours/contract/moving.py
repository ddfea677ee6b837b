"""Rules of the contract: the body and the arm go where they are sent."""

from __future__ import annotations

import numpy as np

from behaviours.contract.common import ARRIVE_M, ARRIVE_RAD, MakeRobot, finish, ready, walk_ahead
from behaviours.contract.seeing import TURNS
from behaviours.robot import CommandState
from perception.geometry import Pose


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
        command = walk_ahead(robot, 0.5, max_speed_mps=0.25)
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


def out_of_reach_fails_with_a_reason(make: MakeRobot) -> None:
    with make() as robot:
        ready(robot)
        hand = robot.hand_pose()
        far = Pose(hand.rotation, hand.position_m + np.array([5.0, 0.0, 0.0]))
        command = robot.move_hand(far, max_speed_mps=0.5)
        assert finish(robot, command) is CommandState.FAILED
        assert command.poll().reason
        assert robot.hand_pose().distance_m(hand) < 0.02


def the_body_lowers_and_pitches_until_it_walks(make: MakeRobot) -> None:
    """A robot whose body cannot do that says so with a reason."""
    with make() as robot:
        limits, level = robot.limits, robot.body_pose()
        lower_m, pitch_rad = min(0.12, limits.body_lower_m), min(0.25, limits.body_pitch_rad)
        command = robot.set_body(-lower_m, pitch_rad, max_speed_mps=limits.body_speed_mps)
        if finish(robot, command) is CommandState.FAILED:
            assert command.poll().reason, "it failed without a reason"
            return
        body = robot.body_pose()
        assert abs(level.position_m[2] - body.position_m[2] - lower_m) < ARRIVE_M, "the body has not lowered as asked"
        assert abs(body.rpy_rad[1] - pitch_rad) < ARRIVE_RAD, "the body has not pitched as asked, nose down"
        assert np.linalg.norm((body.position_m - level.position_m)[:2]) < ARRIVE_M, "the body leaves its place"
        goal = level @ Pose.from_rpy((0.0, 0.0, 0.0), (0.3, 0.0, 0.0))
        assert finish(robot, robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)) is CommandState.DONE
        body = robot.body_pose()
        assert abs(body.rpy_rad[1]) < ARRIVE_RAD, "the body is not level after a walk"
        assert abs(body.position_m[2] - level.position_m[2]) < ARRIVE_M, "the body is not at its height after a walk"


def getting_up_leaves_a_standing_robot_as_it_is(make: MakeRobot) -> None:
    """A robot that has fallen cannot be tried here, but one that stands must say at once that it does."""
    with make() as robot:
        ready(robot)
        body, hand = robot.body_pose(), robot.hand_pose()
        assert finish(robot, robot.self_right()) is CommandState.DONE
        robot.sleep(0.3)
        assert robot.body_pose().distance_m(body) < ARRIVE_M, "the body moves although the robot has not fallen"
        assert robot.hand_pose().distance_m(hand) < ARRIVE_M, "the arm moves although the robot has not fallen"
