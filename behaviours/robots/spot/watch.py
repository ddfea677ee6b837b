"""The robot's state as it is now, and whether it lets us go on."""

from __future__ import annotations

import time
from typing import Final

from behaviours.robots.spot.link.connection import Connection
from behaviours.robots.spot.link.errors import Loss, LostRobotError
from behaviours.robots.spot.state import RobotView, fault_words
from perception.base.errors import RobotError

MAX_AGE_S: Final = 0.02
"""A state no older than this, in wall seconds, is the present one: one tick asks for several values of it."""


class StateWatch:
    """Fetches the state of a robot again when the last one is too old.

    commanded: it stands ready for commands; if it has stopped by itself, it is lost: LostRobotError. rights: a fall is
    no loss, as it may get up.
    """

    def __init__(self, connection: Connection, hostname: str, *, commanded: bool = True, rights: bool = False) -> None:
        self._connection, self._hostname, self._commanded = connection, hostname, commanded
        self._rights = rights
        self._seen: tuple[RobotView, float] | None = None

    @property
    def last(self) -> RobotView | None:
        """The last state that was fetched; None before the first."""
        return None if self._seen is None else self._seen[0]

    @property
    def is_old(self) -> bool:
        return self._seen is None or time.monotonic() - self._seen[1] > MAX_AGE_S

    def look(self) -> None:
        """Fetch the state once; without an answer the old one stays for now. LostRobotError if it forbids to go on."""
        self._connection.link.require()
        state = self._connection.link.look("reading its state", self._connection.state.get_robot_state)
        if state is not None:
            view = RobotView(state)
            self._seen = view, time.monotonic()
            if self._commanded:
                self._require_fit(view)

    def _require_fit(self, view: RobotView) -> None:
        falls = view.falls() if self._rights else []
        faults = [fault for fault in view.faults() if fault not in falls]
        why = ""
        if view.stops_pressed():
            why = f"an e-stop has stopped the robot: {', '.join(view.stops_pressed())}"
        elif faults:
            why = "; ".join(fault_words(fault) for fault in faults)
        elif not view.motors_on:
            why = "the robot's motors went off; see the tablet or the admin console for the reason"
        if why:
            raise self._connection.link.lose(LostRobotError(why, Loss.POWER))

    def recent(self) -> RobotView | None:
        """The present state; None while the connection hangs."""
        self._connection.link.require()
        if self.is_old:
            before = self._seen
            self.look()
            if self._seen is before:
                return None
        return self.last

    def view(self) -> RobotView:
        """The present state; the last one known while the connection hangs. RobotError before the first."""
        view = self.recent() or self.last
        if view is None:
            raise RobotError(f"{self._hostname} has not told its state yet")
        return view
