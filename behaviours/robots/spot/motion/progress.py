"""What the robot's feedback to a command means: under way, arrived, or failed and why, in the robot's own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from behaviours.robot import CommandState, Outcome
from behaviours.robots.spot.state import RobotView
from perception.geometry import Pose, Vector, wrapped_rad

WALK_ARRIVE_M, WALK_ARRIVE_RAD = 0.08, 0.08
"""As near to its goal as Spot comes when it walks to a point with its default footsteps."""
PITCH_ARRIVE_RAD: Final = 0.05
HAND_ARRIVE_M, HAND_ARRIVE_RAD = 0.03, 0.15
JOINT_ARRIVE_RAD: Final = 0.1
JAW_ARRIVE: Final = 0.1
GRACE_S: Final = 0.6
"""A command that has only just begun may still report how the last one ended."""
RUNNING = Outcome(CommandState.RUNNING)

FALLEN: Final = "the robot has fallen (CAUSE_FALL)"

Judge = Callable[[Any, RobotView, float], Outcome]
"""(feedback, the robot now, seconds since the command was sent) -> how the command stands."""


def _name(message: Any, field: str) -> str:
    """The robot's own name of an enum value."""
    kind = message.DESCRIPTOR.fields_by_name[field].enum_type
    number = getattr(message, field)
    value = kind.values_by_number.get(number)
    return str(value.name) if value is not None else f"{field} {number}"


def failed(reason: str) -> Outcome:
    return Outcome(CommandState.FAILED, reason)


def of_part(part: Any, what: str) -> Outcome | None:
    """The status common to all parts; None if the part goes on working on the command."""
    from bosdyn.api import basic_command_pb2

    statuses = basic_command_pb2.RobotCommandFeedbackStatus
    meaning = {
        statuses.STATUS_COMMAND_OVERRIDDEN: "another command has taken over",
        statuses.STATUS_COMMAND_TIMED_OUT: "its time ran out",
        statuses.STATUS_ROBOT_FROZEN: "the robot has frozen",
        statuses.STATUS_INCOMPATIBLE_HARDWARE: "the robot has no hardware for it",
    }
    if part.status in (statuses.STATUS_PROCESSING, statuses.STATUS_UNKNOWN):
        return None
    return failed(f"{what}: {meaning.get(part.status, 'ended')} ({_name(part, 'status')})")


def _of(part: str, what: str, judge: Judge) -> Judge:
    """A judge of a whole command. judge: is given the part's own feedback while the part works on the command."""

    def whole(feedback: Any, view: RobotView, age_s: float) -> Outcome:
        answer = getattr(feedback.synchronized_feedback, f"{part}_command_feedback")
        return of_part(answer, what) or judge(answer, view, age_s)

    return whole


def walk(goal: Pose, lasts: Callable[[], bool] = lambda: False) -> Judge:
    """Arrived: the robot says that it has stopped and settled at an achievable goal, and it stands there.

    lasts: whether the walk goes on although its last command has run out, because another one will be sent.
    """

    def judge(feedback: Any, view: RobotView, age_s: float) -> Outcome:
        from bosdyn.api import basic_command_pb2

        se2 = basic_command_pb2.SE2TrajectoryCommand.Feedback
        part = feedback.synchronized_feedback.mobility_command_feedback
        body = view.body()
        off_m = float(np.linalg.norm((body.position_m - goal.position_m)[:2]))
        off_rad = abs(wrapped_rad(body.yaw_rad - goal.yaw_rad))
        there = off_m <= WALK_ARRIVE_M and off_rad <= WALK_ARRIVE_RAD
        if part.status == basic_command_pb2.RobotCommandFeedbackStatus.STATUS_COMMAND_TIMED_OUT and lasts():
            return RUNNING
        ended = of_part(part, "walking")
        if ended is not None:
            return ended
        answer = part.se2_trajectory_feedback
        settled = answer.body_movement_status in (se2.BODY_STATUS_SETTLED, se2.BODY_STATUS_UNKNOWN)
        if answer.status != se2.STATUS_STOPPED or not settled:
            return RUNNING
        reachable = answer.final_goal_status in (se2.FINAL_GOAL_STATUS_ACHIEVABLE, se2.FINAL_GOAL_STATUS_UNKNOWN)
        if there and reachable:
            return Outcome(CommandState.DONE)
        if age_s < GRACE_S and answer.final_goal_status != se2.FINAL_GOAL_STATUS_BLOCKED:
            return RUNNING
        why = "blocked by an obstacle" if answer.final_goal_status == se2.FINAL_GOAL_STATUS_BLOCKED else "stopped"
        return failed(
            f"{why} {off_m:.2f} m and {np.degrees(off_rad):.0f}° from the goal "
            f"({_name(answer, 'status')}, {_name(answer, 'final_goal_status')})"
        )

    return judge


def _standing(part: Any) -> bool:
    """Whether the robot says that it stands. part: feedback to a mobility command."""
    from bosdyn.api import basic_command_pb2

    return bool(part.stand_feedback.status == basic_command_pb2.StandCommand.Feedback.STATUS_IS_STANDING)


def stands() -> Judge:
    """Arrived: the robot says that it stands."""

    def judge(part: Any, view: RobotView, age_s: float) -> Outcome:
        del view, age_s
        return Outcome(CommandState.DONE) if _standing(part) else RUNNING

    return _of("mobility", "standing up", judge)


def body_pose(pitch_rad: float, seconds: float) -> Judge:
    """Arrived: after so many seconds the robot says that it stands, and its body has the pitch. The height is left to
    the robot's word, as no frame tells how high it usually stands."""

    def judge(part: Any, view: RobotView, age_s: float) -> Outcome:
        off_rad = abs(view.body().rpy_rad[1] - pitch_rad)
        if not _standing(part) or age_s < seconds:
            return RUNNING
        if off_rad <= PITCH_ARRIVE_RAD:
            return Outcome(CommandState.DONE)
        if age_s < seconds + GRACE_S:
            return RUNNING
        return failed(f"the body stands {np.degrees(off_rad):.0f}° from its pitch (STATUS_IS_STANDING)")

    return _of("mobility", "posing the body", judge)


def righted(feedback: Any, view: RobotView, age_s: float) -> Outcome:
    """Arrived: the robot says that it lies on its feet."""
    from bosdyn.api import basic_command_pb2

    part = feedback.full_body_feedback
    ended = of_part(part, "self-righting")
    if ended is not None:
        return ended
    done = part.selfright_feedback.status == basic_command_pb2.SelfRightCommand.Feedback.STATUS_COMPLETED
    return Outcome(CommandState.DONE) if done else RUNNING


def hand(goal: Pose) -> Judge:
    """Arrived: the robot says the trajectory is complete, and the hand is there."""

    def judge(part: Any, view: RobotView, age_s: float) -> Outcome:
        from bosdyn.api import arm_command_pb2

        states = arm_command_pb2.ArmCartesianCommand.Feedback
        answer = part.arm_cartesian_feedback
        if answer.status in (states.STATUS_IN_PROGRESS, states.STATUS_UNKNOWN):
            return RUNNING
        here = view.hand()
        off_m, off_rad = here.distance_m(goal), here.angle_rad(goal)
        where = f"{off_m * 1000:.0f} mm and {np.degrees(off_rad):.0f}° from the goal"
        if answer.status == states.STATUS_TRAJECTORY_COMPLETE:
            if off_m <= HAND_ARRIVE_M and off_rad <= HAND_ARRIVE_RAD:
                return Outcome(CommandState.DONE)
            return RUNNING if age_s < GRACE_S else failed(f"the arm has ended {where} (STATUS_TRAJECTORY_COMPLETE)")
        verb = "stalled" if answer.status == states.STATUS_TRAJECTORY_STALLED else "was cancelled"
        return failed(f"the arm {verb} {where} ({_name(answer, 'status')})")

    return _of("arm", "moving the hand", judge)


def joints(goal: Vector) -> Judge:
    """Arrived: the robot says that the joint move is complete, and every joint is there. goal: (6,) radians."""

    def judge(part: Any, view: RobotView, age_s: float) -> Outcome:
        from bosdyn.api import arm_command_pb2

        states = arm_command_pb2.ArmJointMoveCommand.Feedback
        answer = part.arm_joint_move_feedback
        if answer.planner_status == states.PLANNER_STATUS_FAILED:
            return failed("the arm's planner found no way (PLANNER_STATUS_FAILED)")
        if answer.status in (states.STATUS_IN_PROGRESS, states.STATUS_UNKNOWN):
            return RUNNING
        off = float(np.abs(view.arm_joints() - goal).max())
        if answer.status == states.STATUS_COMPLETE:
            if off <= JOINT_ARRIVE_RAD:
                return Outcome(CommandState.DONE)
            return RUNNING if age_s < GRACE_S else failed(f"the arm ended {off:.2f} rad from its pose")
        return failed(f"the arm stalled {off:.2f} rad from its pose ({_name(answer, 'status')})")

    return _of("arm", "moving the arm", judge)


def stowed(feedback: Any, view: RobotView, age_s: float) -> Outcome:
    """Arrived: the robot says that the arm is in its named pose."""
    from bosdyn.api import arm_command_pb2

    states = arm_command_pb2.NamedArmPositionsCommand.Feedback
    part = feedback.synchronized_feedback.arm_command_feedback
    ended = of_part(part, "stowing the arm")
    if ended is not None:
        return ended
    answer = part.named_arm_position_feedback
    if answer.status == states.STATUS_COMPLETE:
        return Outcome(CommandState.DONE)
    if answer.status == states.STATUS_STALLED_HOLDING_ITEM:
        return failed("the arm is not stowed while the gripper holds something (STATUS_STALLED_HOLDING_ITEM)")
    return RUNNING


def jaws(opening: float) -> Judge:
    """Arrived: at the goal, or stopped against something with the torque that was allowed."""

    def judge(part: Any, view: RobotView, age_s: float) -> Outcome:
        from bosdyn.api import gripper_command_pb2

        states = gripper_command_pb2.ClawGripperCommand.Feedback
        answer = part.claw_gripper_feedback
        at = view.gripper().opening
        if answer.status == states.STATUS_APPLYING_FORCE:
            return Outcome(CommandState.DONE, f"stopped against something at {at:.0%} open")
        if answer.status == states.STATUS_AT_GOAL:
            if abs(at - opening) <= JAW_ARRIVE:
                return Outcome(CommandState.DONE)
            return RUNNING if age_s < GRACE_S else failed(f"the jaws ended at {at:.0%} open (STATUS_AT_GOAL)")
        return RUNNING

    return _of("gripper", "the gripper", judge)
