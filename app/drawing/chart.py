"""Charts as SVG for pages: lines over time, and bars on a time line. Colours come from the page's style."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from app.drawing.page import cell

WIDTH: Final = 760
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 8, 20


@dataclass(frozen=True)
class Bar:
    """A row of a time line. spans: (from, to, status), seconds; the status is a class of STYLE."""

    name: str
    spans: Sequence[tuple[float, float, str]]


def lines(title: str, points: Sequence[tuple[float, float]], colour: str, *, most: float, unit: str) -> str:
    """A line over the robot's clock. points: (seconds, value), in order, at least one. colour: the name of a colour of
    the page. most: the scale goes up to this at least."""
    height = 130
    first, last = points[0][0], max(points[-1][0], points[0][0] + 1e-3)
    high = max(most, *(value for _, value in points)) * 1.05
    x = _scale(first, last)

    def y(value: float) -> float:
        return height - BOTTOM - value / high * (height - TOP - BOTTOM)

    marks = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        f'<text x="{LEFT - 5}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
        for value in (0.0, most / 2, most)
    ]
    path = " ".join(f"{x(time_s):.1f},{y(value):.1f}" for time_s, value in points)
    marks.append(f'<polyline class="line" stroke="var(--{colour})" points="{path}"/>')
    return _svg(height, f"{title} ({unit})", [*marks, *_seconds(first, last, height)])


def time_line(title: str, bars: Sequence[Bar], first_s: float, last_s: float) -> str:
    """A row for each bar over the robot's clock; the names stand above the rows."""
    row = 26
    height = TOP + row * len(bars) + BOTTOM
    last_s = max(last_s, first_s + 1e-3)
    x = _scale(first_s, last_s)
    marks = []
    for number, bar in enumerate(bars):
        top = TOP + row * number
        marks.append(f'<text class="name" x="{LEFT}" y="{top + 10}">{cell(bar.name)}</text>')
        marks.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{top + 18}" y2="{top + 18}"/>')
        for begin, end, status in bar.spans:
            kind = status if status in ("SUCCESS", "FAILURE", "RUNNING", "IDLE", "SKIPPED") else "RUNNING"
            width = max(x(end) - x(begin), 1.5)
            words = f"{bar.name}: {begin:.2f} to {end:.2f} s, {kind.lower()}"
            marks.append(
                f'<rect class="{kind}" x="{x(begin):.1f}" y="{top + 14}" width="{width:.1f}" height="8" rx="1.5">'
                f"<title>{cell(words)}</title></rect>"
            )
    return _svg(height, title, [*marks, *_seconds(first_s, last_s, height)])


def _scale(first: float, last: float) -> Callable[[float], float]:
    return lambda time_s: LEFT + (time_s - first) / (last - first) * (WIDTH - LEFT - RIGHT)


def _seconds(first: float, last: float, height: int) -> list[str]:
    """Round numbers of seconds below a chart, about five to ten of them."""
    x, rough = _scale(first, last), (last - first) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(size * power for size in (1.0, 2.0, 5.0) if size * power <= rough)
    times = [number * step for number in range(math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9) + 1)]
    return [f'<text x="{x(time_s):.1f}" y="{height - 5}" text-anchor="middle">{time_s:.10g}</text>' for time_s in times]


def _svg(height: int, title: str, marks: Sequence[str]) -> str:
    inside = "\n".join(marks)
    return (
        f'<div class="scroll"><svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{cell(title)}">'
        f"<title>{cell(title)}</title>\n{inside}\n</svg></div>"
    )
