"""Taking control of the robot and giving it back: lease, e-stop, faults, power, stand; and all of that backwards."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from behaviours.robots.spot.control import dock
from behaviours.robots.spot.control.estop import OwnEstop, read_status, refusal
from behaviours.robots.spot.control.lease import LeaseHold
from behaviours.robots.spot.control.power import MotorPower
from behaviours.robots.spot.control.pulse import Pulse
from behaviours.robots.spot.link.connection import Connection
from behaviours.robots.spot.link.errors import Loss, LostRobotError
from behaviours.robots.spot.motion import commands
from behaviours.robots.spot.options import SpotOptions
from behaviours.robots.spot.state import RobotView, fault_words
from perception.base.errors import ConfigError, RobotError

STAND_S, SIT_S, STOW_S = 15.0, 15.0, 10.0
POLL_S: Final = 0.1
SLOWEST: Final = 20.0
"""A simulated robot may take this many times the limit in wall time; then even its clock stands still."""


class Session:
    """Our time with the robot. `begin` and `end` are for `SpotRobot`; both may block, neither runs inside a tree."""

    def __init__(self, connection: Connection, options: SpotOptions) -> None:
        if options.own_estop and options.at_end in ("stand", "sit"):
            raise ConfigError(
                f"--own-estop with --at-end {options.at_end}: the motors go off when this program ends; say off"
            )
        self._connection, self._options = connection, options
        self._link = connection.link
        self.pulse = Pulse()
        self._lease = LeaseHold(connection, self.pulse)
        self._estop = OwnEstop(connection, self.pulse)
        self._power = MotorPower(connection, self.view, self._until)
        self._starting = True

    def view(self) -> RobotView:
        """The state now. LostRobotError if the robot does not answer."""
        return RobotView(self._link.send("reading its state", self._connection.state.get_robot_state))

    # taking control

    def begin(self) -> None:
        """Everything up to a standing robot that takes our commands. RobotError, with what to do, if it cannot be."""
        self.pulse.beat()
        view = self.view()
        lacks = view.lacks()
        if lacks is not None:
            raise RobotError(f"{self._link.host} has {lacks}")
        docked = self._docked()
        if not self._options.own_estop:
            self._require_released()
        self._lease.acquire(take=self._options.take_lease)
        if self._options.own_estop:
            self._estop.start(motors_on=view.motors_on)
            self._require_released()
        self._require_hardware_released()
        self._settle_faults()
        self._power.on()
        if docked:
            dock.undock(self._connection, self._until)
        self._stand()

    def entered(self, look: Callable[[], None]) -> None:
        """The robot is ours and stands; look at it for the first time."""
        look()
        self._starting = False

    def _docked(self) -> bool:
        """Whether the robot must get off its dock first. RobotError unless that is asked for."""
        state = dock.state(self._connection)
        docked = dock.docked(state)
        why = None if docked and self._options.undock else dock.hindrance(state, self._link.host)
        if why is not None:
            raise RobotError(why)
        return docked

    def _require_released(self) -> None:
        why = refusal(read_status(self._link.send("reading the e-stop", self._connection.estop.get_status)))
        if why is not None:
            raise RobotError(why)

    def _require_hardware_released(self) -> None:
        pressed = self.view().stops_pressed()
        if pressed:
            raise RobotError(f"an e-stop of the robot is pressed: {', '.join(pressed)}; release it, then run again")

    def _settle_faults(self) -> None:
        from bosdyn.api import robot_state_pb2

        faults = self.view().faults()
        clearable = [fault for fault in faults if fault.status == robot_state_pb2.BehaviorFault.STATUS_CLEARABLE]
        if self._options.clear_faults:
            self.clear(clearable)
            faults = self.view().faults()
        if faults:
            raise RobotError("; ".join(fault_words(fault) for fault in faults))

    def clear(self, faults: Sequence[Any]) -> None:
        """Clear behaviour faults. LostRobotError or RobotError if that is impossible."""
        for fault in faults:
            self._link.send("clearing a fault", self._clear, fault.behavior_fault_id)

    def _clear(self, number: int, timeout: float) -> Any:
        return self._connection.command.clear_behavior_fault(number, timeout=timeout)

    def _stand(self) -> None:
        from bosdyn.api import basic_command_pb2

        standing = basic_command_pb2.StandCommand.Feedback.STATUS_IS_STANDING

        def stands(feedback: Any) -> bool:
            part = feedback.synchronized_feedback.mobility_command_feedback
            return bool(part.stand_feedback.status == standing)

        self._carry_out("standing up", commands.stand(), stands, STAND_S, "the robot did not stand up")

    def _carry_out(
        self, doing: str, command: Any, ended: Callable[[Any], bool], limit_s: float, otherwise: str
    ) -> None:
        """Send a command and wait until its feedback says that it has ended. RobotError after the limit."""
        number = self.send(doing, command)

        def done() -> bool:
            feedback = self.feedback(number)
            return feedback is not None and ended(feedback)

        self._until(done, limit_s, otherwise)

    def _until(self, done: Callable[[], bool], limit_s: float, otherwise: str) -> None:
        """Wait on the robot's clock. RobotError after the limit."""
        clock, begun_s = self._connection.clock, time.monotonic()
        begun_robot_s = clock.robot_time()
        while not done():
            self.pulse.beat()
            waited_s = time.monotonic() - begun_s
            late = clock.robot_time() - begun_robot_s > limit_s and waited_s > limit_s
            if late or waited_s > SLOWEST * limit_s:
                raise RobotError(f"{otherwise} within {limit_s:.0f} s")
            time.sleep(min(POLL_S, POLL_S / clock.pace))

    # while it lasts

    def send(self, doing: str, command: Any) -> int:
        """Send a robot command, again if need be; its number. LostRobotError or RobotError if that is impossible."""

        def call(timeout: float) -> int:
            return int(self._connection.command.robot_command(command, timeout=timeout))

        return self._link.send(doing, call)

    def again(self, doing: str, command: Any) -> int | None:
        """Send a robot command once; its number, None if it was not taken this time. LostRobotError."""
        try:
            number = self._link.look(doing, self._connection.command.robot_command, command)
        except LostRobotError:
            raise
        except RobotError:  # say, its end time has passed because the robot's clock was set
            return None
        return None if number is None else int(number)

    def feedback(self, number: int) -> Any | None:
        """One feedback RPC; None if there was no answer this time."""
        answer = self._link.look("reading feedback", self._connection.command.robot_command_feedback, number)
        return None if answer is None else answer.feedback

    def last(self, command: Any) -> bool:
        """One try to send a command on the way out, also over a broken connection."""
        return self._link.last(lambda timeout: self._connection.command.robot_command(command, timeout=timeout))

    # giving it back

    def end(self) -> None:
        """Leave the robot as asked, as far as it is still ours and answers; then return the lease. After a start that
        has failed, and after a fault, the motors are as they were found. Never raises RobotError: what could not be
        done is told.
        """
        self.pulse.beat()
        try:
            if self._starting or (self.lost is Loss.POWER and self._options.at_end in ("found", "off")):
                self._power.restore()
            elif self._lease.held and self._link.lost is None:
                self._leave()
        except RobotError as error:
            logging.getLogger(__name__).warning("%s could not be left as asked: %s", self._link.host, error)
        finally:
            self._estop.stop()
            self._lease.release()

    def _leave(self) -> None:
        off = self._options.at_end == "off" or (self._options.at_end == "found" and self._power.asked)
        if self._options.at_end == "stand" or (self._options.at_end == "found" and not off):
            return
        view = self.view()
        if not view.motors_on:
            return
        if not view.gripper().holding and view.standing:
            self._stow()
        if off or self._options.own_estop:
            self._power.off()
        else:
            self._sit()

    def _stow(self) -> None:
        from behaviours.robot import CommandState
        from behaviours.robots.spot.motion import progress

        def ended(feedback: Any) -> bool:
            return progress.stowed(feedback, self.view(), 0.0).state is not CommandState.RUNNING

        with contextlib.suppress(RobotError):
            self._carry_out("stowing the arm", commands.stow(), ended, STOW_S, "the arm was not stowed")

    def _sit(self) -> None:
        from bosdyn.api import basic_command_pb2

        sitting = basic_command_pb2.SitCommand.Feedback.STATUS_IS_SITTING

        def sits(feedback: Any) -> bool:
            part = feedback.synchronized_feedback.mobility_command_feedback
            return bool(part.sit_feedback.status == sitting)

        self._carry_out("sitting down", commands.sit(), sits, SIT_S, "the robot did not sit down")

    @property
    def lost(self) -> Loss | None:
        return None if self._link.lost is None else self._link.lost.loss
