"""What feedback means, built from the robot's own messages: arrival by status and pose, failures in its own words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import (
    arm_command_pb2,
    basic_command_pb2,
    gripper_command_pb2,
    robot_command_pb2,
    robot_state_pb2,
)
from hypothesis import given
from hypothesis import strategies as st

from behaviours.robot import CommandState
from behaviours.robots.spot import arm as spot_arm
from behaviours.robots.spot.frames import fill_pose, to_pose, transform
from behaviours.robots.spot.motion import commands, progress
from behaviours.robots.spot.state import RobotView
from perception.base.errors import RobotError
from perception.geometry import Pose
from simulation.spot_api.commands.mobility import speed_towards

SE2 = basic_command_pb2.SE2TrajectoryCommand.Feedback
CARTESIAN = arm_command_pb2.ArmCartesianCommand.Feedback
MOVE = arm_command_pb2.ArmJointMoveCommand.Feedback
NAMED = arm_command_pb2.NamedArmPositionsCommand.Feedback
CLAW = gripper_command_pb2.ClawGripperCommand.Feedback
PART = basic_command_pb2.RobotCommandFeedbackStatus
LATE_S = 5.0


def view(
    body: Pose | None = None, hand: Pose | None = None, joints: Any = None, open_percent: float = 0.0
) -> RobotView:
    """A robot state with these poses in the vision frame."""
    state = robot_state_pb2.RobotState()
    edges = state.kinematic_state.transforms_snapshot.child_to_parent_edge_map
    edges["vision"].parent_frame_name = ""
    for name, pose in (("body", body), ("hand", hand)):
        edges[name].parent_frame_name = "vision"
        fill_pose(edges[name].parent_tform_child, pose or Pose.identity())
    values = spot_arm.STOW if joints is None else joints
    for joint, value in zip(spot_arm.JOINTS, values, strict=True):
        state.kinematic_state.joint_states.add(name=f"arm0.{joint.name}").position.value = value
    state.kinematic_state.joint_states.add(name="arm0.f1x").load.value = -1.5
    state.manipulator_state.gripper_open_percentage = open_percent
    return RobotView(state)


def feedback(**parts: int) -> Any:
    """RobotCommandFeedback with all three parts at work."""
    message = robot_command_pb2.RobotCommandFeedback()
    together = message.synchronized_feedback
    for part in ("mobility", "arm", "gripper"):
        getattr(together, f"{part}_command_feedback").status = parts.get(part, PART.STATUS_PROCESSING)
    return message


def walking(status: int, body: int = SE2.BODY_STATUS_SETTLED, final: int = SE2.FINAL_GOAL_STATUS_ACHIEVABLE) -> Any:
    message = feedback()
    answer = message.synchronized_feedback.mobility_command_feedback.se2_trajectory_feedback
    answer.status, answer.body_movement_status, answer.final_goal_status = status, body, final
    return message


GOAL = Pose.from_rpy((0.0, 0.0, 1.0), (1.0, 2.0, 0.5))


@pytest.mark.parametrize(
    ("message", "off_m", "age_s", "state"),
    [
        (walking(SE2.STATUS_IN_PROGRESS), 0.0, LATE_S, CommandState.RUNNING),
        (walking(SE2.STATUS_STOPPING), 0.0, LATE_S, CommandState.RUNNING),
        (walking(SE2.STATUS_STOPPED, SE2.BODY_STATUS_MOVING), 0.0, LATE_S, CommandState.RUNNING),
        (walking(SE2.STATUS_STOPPED), 0.0, LATE_S, CommandState.DONE),
        (walking(SE2.STATUS_STOPPED), 0.07, LATE_S, CommandState.DONE),
        (walking(SE2.STATUS_STOPPED), 0.09, LATE_S, CommandState.FAILED),
        (walking(SE2.STATUS_STOPPED), 1.0, 0.1, CommandState.RUNNING),
        (walking(SE2.STATUS_STOPPED, final=SE2.FINAL_GOAL_STATUS_BLOCKED), 1.0, 0.1, CommandState.FAILED),
        (walking(SE2.STATUS_STOPPED, final=SE2.FINAL_GOAL_STATUS_BLOCKED), 0.0, LATE_S, CommandState.FAILED),
    ],
)
def test_a_walk_has_arrived_only_if_robot_and_pose_say_so(
    message: Any, off_m: float, age_s: float, state: CommandState
) -> None:
    here = Pose(GOAL.rotation, GOAL.position_m + np.array([off_m, 0.0, 0.0]))
    outcome = progress.walk(GOAL)(message, view(body=here), age_s)
    assert outcome.state is state
    if state is CommandState.FAILED:
        assert "STATUS_STOPPED" in outcome.reason
        assert f"{off_m:.2f} m" in outcome.reason
        assert ("blocked" in outcome.reason) == ("BLOCKED" in outcome.reason)


@given(turns=st.integers(-2, 2), off=st.floats(-0.07, 0.07))
def test_a_heading_is_compared_the_short_way_round(turns: int, off: float) -> None:
    goal = Pose.from_rpy((0.0, 0.0, np.pi), (0.0, 0.0, 0.5))
    here = Pose.from_rpy((0.0, 0.0, np.pi + off + 2 * np.pi * turns), (0.0, 0.0, 0.5))
    assert progress.walk(goal)(walking(SE2.STATUS_STOPPED), view(body=here), LATE_S).state is CommandState.DONE


@pytest.mark.parametrize("status", ["COMMAND_OVERRIDDEN", "COMMAND_TIMED_OUT", "ROBOT_FROZEN", "INCOMPATIBLE_HARDWARE"])
@pytest.mark.parametrize(
    ("part", "judge"),
    [
        ("mobility", progress.walk(GOAL)),
        ("arm", progress.hand(GOAL)),
        ("arm", progress.joints(np.zeros(6))),
        ("arm", progress.stowed),
        ("gripper", progress.jaws(0.5)),
    ],
)
def test_what_ends_a_part_is_a_failure_in_the_robots_words(status: str, part: str, judge: progress.Judge) -> None:
    number = PART.Status.Value(f"STATUS_{status}")
    outcome = judge(feedback(**{part: number}), view(), LATE_S)
    assert outcome.state is CommandState.FAILED
    assert f"STATUS_{status}" in outcome.reason
    other = {"mobility": "arm", "arm": "gripper", "gripper": "arm"}[part]
    assert judge(feedback(**{other: number}), view(), LATE_S).state is not CommandState.FAILED


@pytest.mark.parametrize(
    ("status", "off_m", "state", "words"),
    [
        (CARTESIAN.STATUS_IN_PROGRESS, 0.0, CommandState.RUNNING, ""),
        (CARTESIAN.STATUS_TRAJECTORY_COMPLETE, 0.01, CommandState.DONE, ""),
        (CARTESIAN.STATUS_TRAJECTORY_COMPLETE, 0.08, CommandState.FAILED, "80 mm"),
        (CARTESIAN.STATUS_TRAJECTORY_STALLED, 0.08, CommandState.FAILED, "stalled 80 mm"),
        (CARTESIAN.STATUS_TRAJECTORY_CANCELLED, 0.0, CommandState.FAILED, "cancelled"),
    ],
)
def test_the_hand_has_arrived_only_if_robot_and_pose_say_so(
    status: int, off_m: float, state: CommandState, words: str
) -> None:
    message = feedback()
    message.synchronized_feedback.arm_command_feedback.arm_cartesian_feedback.status = status
    hand = Pose(GOAL.rotation, GOAL.position_m + np.array([0.0, off_m, 0.0]))
    outcome = progress.hand(GOAL)(message, view(hand=hand), LATE_S)
    assert outcome.state is state
    assert words in outcome.reason
    assert state is not CommandState.FAILED or CARTESIAN.Status.Name(status) in outcome.reason


def test_joints_and_stow_and_jaws() -> None:
    message = feedback()
    arm = message.synchronized_feedback.arm_command_feedback
    arm.arm_joint_move_feedback.status = MOVE.STATUS_COMPLETE
    goal = np.array(spot_arm.READY)
    assert progress.joints(goal)(message, view(joints=goal + 0.05), LATE_S).state is CommandState.DONE
    assert "0.20 rad" in progress.joints(goal)(message, view(joints=goal + 0.2), LATE_S).reason
    arm.arm_joint_move_feedback.status = MOVE.STATUS_STALLED
    assert "STATUS_STALLED" in progress.joints(goal)(message, view(joints=goal), LATE_S).reason
    arm.arm_joint_move_feedback.planner_status = MOVE.PLANNER_STATUS_FAILED
    assert "PLANNER_STATUS_FAILED" in progress.joints(goal)(message, view(joints=goal), LATE_S).reason
    arm.named_arm_position_feedback.status = NAMED.STATUS_STALLED_HOLDING_ITEM
    assert "STATUS_STALLED_HOLDING_ITEM" in progress.stowed(message, view(), LATE_S).reason
    claw = message.synchronized_feedback.gripper_command_feedback.claw_gripper_feedback
    claw.status = CLAW.STATUS_APPLYING_FORCE
    assert "40%" in progress.jaws(0.0)(message, view(open_percent=40.0), LATE_S).reason
    claw.status = CLAW.STATUS_AT_GOAL
    assert progress.jaws(0.4)(message, view(open_percent=45.0), LATE_S).state is CommandState.DONE
    assert progress.jaws(0.4)(message, view(open_percent=70.0), LATE_S).state is CommandState.FAILED
    claw.status = CLAW.STATUS_IN_PROGRESS
    assert progress.jaws(0.4)(message, view(open_percent=40.0), LATE_S).state is CommandState.RUNNING


def test_the_gripper_is_read_from_state_and_load() -> None:
    state = view(open_percent=130.0).gripper()
    assert (state.opening, state.torque_nm, state.holding) == (1.0, 1.5, False)


# frames


@given(st.tuples(*[st.floats(-3.0, 3.0)] * 3), st.tuples(*[st.floats(-10.0, 10.0)] * 3))
def test_poses_go_through_the_wire_unchanged(rpy: tuple[float, ...], position: tuple[float, ...]) -> None:
    pose = Pose.from_rpy(rpy, position)
    proto = robot_state_pb2.KinematicState().transforms_snapshot.child_to_parent_edge_map["x"].parent_tform_child
    fill_pose(proto, pose)
    assert to_pose(proto).distance_m(pose) < 1e-9
    assert to_pose(proto).angle_rad(pose) < 1e-6


def test_a_frame_tree_that_lacks_or_loops_is_refused() -> None:
    tree = robot_state_pb2.KinematicState().transforms_snapshot
    with pytest.raises(RobotError, match="no frame 'vision'"):
        transform(tree, "vision", "body")
    for name, parent in (("a", "b"), ("b", "a")):
        tree.child_to_parent_edge_map[name].parent_frame_name = parent
    with pytest.raises(RobotError, match="circle"):
        transform(tree, "a", "b")
    for name in ("c", "d"):
        tree.child_to_parent_edge_map[name].parent_frame_name = ""
    with pytest.raises(RobotError, match="does not connect"):
        transform(tree, "c", "d")


# commands


@given(speed=st.floats(0.01, 1.5), distance=st.floats(0.0, 1.0), turn=st.floats(0.0, 3.0))
def test_the_hands_time_keeps_both_limits_at_the_peak(speed: float, distance: float, turn: float) -> None:
    goal = Pose.from_rpy((turn, 0.0, 0.0), (distance, 0.0, 0.0))
    time_s = commands.hand_time_s(Pose.identity(), goal, speed)
    assert commands.PEAK * distance / time_s <= speed * (1 + 1e-9)
    assert commands.PEAK * turn / time_s <= commands.HAND_TURN_RADPS * (1 + 1e-6)


@given(speed=st.floats(0.05, 1.5), rate=st.floats(0.05, 2.0), distance=st.floats(0.0, 20.0), turn=st.floats(0.0, 3.2))
def test_a_walk_gets_more_time_than_it_can_need_and_no_endless_one(
    speed: float, rate: float, distance: float, turn: float
) -> None:
    least = distance / speed + turn / rate
    assert least < commands.walk_time_s(distance, turn, speed, rate) <= 5 * least + commands.MARGIN_S + 1e-6


@given(way=st.floats(-3.1, 3.1), heading=st.floats(-3.1, 3.1), speed=st.floats(0.1, 1.0))
def test_the_simulated_walk_keeps_both_limits_and_is_not_slower_than_it_must(
    way: float, heading: float, speed: float
) -> None:
    start = Pose.from_rpy((0.0, 0.0, heading), (0.0, 0.0, 0.5))
    goal = Pose.from_rpy((0.0, 0.0, heading), (np.cos(way), np.sin(way), 0.5))
    high = np.array([0.9 * speed, 0.43 * speed, 1.0])
    taken = speed_towards(start, goal, -high, high)
    along = np.abs([np.cos(way - heading), np.sin(way - heading)]) * taken
    assert (along <= high[:2] + 1e-9).all() or taken == 0.05
    assert taken == 0.05 or np.isclose(along, high[:2]).any() or taken == 1.6


def test_joints_out_of_their_limits_are_not_sent() -> None:
    command = commands.joint_move(np.zeros(6), np.full(6, 9.0), max_speed_radps=1.0)
    point = command.synchronized_command.arm_command.arm_joint_move_command.trajectory.points[0].position
    sent = [getattr(point, joint.name).value for joint in spot_arm.JOINTS]
    assert np.allclose(sent, spot_arm.UPPER)


def test_a_stop_leaves_the_gripper_alone() -> None:
    together = commands.stop_parts("base", "arm").synchronized_command
    assert together.mobility_command.HasField("stop_request")
    assert together.arm_command.HasField("arm_stop_command")
    assert not together.HasField("gripper_command")


# errors
