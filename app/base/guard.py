"""A thread that hears signals: it stops the robot and ends the program even while the main thread is blocked.

The main thread handles a signal itself (`app/base/interrupts.py`). It cannot inside a call that does not return, such
as a long computation or a hanging disk. After STOP_S this thread then stops the robot. A second signal stops it
at once, in any phase; END_S later the result is saved as far as it is known, and the process is killed. A library that
holds the GIL blocks this thread too. A Spot then stops by itself, because nothing renews its lease.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Final, Self

from app.base.interrupts import SIGNALS, TWICE_S, Interrupts, Phase
from app.base.output import hurry, settle, warn

STOP_S: Final = 0.6
END_S: Final = 3.0
LAST_S: Final = 2.0
"""Limit for saving, and for stopping, when the process is killed."""


class Guard:
    """Lives as long as the process. Call `start` once, on the main thread."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._hear, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._first: str | None = None
        self._why = ""
        self._end_s = float("inf")

    def start(self) -> Self:
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        threading.Thread(target=self._run, name="guard", daemon=True).start()
        return self

    def end(self, code: int) -> None:
        """The work is done: what still keeps the process from ending has END_S left. code: its exit code."""
        self._interrupts.exit_code = code
        self._why, self._end_s = "something did not end", time.monotonic() + END_S
        os.write(self._wake, b"\0")

    def _run(self) -> None:
        watched = {int(number) for number in (*SIGNALS, signal.SIGTSTP)}
        first_s, stop_s = None, float("inf")
        while True:
            left_s = min(stop_s, self._end_s) - time.monotonic()
            if select.select([self._hear], [], [], None if left_s == float("inf") else max(left_s, 0.0))[0]:
                for number in watched.intersection(os.read(self._hear, 64)):
                    now_s = time.monotonic()
                    if first_s is None:
                        self._first = signal.Signals(number).name
                        first_s, stop_s = now_s, now_s + STOP_S
                    elif now_s - first_s > TWICE_S and self._end_s == float("inf"):
                        hurry()
                        self._why, self._end_s = f"a second {signal.Signals(number).name}", now_s + END_S
                        _within(LAST_S, self._interrupts.stops)
            if time.monotonic() >= stop_s:
                stop_s = float("inf")
                if self._interrupts.phase not in (Phase.CLOSING, Phase.SAVING):
                    _within(LAST_S, self._interrupts.stops)
            if time.monotonic() >= self._end_s:
                self._cut_off()

    def _cut_off(self) -> None:
        hurry()
        if self._interrupts.phase is not Phase.SAVING:  # the main thread may not have seen the signal
            self._interrupts.received = self._interrupts.received or self._first
        _within(LAST_S, self._interrupts.saves)
        warn(f"cut off by {self._why}")
        settle(0)
        if "multiprocessing" in sys.modules:
            for child in sys.modules["multiprocessing"].active_children():
                child.kill()
        os._exit(self._interrupts.exit_code)


def _within(limit_s: float, works: list[Callable[[], None]]) -> None:
    """Call all of them at once, on threads that may hang; return when they are done, or after the limit."""

    def do(work: Callable[[], None]) -> None:
        with contextlib.suppress(Exception):  # nothing more can be done about it
            work()

    threads = [threading.Thread(target=do, args=(work,), daemon=True) for work in list(works)]
    end_s = time.monotonic() + limit_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(end_s - time.monotonic(), 0.0))
