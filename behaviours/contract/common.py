"""What the rules of the contract share."""

from __future__ import annotations

from collections.abc import Callable
from unittest import SkipTest

from behaviours.robot import Command, CommandState, Robot
from perception.geometry import Pose

MakeRobot = Callable[[], Robot]
"""Makes a fresh robot, not yet entered."""
TICK_S = 0.05
ARRIVE_M, ARRIVE_RAD = 0.05, 0.05


class CannotJudge(SkipTest):
    """Whether the robot keeps the rule cannot be told; the message says why. pytest takes it as a skipped test."""


def finish(robot: Robot, command: Command, limit_s: float = 30.0) -> CommandState:
    """Let the robot run until the command has ended; its final state."""
    end_s = robot.now() + limit_s
    while command.poll().state is CommandState.RUNNING:
        assert robot.now() < end_s, f"a command still runs after {limit_s} s"
        robot.sleep(TICK_S)
    return command.poll().state


def walk_ahead(robot: Robot, distance_m: float, *, max_speed_mps: float = 0.5) -> Command:
    """Start a walk straight ahead."""
    goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.0), (distance_m, 0.0, 0.0))
    return robot.walk_to(goal, max_speed_mps=max_speed_mps, max_yaw_rate_radps=0.8)


def ready(robot: Robot) -> None:
    """Move the arm to its ready pose."""
    assert finish(robot, robot.move_arm("ready", max_joint_speed_radps=2.0)) is CommandState.DONE
