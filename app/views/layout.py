"""Which rows of a tree are drawn in the room there is: the running path open, what has ended or not begun folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.views.model import Row
from trees.data.preorder import ends


def fold(rows: Sequence[Row]) -> list[Row]:
    """The rows in which each branch without a running node is one row.

    Such a row says how many rows it hides and, if it failed, which leaf below failed last and why. Where nothing runs
    at all the tree stays open down to the children of the root, so that the result of a run is seen.
    """
    last = ends([row.depth for row in rows])
    runners = [0]  # how many rows before each run
    for row in rows:
        runners.append(runners[-1] + (row.status == "RUNNING"))
    running = [runners[last[index]] > runners[index] for index in range(len(rows))]
    shown: list[Row] = []
    index = 0
    while index < len(rows):
        row, below = rows[index], last[index] - index - 1
        is_open = running[index] or (index == 0 and not running[0])
        if below == 0 or is_open:
            shown.append(row)
            index += 1
        else:
            shown.append(replace(row, hidden=below, feedback=row.feedback or _why(rows[index + 1 : last[index]], row)))
            index = last[index]
    return shown


def _why(below: Sequence[Row], row: Row) -> str:
    """What the last failed leaf of a failed branch said."""
    if row.status != "FAILURE":
        return ""
    leaves = [r for r, after in zip(below, [*below[1:], None], strict=True) if after is None or after.depth <= r.depth]
    failed = [leaf for leaf in leaves if leaf.status == "FAILURE"]
    if not failed:
        return ""
    leaf = failed[-1]
    return f"{leaf.name}: {leaf.feedback}" if leaf.feedback else leaf.name


def fit(rows: Sequence[Row], room: int) -> Sequence[Row]:
    """At most `room` rows: if there are more, the window that keeps the last RUNNING row in its middle."""
    room = max(room, 1)
    if len(rows) <= room:
        return rows
    running = [index for index, row in enumerate(rows) if row.status == "RUNNING"]
    centre = running[-1] if running else 0
    first = min(max(centre - room // 2, 0), len(rows) - room)
    return rows[first : first + room]
