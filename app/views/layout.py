"""Which rows of a tree are drawn: the running branches open, all others folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.views.model import Row
from trees.data.preorder import ends


def fold(rows: Sequence[Row]) -> list[Row]:
    """The rows in which each branch without a running node is one row.

    Such a row has the number of rows that it hides and, if it failed, the last failed leaf below it with its reason. If
    nothing runs, the tree stays open down to the children of the root, to show the result.
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
    """The last failed leaf of a failed branch, with its message."""
    if row.status != "FAILURE":
        return ""
    leaves = [r for r, after in zip(below, [*below[1:], None], strict=True) if after is None or after.depth <= r.depth]
    failed = [leaf for leaf in leaves if leaf.status == "FAILURE"]
    if not failed:
        return ""
    leaf = failed[-1]
    return f"{leaf.name}: {leaf.feedback}" if leaf.feedback else leaf.name


def fit(rows: Sequence[Row], room: int) -> Sequence[Row]:
    """At most `room` rows: if there are more, a window with the last RUNNING row in its middle."""
    room = max(room, 1)
    if len(rows) <= room:
        return rows
    running = [index for index, row in enumerate(rows) if row.status == "RUNNING"]
    centre = running[-1] if running else 0
    first = min(max(centre - room // 2, 0), len(rows) - room)
    return rows[first : first + room]
