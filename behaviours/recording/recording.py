"""A run's log read back: its tree and everything that happened, as far as it was written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from behaviours.recording.events import BLACKBOARD, FEEDBACK, KINDS, OVERRUN, TRANSITION, Event
from behaviours.recording.pictures import read_frame, read_heatmap
from behaviours.recording.result import Result
from behaviours.recording.states import StateTable, read_states
from behaviours.recording.statuses import IDLE_FROM, StatusBoard
from perception.base.errors import ConfigError
from perception.base.files import check_values, read_bytes
from trees import NodeView

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from perception.types import RgbdFrame

LOG: Final = "log.jsonl"
LOG_BYTES: Final = 64_000_000
LONGEST_S: Final = 1e7
"""A later time in a log is a damaged number."""
STATUSES: Final = ("IDLE", "RUNNING", "SUCCESS", "FAILURE", "SKIPPED")


@dataclass(frozen=True)
class Recording:
    """A run, read back.

    path: the log file. title: of the tree. nodes: the tree in pre-order. events: those that change what is seen, in
    order. result: None if the run was killed before it had one. cut: in words, why the log was not read to its end, ""
    if it was. lines: all lines of the log, in order.
    """

    path: Path
    title: str
    nodes: tuple[NodeView, ...] = field(repr=False)
    events: tuple[Event, ...] = field(repr=False)
    result: Result | None
    cut: str
    lines: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def captures(self) -> tuple[Mapping[str, Any], ...]:
        """The lines about pictures that were taken."""
        return self._of_kind("capture")

    @property
    def heatmap_lines(self) -> tuple[Mapping[str, Any], ...]:
        """The lines about the quality of grasps."""
        return self._of_kind("heatmap")

    def _of_kind(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        return tuple(line for line in self.lines if line["event"] == kind)

    @property
    def end(self) -> str:
        """The result's status and reason, "" if there is none."""
        return "" if self.result is None else f"{self.result.status} {self.result.reason}".strip()

    @property
    def span_s(self) -> tuple[float, float]:
        """When the first and the last event were."""
        return (self.events[0].time_s, self.events[-1].time_s) if self.events else (0.0, 0.0)

    def statuses(self, times_s: ArrayLike) -> NDArray[np.uint8]:
        """The stored status of every node at these times, (T, N) uint8 in the order of `nodes`: 0 idle, 1 running,
        2 success, 3 failure.

        times_s: (T,) seconds on the robot's clock, ascending, e.g. `np.arange(*recording.span_s, 0.05)`.
        """
        import numpy as np

        board, times = StatusBoard(self.nodes), np.asarray(times_s, np.float64)
        changes = [event for event in self.events if event.kind == TRANSITION]
        statuses = np.zeros((len(times), len(self.nodes)), np.uint8)
        played = 0
        for row, time_s in enumerate(times):
            while played < len(changes) and changes[played].time_s <= time_s:
                board.transition(changes[played].data["uid"], changes[played].data["new"])
                played += 1
            codes = np.frombuffer(bytes(board.codes), np.uint8)
            statuses[row] = np.where(codes >= IDLE_FROM, 0, codes)
        return statuses

    def frames(self) -> list[RgbdFrame]:
        """The pictures that the tree has taken, in order, with depth to the millimetre. ConfigError if one lacks."""
        return [read_frame(self.path.parent, line) for line in self.captures]

    def heatmaps(self) -> list[NDArray[np.uint8]]:
        """The pictures of grasp quality, in order, each (H, W, 3) uint8 RGB. ConfigError if one lacks."""
        return [read_heatmap(self.path.parent, line) for line in self.heatmap_lines]

    def timed_lines(self) -> Iterator[tuple[float, Mapping[str, Any]]]:
        """Every line of the log with its time, which never goes back."""
        return _timed(self.lines)

    def states(self) -> StateTable:
        """Where the robot's parts were after each tick, and in simulation the objects, as far as it was written."""
        return read_states(self.path.parent)


def read_recording(run: Path | str) -> Recording:
    """The log of a run folder, or a log file. A log that was cut is read up to there.

    ConfigError if there is none, or it was cut before its tree.
    """
    path = Path(run) / LOG if os.path.isdir(run) else Path(run)
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
    end = next((line for line in lines if line["event"] == "result"), None)
    result = None if end is None else _result(end)
    return Recording(path, str(tree.get("title", path.stem)), nodes, events, result, cut, tuple(lines))


def _result(line: Mapping[str, Any]) -> Result:
    """The result of a log line; what an older log lacks has its default."""
    names = {entry.name for entry in fields(Result)}
    return Result(**{key: value for key, value in line.items() if key in names})


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
    playable = [line for line in lines if line["event"] in KINDS and _playable(line["event"], line, uids)]
    for now_s, line in _timed(playable):
        yield Event(now_s, line["event"], line)


def _timed(lines: Sequence[Mapping[str, Any]]) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """Lines with their times; one without a time, or with a damaged one, has that of the line before."""
    now_s = 0.0
    for line in lines:
        time_s = line.get("t")
        if isinstance(time_s, int | float) and time_s <= LONGEST_S:
            now_s = max(now_s, float(time_s))
        yield now_s, line


def _playable(kind: str, line: Mapping[str, Any], uids: set[int]) -> bool:
    if kind in (TRANSITION, FEEDBACK) and not (isinstance(line.get("uid"), int) and line["uid"] in uids):
        return False
    if kind == TRANSITION:
        return line.get("old") in STATUSES and line.get("new") in STATUSES
    if kind == OVERRUN:
        return all(isinstance(line.get(key), int | float) for key in ("wall_ms", "leaf_ms"))
    return kind != BLACKBOARD or isinstance(line.get("key"), str)
