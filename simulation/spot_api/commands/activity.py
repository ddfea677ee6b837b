"""One slot's part of a robot command: what it does step by step, and what its feedback says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bosdyn.api import basic_command_pb2, robot_command_pb2

from behaviours.robot import Command, CommandState, Outcome
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.body.world import World

STATUS = basic_command_pb2.RobotCommandFeedbackStatus
ANSWER = robot_command_pb2.RobotCommandResponse
Start = Callable[[Steerable], Command | Outcome]
"""Begins a motion on the physics thread, or says at once how it ended."""


class NotAcceptedError(Exception):
    """The robot does not take the command. status: of RobotCommandResponse."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Order:
    """What a slot's handler needs to know. expiry: the end_time of a part, as robot seconds; see `Commander`."""

    world: World
    expiry: Callable[[Any], float]
    hindered: Callable[[str], str]


class Activity:
    """Motions one after the other. `update` runs on the physics thread, `fill` anywhere.

    part: base, arm or gripper. end_s: robot time at which it is over, done or not.
    """

    part = ""

    def __init__(self, order: Order, steps: Sequence[Start], end_s: float | None = None) -> None:
        self.order, self._steps, self.end_s = order, list(steps), end_s
        self._command: Command | None = None
        self.outcome = Outcome(CommandState.RUNNING)
        self.status = int(STATUS.STATUS_PROCESSING)

    @property
    def running(self) -> bool:
        return self.outcome.state is CommandState.RUNNING

    def update(self, robot: Steerable) -> None:
        """Look at the present motion and begin the next one."""
        if not self.running:
            return
        hindrance = self.order.hindered(self.part)
        if hindrance:
            self.cancel(Outcome(CommandState.FAILED, hindrance))
            return
        if self.end_s is not None and self.order.world.clock.now() >= self.end_s:
            self.cancel(Outcome(CommandState.CANCELLED, "end_time has passed"))
            self.status = int(STATUS.STATUS_COMMAND_TIMED_OUT)
            return
        while self.running:
            outcome = self._command.poll() if self._command is not None else Outcome(CommandState.DONE)
            if outcome.state is CommandState.RUNNING:
                return
            if outcome.state is not CommandState.DONE or not self._steps:
                self.outcome = outcome
                return
            try:
                begun = self._steps.pop(0)(robot)
            except Exception as error:
                self.outcome = Outcome(CommandState.FAILED, f"the simulator cannot compute this motion: {error}")
                raise
            if isinstance(begun, Outcome):
                self._command = None
                if begun.state is not CommandState.DONE:
                    self.outcome = begun
            else:
                self._command = begun

    def cancel(self, outcome: Outcome) -> None:
        """End it where it is. On the physics thread."""
        if self.running:
            if self._command is not None:
                self._command.cancel()
            self.outcome = outcome

    def continues(self, before: Activity) -> bool:
        """Whether this is the command before once more; then its motion is taken over and goes on."""
        return False

    def override(self, status: int = int(STATUS.STATUS_COMMAND_OVERRIDDEN)) -> None:
        """Another command has taken over this part, or the robot has."""
        if self.status == STATUS.STATUS_PROCESSING:
            self.status = status
        if self.running:
            self.outcome = Outcome(CommandState.CANCELLED, "overridden")

    def fill(self, feedback: Any) -> None:
        """Write the slot's feedback message; its status field is written by the caller."""
        raise NotImplementedError


class Quiet(Activity):
    """A command whose feedback is an empty message, such as stop. field: its name in the feedback's oneof."""

    def __init__(self, order: Order, part: str, field: str, steps: Sequence[Start]) -> None:
        super().__init__(order, steps)
        self.part, self._field = part, field

    def fill(self, feedback: Any) -> None:
        getattr(feedback, self._field).SetInParent()
