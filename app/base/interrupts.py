"""Signals: when they raise KeyboardInterrupt, and when they only leave a note.

What a signal does depends on the phase of the program:

- At the start (imports, building the simulator) it raises at once. If a library swallows the exception, an alarm raises
  it again.
- Between `hold` and `release` it waits, so that a step is not cut in two.
- While the tree ticks, `check` raises it before or after a tick, so that no write and no command is cut. A tick that
  takes longer than TICK_S is cut.
- While the robot is being left it is noted. While the result is saved it is ignored.

A second signal interrupts what the first did not, except saving. `app/base/guard.py` acts while the main thread is
blocked.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum
from types import FrameType, TracebackType
from typing import Any, Final, Self

from app.base.exit_codes import INTERRUPTED

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
JOB_CONTROL: Final = (signal.SIGTTOU, signal.SIGTTIN)
"""They pause a background program that uses the terminal; the robot would keep moving."""
TICK_S: Final = 0.3
"""A tick that lasts this long after a signal is cut."""
TWICE_S: Final = 0.3
"""Signals closer together than this count as one: a terminal and a supervisor may both send it."""
AGAIN_S: Final = 0.25
"""Delay and interval of the alarm that finds a swallowed interruption."""


class Phase(Enum):
    AT_ONCE = "at once"
    RAISED = "raised"
    HELD = "held"
    BETWEEN_TICKS = "between ticks"
    CLOSING = "closing"
    SAVING = "saving"


class Interrupts:
    """The signal handlers of the process, inside a `with` block; main thread only.

    received: name of the first signal, None if there was none. exit_code: the exit code if the process is killed now.
    stops: what stops a robot. saves: what saves a result.
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
        """Cut a long tick, or raise a swallowed interruption again. It was swallowed if no handling of it is in
        progress."""
        swallowed = self.phase is Phase.RAISED and not _unwinding(sys.exc_info()[1])
        if swallowed or self.phase is Phase.BETWEEN_TICKS:
            self._raise()

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come, even if a library has swallowed the exception."""
        if self.received is not None:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            self.phase = Phase.RAISED
            raise KeyboardInterrupt(self.received)

    def press(self) -> None:
        """Do what a first Ctrl-C does; for any thread. Nothing more once a signal has come."""
        if self.received is None and (main := threading.main_thread().ident) is not None:
            signal.pthread_kill(main, signal.SIGINT)

    def hold(self) -> None:
        """Let signals wait for `release`: for the few steps between making something and the `try` that closes it."""
        self.phase = Phase.HELD

    def release(self) -> None:
        """Let signals raise at once again, first one that has waited."""
        self.phase = Phase.AT_ONCE
        self.check()

    def between_ticks(self) -> None:
        """Let `check` raise signals; a tick that takes TICK_S more is cut."""
        self.phase = Phase.BETWEEN_TICKS
        self.check()

    def closing(self) -> None:
        """Note the first signal only: the robot has stopped, and leaving it must go on."""
        if self.phase is not Phase.SAVING:
            self.phase = Phase.CLOSING
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    def saving(self) -> None:
        """Ignore signals: the result is settled and being written."""
        self.phase = Phase.SAVING
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    @contextlib.contextmanager
    def guarding(self, stop: Callable[[], None] | None, save: Callable[[], None]) -> Iterator[None]:
        """Protect a run while the block lasts.

        stop: stops what would keep moving without this process, None if nothing would. Called from another thread if
        the main thread is blocked, and on a second signal. With it, Ctrl-Z ends the program like Ctrl-C, because a
        paused program could not stop anything. save: saves the result, safe twice. Called at the end, and before the
        process is killed.
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
    """Whether this error, or one that it was raised during, is KeyboardInterrupt."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None
