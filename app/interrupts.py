"""Ctrl-C and SIGTERM: the run stops at a well-defined point, is closed whole, and a second signal cannot break that.

Three phases. At the start (imports, building the simulator) a signal raises KeyboardInterrupt at once. While the tree
ticks it is only noted, and `check`, called once per tick, raises it between two ticks; so nothing is cut in the middle
of a write or a command. While the run is being closed signals are counted and otherwise ignored.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from enum import Enum
from types import FrameType, TracebackType
from typing import Any, Final, Self

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
STUCK_S: Final = 2.0
"""A second signal this long after one that was only noted means that the tick does not end: then it raises at once."""


class Phase(Enum):
    AT_ONCE = "at once"
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
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        stuck = self.received is not None and self._clock() - self._first_s > STUCK_S
        if self.received is None:
            self.received = signal.Signals(number).name
            self._first_s = self._clock()
        if self._phase is Phase.AT_ONCE or (self._phase is Phase.BETWEEN_TICKS and stuck):
            self._phase = Phase.CLOSING
            raise KeyboardInterrupt(self.received)

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come, also one whose exception a library has swallowed."""
        if self.received is not None:
            self._phase = Phase.CLOSING
            raise KeyboardInterrupt(self.received)

    def between_ticks(self) -> None:
        """From now on a signal is raised by `check` only."""
        self._phase = Phase.BETWEEN_TICKS
        self.check()

    def closing(self) -> None:
        """From now on signals are ignored: the run is being closed and that must not be cut short."""
        self._phase = Phase.CLOSING
