"""Start and end of the process: signals are handled from the first line to the last."""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from app.base.interrupts import Interrupts


def console() -> NoReturn:
    """Entry point of the console script."""

    def work(interrupts: Interrupts) -> int:
        from app.commands.dispatch import main

        return main(sys.argv[1:], interrupts)

    start(work)


def program(module: str) -> NoReturn:
    """Run the `main` of a module as a command runs: errors end it in one line, with the same exit codes."""

    def work(interrupts: Interrupts) -> int:
        from app.base.boundary import run_main

        return run_main(module, interrupts)

    start(work)


def start(work: Callable[[Interrupts], int]) -> NoReturn:
    """Do the work of a process and end with the exit code that it returns."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _leave)
    ended: list[int] = []
    # Registered first, so called last. Everything is closed then; other exit handlers could hang or be interrupted.
    atexit.register(lambda: os._exit(ended[0]) if ended else None)
    from app.base import output

    output.install()
    from app.base.exit_codes import INTERRUPTED
    from app.base.guard import Guard
    from app.base.interrupts import Interrupts

    interrupts = Interrupts()
    interrupts.hold()  # until something catches what a signal raises
    interrupts.__enter__()  # for as long as the process lives
    guard = Guard(interrupts).start()
    try:
        try:
            code = work(interrupts)
        except SystemExit as end:  # of argparse, after its help or its complaint
            code = int(end.code or 0)
        code = output.settle(code)
        interrupts.saving()
    except KeyboardInterrupt:  # e.g. while waiting for a reader of the output
        interrupts.saving()
        code = INTERRUPTED
    ended.append(code)
    guard.end(code)
    sys.exit(code)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End at once: while the program is being imported there is nothing to close."""
    try:
        if select.select([], [2], [], 0.0)[1]:
            os.write(2, f"spot-grasp: interrupted by {signal.Signals(number).name}\n".encode())
    finally:
        os._exit(130)
