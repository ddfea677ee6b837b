"""All calls to the robot pass here: deadlines, what is tried again, and when the robot counts as lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from behaviours.robots.spot.link.clock import RobotClock
from behaviours.robots.spot.link.errors import FaultyRobotError, Loss, LostRobotError, explain, is_fault, is_transient

T = TypeVar("T")
RPC_S: Final = 1.0
"""Deadline of a call that answers at once, seconds."""
IMAGE_S: Final = 4.0
"""Deadline of a call that brings pictures."""
LOST_AFTER_S: Final = 3.0
"""Wall seconds without any answer after which the connection counts as lost."""
AGAIN_S: Final = 0.1
"""Pause before a call is tried again."""


class Link:
    """The connection to one robot. `lost` is the error that ended it; every later call raises that.

    host: for messages. clock: fed with the time stamps of every answer. patience: see `Target`. rights: a robot with a
    behaviour fault is not lost, as it may get up after a fall. Thread-safe.
    """

    def __init__(
        self, host: str, clock: RobotClock, patience: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.host, self.clock, self._patience = host, clock, patience
        self.lost: LostRobotError | None = None
        self.rights = False
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._silent_since_s: float | None = None

    def require(self) -> None:
        """Raise the error that ended the connection, if one has."""
        if self.lost is not None:
            raise self.lost

    def lose(self, error: LostRobotError) -> LostRobotError:
        """The robot is lost; the first reason stays. Returns it."""
        with self._lock:
            if self.lost is None:
                self.lost = error
            return self.lost

    def forgive(self) -> None:
        """Somebody begins anew, say a mission that brings its own lease: what was lost may be there again."""
        with self._lock:
            self.lost, self._silent_since_s = None, None

    def look(self, doing: str, call: Callable[..., T], *arguments: Any, timeout: float = RPC_S) -> T | None:
        """One call that only looks. None if there was no answer this time; LostRobotError once that lasts too long.

        RobotError if the robot refuses.
        """
        return self._attempt(doing, call, arguments, timeout)[1]

    def send(self, doing: str, call: Callable[..., T], *arguments: Any, timeout: float = RPC_S) -> T:
        """A call that must get through: tried again until the connection counts as lost."""
        while True:
            through, answer = self._attempt(doing, call, arguments, timeout)
            if through:
                return answer  # type: ignore[return-value]  # it is T when it got through
            time.sleep(AGAIN_S)

    def _attempt(
        self, doing: str, call: Callable[..., T], arguments: tuple[Any, ...], timeout: float
    ) -> tuple[bool, T | None]:
        """Whether there was an answer, and the answer."""
        self.require()
        begun_s = self._monotonic()
        try:
            answer = call(*arguments, timeout=timeout * self._patience)
        except Exception as error:  # sorted out at once: bosdyn's become ours, all others go on
            self._failed(error, doing, begun_s)
            return False, None
        self._answered()
        return True, answer

    def last(self, call: Callable[..., object], *arguments: Any, timeout: float = RPC_S) -> bool:
        """One call on the way out, also after the loss; False if it did not work, which nobody can mend any more."""
        try:
            call(*arguments, timeout=timeout)
        except Exception as error:
            if not is_bosdyn(error):
                raise
            return False
        return True

    def _answered(self) -> None:
        with self._lock:
            self._silent_since_s = None

    def _failed(self, error: Exception, doing: str, begun_s: float) -> None:
        """Sort out a failed call: returns if it may be tried again, else raises."""
        if not is_bosdyn(error):
            raise error
        if is_transient(error):
            with self._lock:
                if self._silent_since_s is None:
                    self._silent_since_s = begun_s
                silent_s = self._monotonic() - self._silent_since_s
            if silent_s < LOST_AFTER_S * self._patience:
                return
            raise self.lose(
                LostRobotError(
                    f"the connection to {self.host} is lost: no answer for {silent_s:.1f} s "
                    f"({type(error).__name__}); the robot stops by itself when the lease runs out",
                    Loss.LINK,
                )
            ) from error
        self._answered()
        explained = explain(error, self.host, doing)
        if self.rights and is_fault(error):
            raise FaultyRobotError(str(explained)) from error
        if isinstance(explained, LostRobotError):
            raise self.lose(explained) from error
        raise explained from error


def is_bosdyn(error: BaseException) -> bool:
    """True for every exception of bosdyn's own."""
    from bosdyn.client.exceptions import Error
    from bosdyn.client.lease import Error as LeaseError

    return isinstance(error, Error | LeaseError)
