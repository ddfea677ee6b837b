"""The part of a robot command for one part of the robot: its motions one after the other, and its feedback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bosdyn.api import basic_command_pb2, robot_command_pb2

from behaviours.robot import Command, CommandState, Outcome
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.body.world import World
from simulation.spot_api.commands.settings import WalkSettings

STATUS = basic_command_pb2.RobotCommandFeedbackStatus
ANSWER = robot_command_pb2.RobotCommandResponse
Start = Callable[[Steerable], Command | Outcome]
"""Begins a motion on the physics thread, or returns its outcome at once."""


class NotAcceptedError(Exception):
    """The robot refuses the command. status: of RobotCommandResponse."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Order:
    """What parsing a command needs.

    expiry: robot seconds of a part's end_time. hindered: why a part cannot move now, or "". walk: settings of mobility
    commands.
    """

    world: World
    expiry: Callable[[Any], float]
    hindered: Callable[[str], str]
    walk: WalkSettings = field(default_factory=WalkSettings)


class Activity:
    """Motions one after the other. `update` runs on the physics thread, `fill` on any.

    part: base, arm or gripper. end_s: robot time at which the activity ends, whether done or not.
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
        """Poll the present motion, and begin the next one when it is done."""
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
        """End the activity; the part holds its position. Runs on the physics thread."""
        if self.running:
            if self._command is not None:
                self._command.cancel()
            self.outcome = outcome

    def continues(self, before: Activity) -> bool:
        """Whether this repeats the command before, whose motion it then takes over."""
        return False

    def override(self, status: int = int(STATUS.STATUS_COMMAND_OVERRIDDEN)) -> None:
        """Another command, or the robot itself, has taken over this part."""
        if self.status == STATUS.STATUS_PROCESSING:
            self.status = status
        if self.running:
            self.outcome = Outcome(CommandState.CANCELLED, "overridden")

    def fill(self, feedback: Any) -> None:
        """Write the part's feedback message. The caller writes its status field."""
        raise NotImplementedError


class Quiet(Activity):
    """A command with an empty feedback message, such as stop. field: its name in the feedback's oneof."""

    def __init__(self, order: Order, part: str, field: str, steps: Sequence[Start]) -> None:
        super().__init__(order, steps)
        self.part, self._field = part, field

    def fill(self, feedback: Any) -> None:
        getattr(feedback, self._field).SetInParent()
