"""Which view a run gets. Views write to stderr; stdout holds only the result."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import IO

from app.views.live import LiveView
from app.views.model import NoView, RobotSample, Snapshot, Transition, View, ViewKind
from app.views.plain import PlainView


class Both:
    """Shows a run in two views."""

    def __init__(self, *views: View) -> None:
        self._views = views

    def start(self) -> None:
        for view in self._views:
            view.start()

    def stage(self, text: str) -> None:
        for view in self._views:
            view.stage(text)

    def transition(self, change: Transition) -> None:
        for view in self._views:
            view.transition(change)

    def robot(self, sample: RobotSample) -> None:
        for view in self._views:
            view.robot(sample)

    def publish(self, newest: Callable[[], Snapshot]) -> None:
        for view in self._views:
            view.publish(newest)

    def stop(self) -> None:
        with contextlib.ExitStack() as stack:
            for view in self._views:
                stack.callback(view.stop)


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
