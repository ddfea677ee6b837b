"""Gripper commands: angle with the robot's sign (0 closed, negative open), torque limit, feedback."""

from __future__ import annotations

from typing import Any

import numpy as np
from bosdyn.api import gripper_command_pb2

from behaviours.robot import Command, CommandState
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.commands.activity import ANSWER, Activity, NotAcceptedError, Order, Start

OPEN_ANGLE_RAD = -1.5708
DEFAULT_TORQUE_NM = 5.5
MAX_TORQUE_NM = 15.32
AT_GOAL = 0.05
"""The jaws are at their goal within this share of the full opening."""
CLAW = gripper_command_pb2.ClawGripperCommand.Feedback


class Claw(Activity):
    """A ClawGripperCommand: the points of its trajectory one after the other."""

    part = "gripper"

    def __init__(self, order: Order, openings: list[float], torque_nm: float) -> None:
        def step(opening: float) -> Start:
            def start(robot: Steerable) -> Command:
                return robot.set_gripper(opening, max_torque_nm=torque_nm)

            return start

        super().__init__(order, [step(opening) for opening in openings])
        self._goal = openings[-1]

    def fill(self, feedback: Any) -> None:
        answer = feedback.claw_gripper_feedback
        opening = self.order.world.snapshot.gripper.opening
        if self.outcome.state is CommandState.RUNNING:
            answer.status = CLAW.STATUS_IN_PROGRESS
        elif abs(opening - self._goal) < AT_GOAL:
            answer.status = CLAW.STATUS_AT_GOAL
        else:
            answer.status = CLAW.STATUS_APPLYING_FORCE


def make_gripper(request: Any, order: Order) -> Activity:
    """The activity of a GripperCommand.Request. NotAcceptedError if the robot refuses it."""
    if request.WhichOneof("command") != "claw_gripper_command":
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "a gripper command without a claw command")
    claw = request.claw_gripper_command
    points = [point.point for point in claw.trajectory.points]
    if not points:
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "a claw command without points")
    torque = claw.maximum_torque.value if claw.HasField("maximum_torque") else DEFAULT_TORQUE_NM
    openings = [float(np.clip(point / OPEN_ANGLE_RAD, 0.0, 1.0)) for point in points]
    return Claw(order, openings, min(float(torque), MAX_TORQUE_NM))
