"""Hears signals on a thread of its own: a robot stops and the program ends also while the main thread is held up.

The main thread answers a signal by itself within moments (`app/base/interrupts.py`), unless it is inside a call that
does not return: a library that computes, a disk that hangs. This thread then tells the robot to stop after STOP_S. A
second signal tells it at once, in any phase; END_S later the process is cut off, after what there is of a result was
saved. A library that holds Python's own lock holds this thread, too; a robot then stops by itself when nothing keeps
its lease.
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
"""How long saving, and stopping, may take when the process is cut off."""


class Guard:
    """For the time of the whole process; `start` once, on the main thread."""

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
        """All is done: whatever keeps the process from ending gets END_S more."""
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
        if self._interrupts.phase is not Phase.SAVING:  # the main thread may never have heard of it
            self._interrupts.received = self._interrupts.received or self._first
        _within(LAST_S, self._interrupts.saves)
        warn(f"cut off by {self._why}")
        settle(0)
        if "multiprocessing" in sys.modules:
            for child in sys.modules["multiprocessing"].active_children():
                child.kill()
        os._exit(self._interrupts.exit_code)


def _within(limit_s: float, works: list[Callable[[], None]]) -> None:
    """Do all of this side by side, on threads that may hang; return when it is done, or after the limit."""

    def do(work: Callable[[], None]) -> None:
        with contextlib.suppress(Exception):  # nobody is left who could do anything about it
            work()

    threads = [threading.Thread(target=do, args=(work,), daemon=True) for work in list(works)]
    end_s = time.monotonic() + limit_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(end_s - time.monotonic(), 0.0))
