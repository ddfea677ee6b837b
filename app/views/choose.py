"""Which view a run gets. Views write to stderr; stdout holds only the result."""

from __future__ import annotations

import os
import sys
from typing import IO

from app.views.live import LiveView
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
