"""The boundary of each program: every error becomes one line on stderr and an exit code."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from app.base.exit_codes import INTERRUPTED, SUCCESS, UNUSABLE, exit_code
from app.base.interrupts import Interrupts
from app.base.output import hurry, note, warn
from perception.base.errors import SpotGraspError

LONGEST_LINE: Final = 4000
"""Longest error message, in characters; it may quote a file."""


def run_main(module: str, interrupts: Interrupts) -> int:
    """Call `main()` of a module; the exit code. SystemExit passes through, as argparse raises it."""
    try:
        interrupts.release()
        import_module(module).main()
    except SystemExit:
        raise
    except BaseException as error:
        return failed(error, interrupts, debug=False)
    return SUCCESS


def failed(error: BaseException, interrupts: Interrupts, *, debug: bool) -> int:
    """Report what ended the program; the exit code."""
    interrupts.closing()
    interrupted = isinstance(error, KeyboardInterrupt)
    if debug and not interrupted:
        import traceback

        note("".join(traceback.format_exception(error)))
    if interrupted or interrupts.received is not None:  # a library may have turned it into another error
        hurry()
        warn(f"interrupted by {interrupts.received or 'SIGINT'}")
        return INTERRUPTED
    if isinstance(error, ModuleNotFoundError):
        from perception.base.extras import missing

        error = missing(error) or error
    if isinstance(error, SpotGraspError):
        warn(one_line(error))
    elif isinstance(error, OSError) and error.filename is not None:  # e.g. a file name that the system refuses
        from perception.base.files import shown

        warn(f"{shown(str(error.filename))}: {error.strerror}")
        return UNUSABLE
    else:
        warn(f"internal error: {type(error).__name__}: {one_line(error)} (--debug shows where)")
    return exit_code(error)


def one_line(error: BaseException) -> str:
    """The error's message as a single line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]} ..."
