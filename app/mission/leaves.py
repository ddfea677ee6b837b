"""The leaves that are plain robot commands, as BosdynRobotCommand nodes of a mission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from behaviours.robots.spot.arm import POSES
from behaviours.robots.spot.motion import commands

Get = Callable[[str], Any]


class NotMappedError(Exception):
    """A node has no exact counterpart in missions; the message says why."""


def _command(node: Any, command: Any) -> None:
    node.bosdyn_robot_command.service_name = "robot-command"
    node.bosdyn_robot_command.host = "localhost"
    node.bosdyn_robot_command.command.CopyFrom(command)


def _move_arm(get: Get, node: Any) -> None:
    """A joint move to the pose. The arm's pose before is not known, so the speed limit alone sets the duration."""
    pose, speed = get("pose").value, float(get("max_joint_speed_radps"))
    goal = np.asarray(POSES[pose])
    move = commands.joint_move(goal, goal, max_speed_radps=speed)
    if pose != "stow":
        _command(node, move)
        return
    _command(node.sequence.children.add(name="towards stow"), move)
    _command(node.sequence.children.add(name="stow"), commands.stow())


def _open_gripper(get: Get, node: Any) -> None:
    _command(node, commands.claw(float(get("opening")), max_torque_nm=float(get("max_torque_nm"))))


LEAVES: Final[dict[str, Callable[[Get, Any], None]]] = {"MoveArm": _move_arm, "OpenGripper": _open_gripper}
