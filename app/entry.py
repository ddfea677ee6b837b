"""Where the program starts: signals are answered from the first lines on, before anything large is imported."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn


def console() -> NoReturn:
    """Entry point of the console script."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    from app.cli import main
    from app.interrupts import Interrupts

    with Interrupts() as interrupts:
        code = main(sys.argv[1:], interrupts)
        interrupts.closing()
        try:
            sys.stdout.flush()
        except BrokenPipeError:  # the reader has gone, e.g. `| head`: nothing is left to say to it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # An interruption inside a string's `exec`, as dataclasses use at import, leaves a mark in the interpreter that
        # turns its exit code into a death by SIGINT although it was handled; the next `exec` takes the mark away.
        exec("")
        sys.exit(code)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """While the program itself is imported there is nothing to close."""
    os.write(2, f"spot-grasp: interrupted by {signal.Signals(number).name}\n".encode())
    os._exit(130)
