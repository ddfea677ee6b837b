"""Jobs for tests of worker processes that import next to nothing, so that a process starts in a moment."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


class OddError(Exception):
    """Cannot be copied to another process: its constructor wants two values."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def nothing() -> None:
    """A worker's start."""


def number(seed: int) -> bytes:
    """A result of a few hundred kilobytes that depends on the job alone, after some milliseconds of work."""
    value = seed
    for _ in range(5_000):
        value = (value * 6_364_136_223_846_793_005 + 1) % 2**64
    return value.to_bytes(8, "big") * 40_000


def die(how: str) -> None:
    """Ends its process: a signal's name, or "exit"."""
    if how == "exit":
        os._exit(7)
    os.kill(os.getpid(), signal.Signals[how])


def die_once(file: str) -> str:
    """Ends its process the first time that it is called for a file."""
    if not Path(file).exists():
        Path(file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return file


def leave(_: int) -> None:
    sys.exit(0)


def odd(_: int) -> None:
    raise OddError("an", "oddity")


def forever(folder: str) -> None:
    """Says its process id in a file, then never ends."""
    (Path(folder) / str(os.getpid())).touch()
    signal.pause()
    forever(folder)


def cannot_start() -> None:
    raise ModuleNotFoundError("No module named 'genesis'", name="genesis")


def dies_at_start() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)
