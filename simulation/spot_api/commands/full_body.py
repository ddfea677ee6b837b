"""Commands for the whole body: stop, freeze, self-right, safe power off."""

from __future__ import annotations

from typing import Any

from bosdyn.api import basic_command_pb2

from behaviours.robot import Command, CommandState, Outcome
from simulation.spot_api.body.machine import Machine
from simulation.spot_api.body.steering import Steerable
from simulation.spot_api.commands.activity import ANSWER, Activity, NotAcceptedError, Order, Start
from simulation.spot_api.commands.mobility import Footing

RIGHT, SAFE_OFF = basic_command_pb2.SelfRightCommand.Feedback, basic_command_pb2.SafePowerOffCommand.Feedback


class FullBody(Activity):
    """A command for the whole body. kind: its name in the request's oneof, without `_request`."""

    part = "body"

    def __init__(self, order: Order, kind: str, steps: list[Start], machine: Machine) -> None:
        super().__init__(order, steps)
        self._kind, self._machine = kind, machine

    def override(
        self, status: int = int(basic_command_pb2.RobotCommandFeedbackStatus.STATUS_COMMAND_OVERRIDDEN)
    ) -> None:
        """Override all but a safe power off, which is not overridden by the loss of power that it causes."""
        if self._kind != "safe_power_off":
            super().override(status)

    def fill(self, feedback: Any) -> None:
        if self._kind == "selfright":
            done = self.outcome.state is CommandState.DONE
            feedback.selfright_feedback.status = RIGHT.STATUS_COMPLETED if done else RIGHT.STATUS_IN_PROGRESS
        elif self._kind == "safe_power_off":
            off = not self._machine.motors_on()
            feedback.safe_power_off_feedback.status = (
                SAFE_OFF.STATUS_POWERED_OFF if off else SAFE_OFF.STATUS_IN_PROGRESS
            )
        else:
            getattr(feedback, f"{self._kind}_feedback").SetInParent()


def make_full_body(request: Any, order: Order, machine: Machine, footing: Footing) -> Activity:
    """The activity of a FullBodyCommand.Request. NotAcceptedError if the robot refuses it."""
    kind = (request.WhichOneof("command") or "").removesuffix("_request")
    match kind:
        case "stop" | "freeze":

            def stop(robot: Steerable) -> Outcome:
                robot.stop()
                footing.leave()
                return Outcome(CommandState.DONE)

            return FullBody(order, kind, [stop], machine)
        case "selfright":

            def right(robot: Steerable) -> Command:
                robot.stop()
                footing.leave()
                return robot.roll_over()

            return FullBody(order, kind, [right], machine)
        case "safe_power_off":

            def off(robot: Steerable) -> Outcome:
                machine.settle_then_cut("a safe power off")
                return Outcome(CommandState.DONE)

            return FullBody(order, kind, [off], machine)
    raise NotAcceptedError(ANSWER.STATUS_UNSUPPORTED, f"full body command {kind or 'nothing'} is not simulated")
