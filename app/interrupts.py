"""Ctrl-C and SIGTERM: the run stops at a well-defined point, is closed whole, and a second signal cannot break that.

Four phases. At the start (imports, building the simulator) a signal raises KeyboardInterrupt at once; should a library
swallow it, an alarm notices and raises it again. Steps that must not be cut in two `hold` signals until `release`.
While the tree ticks it is only noted, and `check`, called once per
tick, raises it between two ticks; so nothing is cut in the middle of a write or a command. While the run is being
closed signals are noted and otherwise ignored.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from enum import Enum
from types import FrameType, TracebackType
from typing import Any, Final, Self

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
STUCK_S: Final = 2.0
"""A second signal this long after one that was only noted means that the tick does not end: then it raises at once."""
AGAIN_S: Final = 0.25
"""How long after an interruption at the start to look whether it was swallowed, and how often."""


class Phase(Enum):
    AT_ONCE = "at once"
    RAISED = "raised"
    HELD = "held"
    BETWEEN_TICKS = "between ticks"
    CLOSING = "closing"


class Interrupts:
    """Signal handlers of one process for the time of a `with` block; main thread only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.received: str | None = None
        self._phase = Phase.AT_ONCE
        self._clock = clock
        self._first_s = 0.0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._look_again)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        stuck = self.received is not None and self._clock() - self._first_s > STUCK_S
        if self.received is None:
            self.received = signal.Signals(number).name
            self._first_s = self._clock()
        if self._phase is Phase.AT_ONCE or (self._phase is Phase.BETWEEN_TICKS and stuck):
            self._phase = Phase.RAISED
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S, AGAIN_S)
            raise KeyboardInterrupt(self.received)

    def _look_again(self, number: int, frame: FrameType | None) -> None:
        """Code that runs while the interruption unwinds does so inside its handling; other code has swallowed it."""
        if self._phase is Phase.RAISED and not _unwinding(sys.exc_info()[1]):
            raise KeyboardInterrupt(self.received)

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come, also one whose exception a library has swallowed."""
        if self.received is not None:
            self._phase = Phase.CLOSING
            raise KeyboardInterrupt(self.received)

    def hold(self) -> None:
        """From now on a signal waits for `release`: for the few steps between making a thing and the `try` that
        closes it."""
        self._phase = Phase.HELD

    def release(self) -> None:
        """Signals raise at once again, beginning with one that waited."""
        self._phase = Phase.AT_ONCE
        self.check()

    def between_ticks(self) -> None:
        """From now on a signal is raised by `check` only."""
        self._phase = Phase.BETWEEN_TICKS
        self.check()

    def closing(self) -> None:
        """From now on signals are ignored: the run is being closed and that must not be cut short."""
        self._phase = Phase.CLOSING
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _unwinding(error: BaseException | None) -> bool:
    """Whether this error, or one that it replaced, is an interruption."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None
