"""Which view a run gets, and how often it is updated. Views write to stderr; stdout holds only the result."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import IO

from app.views.live import REFRESH_HZ, LiveView
from app.views.model import NoView, View, ViewKind
from app.views.plain import PlainView


def make_view(kind: ViewKind | None, stream: IO[str] | None = None) -> View:
    """The view of a kind. None: live on a terminal, else plain. NO_COLOR in the environment turns colours off."""
    stream = sys.stderr if stream is None else stream
    if kind is None:
        kind = "live" if stream.isatty() and os.environ.get("TERM") != "dumb" else "plain"
    if kind == "none":
        return NoView()
    if kind == "plain":
        return PlainView(stream)
    return LiveView(stream, no_colour=bool(os.environ.get("NO_COLOR")))


class Throttle:
    """`due` is true at most `hertz` times a second. clock: seconds; the wall clock by default."""

    def __init__(self, hertz: float = REFRESH_HZ, clock: Callable[[], float] = time.monotonic) -> None:
        self._period_s = 1.0 / hertz
        self._clock = clock
        self._next_s = -float("inf")

    def due(self) -> bool:
        now = self._clock()
        if now < self._next_s:
            return False
        self._next_s = now + self._period_s
        return True
