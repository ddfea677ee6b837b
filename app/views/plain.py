"""A view that writes one line per transition, for logs and pipes."""

from __future__ import annotations

from typing import IO

from app.base.output import printable
from app.views.model import NoView, Transition


class PlainView(NoView):
    """Writes to a stream and flushes it after each line."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()

    def stage(self, text: str) -> None:
        self._line(f"           {text}")

    def transition(self, change: Transition) -> None:
        self._line(transition_line(change))


def transition_line(change: Transition) -> str:
    """`   12.35 s  Main/CloseGripper  RUNNING -> FAILURE  jaws met at 2 %`"""
    words = f"  {printable(change.feedback)}" if change.feedback else ""
    return f"{change.robot_s:8.2f} s  {printable(change.path)}  {change.old} -> {change.new}{words}"
