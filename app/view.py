"""The terminal view of a run: `live` (a tree that changes in place), `plain` (a line per transition) or none.

The tick thread only publishes a frozen `Snapshot`, at most ten times a second; a live view draws it on its own thread.
Views write to stderr, so stdout holds nothing but the result.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from app.options import ViewKind

if TYPE_CHECKING:
    from rich.console import RenderableType

REFRESH_HZ: Final = 10.0
GLYPHS: Final = {"SUCCESS": "✓", "FAILURE": "✗", "RUNNING": "▶", "SKIPPED": "↷", "IDLE": "·", "INVALID": "·"}
STYLES: Final = {"SUCCESS": "green", "FAILURE": "red", "RUNNING": "bold yellow", "SKIPPED": "blue"}


@dataclass(frozen=True)
class Row:
    """One node as it is drawn. elapsed_s: robot seconds of its present or last run, None if it never ran."""

    name: str
    tag: str
    depth: int
    status: str
    elapsed_s: float | None = None
    feedback: str = ""
    ports: str = ""


@dataclass(frozen=True)
class Snapshot:
    """What a view shows. robot_s: the robot's clock. tick_hz: ticks per wall second. state: the robot in words."""

    title: str = ""
    rows: tuple[Row, ...] = ()
    robot_s: float = 0.0
    tick_hz: float = 0.0
    state: str = ""


@dataclass(frozen=True)
class Transition:
    """A node changed its status. robot_s: when, on the robot's clock."""

    robot_s: float
    path: str
    old: str
    new: str
    feedback: str = ""


class View(Protocol):
    """start and stop may be called once each, stop also after an error; stage says what happens before the ticks."""

    def start(self) -> None: ...
    def stage(self, text: str) -> None: ...
    def transition(self, change: Transition) -> None: ...
    def publish(self, snapshot: Snapshot) -> None: ...
    def stop(self) -> None: ...


class NoView:
    """Shows nothing."""

    def start(self) -> None:
        pass

    def stage(self, text: str) -> None:
        pass

    def transition(self, change: Transition) -> None:
        pass

    def publish(self, snapshot: Snapshot) -> None:
        pass

    def stop(self) -> None:
        pass


class PlainView(NoView):
    """One line per transition, for logs and pipes."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()

    def stage(self, text: str) -> None:
        self._line(f"           {text}")

    def transition(self, change: Transition) -> None:
        words = f"  {' '.join(change.feedback.split())}" if change.feedback else ""
        self._line(f"{change.robot_s:8.2f} s  {change.path}  {change.old} -> {change.new}{words}")


@dataclass
class LiveView:
    """The tree drawn in place by rich, from the newest snapshot, on rich's own refresh thread."""

    stream: IO[str]
    no_colour: bool = False
    _snapshot: Snapshot = field(default_factory=Snapshot, init=False)
    _stage: str = field(default="", init=False)
    _live: Any = field(default=None, init=False)

    def start(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self.stream, no_color=self.no_colour, highlight=False)
        self._live = Live(
            get_renderable=self.render,
            console=console,
            refresh_per_second=REFRESH_HZ,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()

    def stage(self, text: str) -> None:
        self._stage = text

    def transition(self, change: Transition) -> None:
        pass

    def publish(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._stage = ""

    def stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def render(self) -> RenderableType:
        """The picture of the newest snapshot; called on the refresh thread."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        snapshot, stage = self._snapshot, self._stage
        clock = f"{snapshot.robot_s:7.2f} s on the robot   {snapshot.tick_hz:5.1f} ticks/s"
        head = Text(
            f"{snapshot.title}   {clock}   {snapshot.state}",
            style="bold",
            no_wrap=True,
            overflow="ellipsis",
        )
        table = Table(box=None, padding=(0, 1), expand=True, show_header=False)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=4)
        table.add_column(justify="right", no_wrap=True, width=8)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=3)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=4, style="dim")
        room = self._room()
        for row in visible_rows(snapshot.rows, room):
            label = Text(
                f"{'  ' * row.depth}{GLYPHS.get(row.status, '?')} {row.name}", style=STYLES.get(row.status, "dim")
            )
            if row.tag != row.name:
                label.append(f" ({row.tag})", style="dim")
            elapsed = "" if row.elapsed_s is None else f"{row.elapsed_s:.2f} s"
            table.add_row(label, elapsed, Text(" ".join(row.feedback.split())), Text(row.ports))
        return Group(*([head] if snapshot.rows else []), *([Text(stage, style="dim")] if stage else []), table)

    def _room(self) -> int:
        return self._live.console.size.height - 3 if self._live is not None else 200


def visible_rows(rows: Sequence[Row], room: int) -> Sequence[Row]:
    """At most `room` rows: if there are more, the window that keeps the last RUNNING row in its middle."""
    room = max(room, 1)
    if len(rows) <= room:
        return rows
    running = [index for index, row in enumerate(rows) if row.status == "RUNNING"]
    centre = running[-1] if running else 0
    first = min(max(centre - room // 2, 0), len(rows) - room)
    return rows[first : first + room]


def make_view(kind: ViewKind | None, stream: IO[str] | None = None) -> View:
    """The view asked for. None: live on a terminal, plain elsewhere. NO_COLOR (any value) turns colours off."""
    stream = sys.stderr if stream is None else stream
    if kind is None:
        kind = "live" if stream.isatty() and os.environ.get("TERM") != "dumb" else "plain"
    if kind == "none":
        return NoView()
    if kind == "plain":
        return PlainView(stream)
    return LiveView(stream, no_colour=bool(os.environ.get("NO_COLOR")))


class Throttle:
    """Says at most `hertz` times a second, on the wall clock, that it is time."""

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
