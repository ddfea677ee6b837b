"""Signals: the robot stops, the run is closed whole, and a second signal ends even what does not end by itself.

At the start (imports, building the simulator) a signal raises KeyboardInterrupt at once; should a library swallow it,
an alarm notices and raises it again. Steps that must not be cut in two `hold` signals until `release`. While the tree
ticks it is only noted, and `check`, called before and after each tick, raises it; so nothing is cut in the middle of a
write or a command, unless the tick takes longer than TICK_S: then it is cut. While the robot is left a signal is noted;
while the result is saved it changes nothing any more. A second signal cuts once what the first has left alone, but for
the saving. `app/base/guard.py` does what this cannot: it acts while the main thread is held up.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from enum import Enum
from types import FrameType, TracebackType
from typing import Any, Final, Self

from app.base.exit_codes import INTERRUPTED

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
JOB_CONTROL: Final = (signal.SIGTTOU, signal.SIGTTIN)
"""They pause a program that uses a terminal from the background; a robot would go on meanwhile."""
TICK_S: Final = 0.3
"""A tick that is not over so long after a signal is cut."""
TWICE_S: Final = 0.3
"""Signals closer together than this are one: a terminal and a supervisor may both pass it on."""
AGAIN_S: Final = 0.25
"""How long after an interruption to look whether it was swallowed, and how often."""


class Phase(Enum):
    AT_ONCE = "at once"
    RAISED = "raised"
    HELD = "held"
    BETWEEN_TICKS = "between ticks"
    CLOSING = "closing"
    SAVING = "saving"


class Interrupts:
    """Signal handlers of one process for the time of a `with` block; main thread only.

    received: name of the first signal that counted, None if there was none. exit_code: what the process ends with if
    it has to be cut off now.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.received: str | None = None
        self.exit_code = INTERRUPTED
        self.phase = Phase.AT_ONCE
        self.stops: list[Callable[[], None]] = []
        self.saves: list[Callable[[], None]] = []
        self._clock = clock
        self._first_s = 0.0
        self._cut = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:  # nohup: to go on without us
                continue
            self._before[number] = signal.signal(number, self._handle)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._look_again)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.phase is Phase.SAVING:
            return
        if self.received is None:
            self.received = signal.Signals(number).name
            self._first_s = self._clock()
            if self.phase is Phase.AT_ONCE:
                self._raise()
            if self.phase is Phase.BETWEEN_TICKS:
                signal.setitimer(signal.ITIMER_REAL, TICK_S, AGAIN_S)
        elif not self._cut and self.phase is not Phase.HELD and self._clock() - self._first_s > TWICE_S:
            self._cut = True
            self._raise()

    def _raise(self) -> None:
        self.phase = Phase.RAISED
        signal.setitimer(signal.ITIMER_REAL, AGAIN_S, AGAIN_S)
        raise KeyboardInterrupt(self.received)

    def _look_again(self, number: int, frame: FrameType | None) -> None:
        """Cuts a tick that takes long; raises again what was swallowed. Code that runs while the interruption unwinds
        does so inside its handling; other code has swallowed it."""
        swallowed = self.phase is Phase.RAISED and not _unwinding(sys.exc_info()[1])
        if swallowed or self.phase is Phase.BETWEEN_TICKS:
            self._raise()

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come, also one whose exception a library has swallowed."""
        if self.received is not None:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            self.phase = Phase.RAISED
            raise KeyboardInterrupt(self.received)

    def hold(self) -> None:
        """From now on a signal waits for `release`: for the few steps between making a thing and the `try` that
        closes it."""
        self.phase = Phase.HELD

    def release(self) -> None:
        """Signals raise at once again, beginning with one that waited."""
        self.phase = Phase.AT_ONCE
        self.check()

    def between_ticks(self) -> None:
        """From now on a signal is raised by `check`, or when the tick has taken TICK_S more."""
        self.phase = Phase.BETWEEN_TICKS
        self.check()

    def closing(self) -> None:
        """From now on the first signal is only noted: the robot has stopped and is being left, which goes on."""
        if self.phase is not Phase.SAVING:
            self.phase = Phase.CLOSING
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    def saving(self) -> None:
        """From now on signals change nothing: how this ends is settled and being written."""
        self.phase = Phase.SAVING
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    @contextlib.contextmanager
    def guarding(self, stop: Callable[[], None] | None, save: Callable[[], None]) -> Iterator[None]:
        """Inside, there is something to lose. save: saves it, safe twice; called at the end, and before the process is
        cut off. stop: stops what moves on without this process, None if nothing does; called from another thread
        where the main thread is held up, and on a second signal. Ctrl-Z then ends the program like Ctrl-C, because a
        paused program could not stop anything.
        """
        before: dict[signal.Signals, Any] = {}
        if stop is not None:
            before = {number: signal.signal(number, signal.SIG_IGN) for number in JOB_CONTROL}
            before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._handle)
            self.stops.append(stop)
        self.saves.append(save)
        try:
            yield
        finally:
            self.saving()
            save()
            self.stops.clear()
            self.saves.clear()
            for number, handler in before.items():
                signal.signal(number, handler)


def _unwinding(error: BaseException | None) -> bool:
    """Whether this error, or one that it replaced, is an interruption."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None
