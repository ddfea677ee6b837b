"""A run's log read back: its tree and everything that happened, as far as it was written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from behaviours.recording.events import BLACKBOARD, FEEDBACK, KINDS, OVERRUN, TRANSITION, Event
from perception.base.errors import ConfigError
from perception.base.files import check_values, read_bytes
from trees import NodeView

LOG: Final = "log.jsonl"
LOG_BYTES: Final = 64_000_000
LONGEST_S: Final = 1e7
"""A later time in a log is a damaged number."""
STATUSES: Final = ("IDLE", "RUNNING", "SUCCESS", "FAILURE", "SKIPPED")


@dataclass(frozen=True)
class Recording:
    """A run. events: those that change what is seen, in order. end: the result's status and reason, "" if the run was
    killed before it had one. cut: in words, why the log was not read to its end, "" if it was."""

    path: Path
    title: str
    nodes: tuple[NodeView, ...]
    events: tuple[Event, ...]
    end: str
    cut: str

    @property
    def span_s(self) -> tuple[float, float]:
        """When the first and the last event were."""
        return (self.events[0].time_s, self.events[-1].time_s) if self.events else (0.0, 0.0)


def read_recording(run: Path) -> Recording:
    """The log of a run folder, or a log file. A log that was cut is read up to there.

    ConfigError if there is none, or it was cut before its tree.
    """
    path = run / LOG if os.path.isdir(run) else run
    try:
        raw = read_bytes(path, "log of a run", LOG_BYTES)
    except ConfigError as error:
        raise ConfigError(f"{error}; give the folder of a run, e.g. runs/...") from error
    lines: list[dict[str, Any]] = []
    cut = ""
    for number, text in enumerate(raw.split(b"\n"), 1):
        line = _line(text)
        if line is not None:
            lines.append(line)
        elif text.strip():
            cut = f"the log is cut in line {number}"
            break
    tree = next((line for line in lines if line["event"] == "tree"), None)
    if tree is None:
        more = f"; {cut}" if cut else ""
        raise ConfigError(f"{path}: no tree in it: no log of a run, or of one that ended before its first tick{more}")
    try:
        nodes = tuple(_node(entry) for entry in tree["nodes"])
        _check_depths([node.depth for node in nodes])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{path}: its tree cannot be read: {type(error).__name__}: {error}") from error
    uids = {node.uid for node in nodes}
    events = tuple(_in_order(lines, uids))
    result = next((line for line in lines if line["event"] == "result"), None)
    end = "" if result is None else " ".join(str(result.get(key, "")) for key in ("status", "reason")).strip()
    return Recording(path, str(tree.get("title", path.stem)), nodes, events, end, cut)


def _line(text: bytes) -> dict[str, Any] | None:
    """A line of the log, or None if it is none."""
    try:
        value = json.loads(text, parse_constant=lambda _: None)  # a blackboard may hold NaN
        check_values(value)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("event"), str) else None


def _node(entry: Mapping[str, Any]) -> NodeView:
    ports = {str(name): str(text) for name, text in entry["ports"].items()}
    path, name, tag, kind = (str(entry[key]) for key in ("path", "name", "tag", "kind"))
    return NodeView(int(entry["uid"]), path, name, tag, kind, int(entry["depth"]), "IDLE", "", ports)


def _check_depths(depths: Sequence[int]) -> None:
    if not depths or depths[0] != 0:
        raise ValueError("it has no root")
    for before, depth in pairwise(depths):
        if not 1 <= depth <= before + 1:
            raise ValueError(f"depth {depth} after depth {before}")


def _in_order(lines: Sequence[Mapping[str, Any]], uids: set[int]) -> Iterator[Event]:
    """The events that can be played; lines of other kinds, or about nodes that the tree has not, are left out."""
    now_s = 0.0
    for line in lines:
        kind, time_s = line["event"], line.get("t")
        if kind not in KINDS or not _playable(kind, line, uids):
            continue
        if isinstance(time_s, int | float) and time_s <= LONGEST_S:
            now_s = max(now_s, float(time_s))
        yield Event(now_s, kind, line)


def _playable(kind: str, line: Mapping[str, Any], uids: set[int]) -> bool:
    if kind in (TRANSITION, FEEDBACK) and not (isinstance(line.get("uid"), int) and line["uid"] in uids):
        return False
    if kind == TRANSITION:
        return line.get("old") in STATUSES and line.get("new") in STATUSES
    if kind == OVERRUN:
        return all(isinstance(line.get(key), int | float) for key in ("wall_ms", "leaf_ms"))
    return kind != BLACKBOARD or isinstance(line.get("key"), str)
