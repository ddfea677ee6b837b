"""A run as tables of comma-separated values, for a spreadsheet or pandas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perception.base.files import write_atomic
from perception.base.plain_json import json_text

if TYPE_CHECKING:
    from behaviours.recording.recording import Recording

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "transition": ("uid", "path", "old", "new", "feedback"),
    "blackboard": ("scope", "key", "type", "value"),
    "command": ("number", "command", "arguments"),
    "outcome": ("number", "command", "state", "reason"),
    "capture": ("file", "camera", "time_s", "valid_depth", "intrinsics", "world_from_camera"),
    "detection": ("file", "frame", "camera", "label", "score", "box_uv"),
    "heatmap": (
        "file", "frame", "camera", "label", "detection_score", "best_quality", "pixel_uv", "depth_m", "width_m",
        "score", "point_world_m",
    ),
}  # fmt: skip
"""The columns of each table beside the time: the fields of the log's lines of this kind."""


def write_tables(out: Path, recording: Recording) -> None:
    """Make a folder with states.csv, a table for each kind of TABLES, and log.csv with every line as JSON.

    ConfigError if the states cannot be read.
    """
    states, lines = recording.states(), list(recording.timed_lines())
    _write(out / "states.csv", states.columns, states.values.tolist())
    for kind, fields in TABLES.items():
        rows = ([time_s, *(line.get(name) for name in fields)] for time_s, line in lines if line["event"] == kind)
        _write(out / f"{kind}s.csv", ("t_s", *fields), rows)
    _write(out / "log.csv", ("t_s", "event", "line"), ([time_s, line["event"], line] for time_s, line in lines))


def _write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows([_cell(value) for value in row] for row in rows)
    write_atomic(path, text.getvalue().encode(), parents=True)


def _cell(value: Any) -> Any:
    """Numbers and texts as they are, lists and mappings as JSON; unknown numbers are empty."""
    if isinstance(value, dict | list):
        return json_text(value, ensure_ascii=False)
    return "" if value is None or value != value else value
