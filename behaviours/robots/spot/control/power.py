"""Motor power: on, with the robot's reason if it does not come; and off again, as it was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from behaviours.robots.spot.link.connection import Connection
from behaviours.robots.spot.link.errors import Loss
from behaviours.robots.spot.motion import commands
from behaviours.robots.spot.state import RobotView
from perception.base.errors import RobotError

ON_S: Final = 20.0
OFF_S: Final = 20.0
Until = Callable[[Callable[[], bool], float, str], None]
"""Waits for a condition, so many seconds, else RobotError with these words."""


class MotorPower:
    """The motors of one session. asked: whether we have asked for power, so that it is ours to take away again."""

    def __init__(self, connection: Connection, view: Callable[[], RobotView], until: Until) -> None:
        self._connection, self._view, self._until = connection, view, until
        self._link = connection.link
        self.asked = False

    def on(self) -> None:
        """Switch on what is off. RobotError with the robot's reason."""
        from bosdyn.api import power_pb2

        if self._view().motors_on:
            return
        request = power_pb2.PowerCommandRequest.REQUEST_ON_MOTORS
        self.asked = True  # before it is sent: an order whose answer is lost may be obeyed
        answer = self._link.send("powering on", self._connection.power.power_command, request)

        def came() -> bool:
            if self._view().motors_on:
                return True
            self._require_coming(answer.power_command_id)
            return False

        self._until(came, ON_S, "the motors did not come on")

    def _require_coming(self, number: int) -> None:
        """RobotError if the robot has given up."""
        from bosdyn.api import power_pb2

        status = self._link.look("powering on", self._connection.power.power_command_feedback, number)
        if status in (None, power_pb2.STATUS_IN_PROGRESS, power_pb2.STATUS_SUCCESS):
            return
        value = power_pb2.PowerCommandStatus.DESCRIPTOR.values_by_number.get(status)
        said = [value.name if value is not None else f"status {status}", *self._view().system_faults()]
        raise RobotError(
            f"the motors of {self._link.host} did not come on: {'; '.join(said)}; "
            f"see `spot-grasp check --hostname {self._link.host}`"
        )

    def off(self) -> None:
        """Sit down in order, then off. RobotError if they do not go off."""
        self._link.send("powering off", self._command, commands.safe_power_off())
        self._until(lambda: not self._view().motors_on, OFF_S, "the motors did not go off")

    def _command(self, command: Any, timeout: float) -> Any:
        return self._connection.command.robot_command(command, timeout=timeout)

    def restore(self) -> None:
        """Off again, if we have asked for power. RobotError if that is impossible.

        To a robot that somebody else has now, or that an e-stop switches off, nothing is sent; over a broken connection
        it is tried once.
        """
        lost = self._link.lost
        if not self.asked or (lost is not None and lost.loss is Loss.LEASE):
            return
        if lost is not None and lost.loss is Loss.LINK:
            self._link.last(lambda timeout: self._command(commands.safe_power_off(), timeout))
            return
        self._link.forgive()  # what forbids to move the robot does not forbid to switch it off
        self._until(lambda: not self._view().powering, ON_S, "the motors neither came on nor went off")
        view = self._view()
        if not view.motors_on or view.stops_pressed():
            return
        try:
            self.off()
        except RobotError:
            if self._view().standing:
                raise
            self._cut()

    def _cut(self) -> None:
        """Power off at once, for a robot that lies."""
        from bosdyn.api import power_pb2

        self._link.forgive()
        request = power_pb2.PowerCommandRequest.REQUEST_OFF_MOTORS
        self._link.send("powering off", self._connection.power.power_command, request)
        self._until(lambda: not self._view().motors_on, OFF_S, "the motors did not go off")
