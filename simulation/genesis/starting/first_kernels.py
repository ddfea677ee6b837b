"""Says what a start takes minutes for: kernels that are compiled, once on a machine."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

KERNELS: Final = 60
"""About so many does a run with the robot need."""
EVERY_S: Final = 10.0
FOLDER: Final = "qdcache/python_side_cache"
"""Below Quadrants' cache: a file for each kernel, written when it is compiled."""


class KernelWatch:
    """Counts what has been added to the cache since it was made. tell: takes a line for people."""

    def __init__(self, cache: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._tell = cache / FOLDER, tell
        self._before = self._count()
        self._told = 0

    def look(self) -> None:
        """Tell of new kernels, if there are more than at the last look."""
        new = self._count() - self._before
        if new > self._told:
            self._told = new
            self._tell(f"compiling the physics, which happens once on a machine: {new} of about {KERNELS} kernels")

    def _count(self) -> int:
        with contextlib.suppress(OSError):
            return sum(entry.suffix == ".txt" for entry in self._folder.iterdir())
        return 0


def warn(text: str) -> None:
    """A line for whoever waits."""
    logging.getLogger("behaviours").warning("%s", text)


@contextmanager
def compiling_told(cache: Path, tell: Callable[[str], None] = warn, every_s: float = EVERY_S) -> Iterator[None]:
    """Tell every few seconds how far it is, while the block compiles kernels; nothing if all are in the cache."""
    watch, over = KernelWatch(cache, tell), threading.Event()

    def go_on() -> None:
        while not over.wait(every_s):
            watch.look()

    thread = threading.Thread(target=go_on, name="kernels", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
