"""What each part of the robot is doing: motions are started, renewed and stopped here."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from behaviours.robots.spot.control.session import Session
from behaviours.robots.spot.link.connection import Connection
from behaviours.robots.spot.link.errors import Loss
from behaviours.robots.spot.motion import commands
from behaviours.robots.spot.motion.motion import Ended, Motion, Sender, Step
from behaviours.robots.spot.motion.progress import FALLEN
from behaviours.robots.spot.watch import StateWatch
from perception.base.errors import RobotError


class Parts:
    """Base, arm and gripper of a robot in our session, each with its last motion. Implements `motion.Sender`.

    session: sends the commands. watch: the robot now. torque_nm: limit of the last command that moved the jaws; with it
    a moving gripper that is stopped holds.
    """

    def __init__(self, connection: Connection, session: Session, watch: StateWatch) -> None:
        self.session, self.watch = session, watch
        self.now, self.recent, self.require_fit = connection.clock.now, watch.recent, watch.look
        self.send, self.feedback = session.send, session.feedback
        self.torque_nm = 0.0
        self._motions: dict[str, Motion] = {}
        self._lock = threading.RLock()

    def start(self, parts: str, steps: Sequence[Step], sender: Sender | None = None) -> Motion | Ended:
        """Start a motion; what these parts did before is overtaken. A robot that has fallen refuses it.

        parts: one, or several with a space between them. sender: None sends robot commands.
        """
        if self.watch.last is not None and self.watch.last.falls():
            return Ended(FALLEN)
        with self._lock:
            for part in parts.split():
                if part in self._motions:
                    self._motions[part].overtaken()
            motion = Motion(sender or self, parts, steps)
            self._motions |= dict.fromkeys(parts.split(), motion)
        return motion

    def again(self, motion: Motion, doing: str, command: Any) -> int | None:
        with self._lock:  # not after a stop
            return self.session.again(doing, command) if motion.running else None

    def renew(self) -> None:
        """Send the commands that would soon run out once more."""
        with self._lock:
            motions = list(self._motions.values())
        for motion in motions:
            motion.renew()

    def cancel(self, part: str) -> None:
        """Stop what the part is doing."""
        if part in self._motions:
            self._motions[part].cancel()

    def stop(self) -> None:
        """Stop everything; a moving gripper holds where it is."""
        with self._lock:
            gripping = "gripper" in self._motions and self._motions["gripper"].running
            for motion in self._motions.values():
                motion.overtaken()
        self.halt("base arm gripper" if gripping else "base arm")

    def halt(self, parts: str) -> None:
        """Send one stop for these parts; a moving gripper holds where it is. Raises nothing. Nothing is sent to a robot
        of others, or to one that the e-stop has stopped; over a broken connection it is tried once."""
        if self.session.lost in (Loss.LEASE, Loss.POWER):
            return
        command = commands.stop_parts(*parts.split())
        if "gripper" in parts and self.watch.last is not None and self.torque_nm > 0.0:
            hold = commands.claw(self.watch.last.gripper().opening, max_torque_nm=self.torque_nm)
            command.synchronized_command.gripper_command.CopyFrom(hold.synchronized_command.gripper_command)
        if self.session.lost is Loss.LINK:
            self.session.last(command)
            return
        try:
            self.session.send("stopping", command)
        except RobotError:  # the link keeps the reason and raises it at the next call; a stop itself must not fail
            return
