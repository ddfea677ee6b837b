"""The picture of a snapshot: a pure function from a frozen value to what rich renders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from app.base.output import printable
from app.views.layout import fit, fold
from app.views.model import Row, Snapshot, Transition
from app.views.plain import transition_line
from behaviours.recording.tick_times import Ticks

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table
    from rich.text import Text

GLYPHS: Final = {"SUCCESS": "✓", "FAILURE": "✗", "RUNNING": "▶", "SKIPPED": "⊘", "HALTED": "■", "IDLE": "·"}
ASCII: Final = {"SUCCESS": "v", "FAILURE": "x", "RUNNING": ">", "SKIPPED": "/", "HALTED": "#", "IDLE": "."}
STYLES: Final = {"SUCCESS": "green", "FAILURE": "red", "RUNNING": "bold yellow", "SKIPPED": "blue", "HALTED": "magenta"}
ELAPSED: Final = 9
"""Width of the column of times, characters."""
FEWEST_ROWS: Final = 5
"""Rows of the tree that are drawn on the smallest terminal."""


def picture(snapshot: Snapshot, room: int, stage: str = "", *, ascii_only: bool = False) -> RenderableType:
    """The renderable. room: lines of the terminal. stage: what happens before the first tick."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    if snapshot.rows:
        parts += [_line(text, "bold") for text in _head(snapshot)]
        if snapshot.ticks.overruns:
            parts.append(_line(_overruns(snapshot.ticks), "bold red"))
    if stage:
        parts.append(Text(printable(stage), style="dim"))
    watched = [_line(f"{{{printable(key)}}} = {printable(value)}", "cyan") for key, value in snapshot.watched]
    recent = [_line(_end(change), "dim") for change in snapshot.recent]
    left = max(room - len(parts) - len(watched), FEWEST_ROWS)
    rows = fit(fold(snapshot.rows), left)
    shown = recent[max(len(recent) - (left - len(rows)), 0) :]
    return Group(*parts, _Rows(rows, ASCII if ascii_only else GLYPHS), *watched, *shown)


def _head(snapshot: Snapshot) -> list[str]:
    ticks = snapshot.ticks
    rate = f"   tick {ticks.count}, {1000 * ticks.last_s:.1f} ms, {ticks.hertz:.1f} a second" if ticks.count else ""
    lines = [f"{printable(snapshot.title)}   {snapshot.robot_s:.2f} s on the robot{rate}"]
    more = "   ".join(printable(text) for text in (snapshot.state, snapshot.note) if text)
    return [*lines, more] if more else lines


def _overruns(ticks: Ticks) -> str:
    times = "once" if ticks.overruns == 1 else f"{ticks.overruns} times"
    slowest = f", last because of {printable(ticks.slowest)}" if ticks.slowest else ""
    return f"! a tick took longer than its period {times}, at most {1000 * ticks.worst_s:.0f} ms{slowest}"


@dataclass(frozen=True)
class _Rows:
    """The tree as a table that fits the terminal: names first, then messages, then ports."""

    rows: Sequence[Row]
    glyphs: dict[str, str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        from rich.table import Table
        from rich.text import Text

        share = (options.max_width - ELAPSED - 8) * 4 // 11
        labels = [self._label(row, 2, tag=True) for row in self.rows]
        widest = max((len(label) for label in labels), default=0)
        fits = widest <= share
        if widest > options.max_width // 2:
            labels = [self._label(row, 1, tag=False) for row in self.rows]
            widest = max(len(label) for label in labels)
        table = Table(box=None, padding=(0, 1), expand=True, show_header=False)
        most = options.max_width - ELAPSED - 8
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=4 if fits else None, min_width=min(widest, most))
        table.add_column(justify="right", no_wrap=True, width=ELAPSED)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=4)
        if fits:
            table.add_column(no_wrap=True, overflow="ellipsis", ratio=3, style="dim")
        for row, label in zip(self.rows, labels, strict=True):
            elapsed = "" if row.elapsed_s is None else f"{row.elapsed_s:.2f} s"
            ports = [Text(printable(row.ports))] if fits else []
            table.add_row(label, elapsed, Text(printable(row.feedback)), *ports)
        yield table

    def _label(self, row: Row, indent: int, *, tag: bool) -> Text:
        from rich.text import Text

        style = STYLES.get(row.status, "dim")
        mark = self.glyphs.get(row.status, "?")
        label = Text(f"{' ' * (indent * row.depth)}{mark} {printable(row.name)}", style=style)
        if tag and row.tag != row.name:
            label.append(f" ({printable(row.tag)})", style="dim")
        if row.hidden:
            label.append(f" +{row.hidden}", style="dim")
        return label


def _line(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _end(change: Transition, longest: int = 60) -> str:
    """A transition in one line, with the end of its path."""
    path = change.path if len(change.path) <= longest else f"…{change.path[1 - longest :]}"
    return transition_line(replace(change, path=path))
