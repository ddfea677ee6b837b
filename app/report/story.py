"""What a run folder tells of its run, read as far as it goes: a killed or damaged run is a story too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from app.views.counts import NodeCounts
from behaviours.recording.events import OVERRUN
from behaviours.recording.recording import LOG, Recording, read_recording
from behaviours.recording.result import Result
from perception.base.digest import sha256_of_file
from perception.base.errors import ConfigError
from perception.base.files import read_json
from trees import NodeView

TREE_BYTES: Final = 16_000_000
KILLED: Final = "killed"
"""The status of a run without a result."""


@dataclass(frozen=True)
class Story:
    """folder: of the run. recording: None if the log has no tree. result: None if there is none. config: {} if it
    lacks. tree_hash: SHA-256 of the tree file, "" if that lacks. damage: in words, what could not be read."""

    folder: Path
    recording: Recording | None
    result: Result | None
    config: Mapping[str, Any]
    tree_hash: str
    damage: Sequence[str] = field(default=())

    @property
    def status(self) -> str:
        """success, failure, interrupted, error or killed."""
        return KILLED if self.result is None else str(self.result.status)

    @property
    def reason(self) -> str:
        """Why it did not succeed, in words."""
        if self.result is None:
            return "it has no result: it was killed, or it still goes on"
        return str(self.result.reason or "")

    @property
    def reports(self) -> list[str]:
        """What the tree had to say."""
        told = None if self.result is None else self.result.reports
        return [str(text) for text in told] if isinstance(told, list) else []

    @property
    def title(self) -> str:
        """The name of the tree."""
        if self.recording is not None:
            return self.recording.title
        return Path(str(self.config.get("tree_file") or self.folder.name)).stem

    @property
    def nodes(self) -> tuple[NodeView, ...]:
        return () if self.recording is None else self.recording.nodes

    def counts(self) -> NodeCounts:
        """How often each node ran, and when."""
        counts = NodeCounts(self.nodes, spans=True)
        if self.recording is not None:
            for event in self.recording.events:
                counts.take(event)
            counts.close(self.recording.span_s[1])
        return counts

    def overruns(self) -> tuple[int, float]:
        """How many ticks took longer than their period, and the longest of them in milliseconds."""
        if self.recording is None:
            return 0, 0.0
        times = [float(event.data["wall_ms"]) for event in self.recording.events if event.kind == OVERRUN]
        return len(times), max(times, default=0.0)


def read_story(run: Path) -> Story:
    """The story of a run folder. ConfigError if it is none: neither a log, nor a result, nor a configuration."""
    folder = run.parent if run.name == LOG else run
    damage: list[str] = []
    recording: Recording | None = None
    try:
        recording = read_recording(run)
    except ConfigError as error:
        damage.append(str(error))
    config = _json(folder / "config.json", damage)
    saved = _json(folder / "result.json", [])
    if recording is None and not config and not saved:
        raise ConfigError(f"{run}: no run of spot-grasp: {damage[0]}")
    if recording is not None and recording.cut:
        damage.append(recording.cut)
    result = recording.result if recording is not None and recording.result is not None else _result(saved)
    try:
        tree_hash = sha256_of_file(folder / "tree.xml", "tree of a run", TREE_BYTES)
    except ConfigError as error:
        tree_hash = ""
        damage.append(str(error))
    return Story(folder, recording, result, config, tree_hash, tuple(damage))


def _json(path: Path, damage: list[str]) -> Mapping[str, Any]:
    try:
        value = read_json(path, "part of a run")
    except ConfigError as error:
        damage.append(str(error))
        return {}
    return value if isinstance(value, dict) else {}


def _result(saved: Mapping[str, Any]) -> Result | None:
    names = {entry.name for entry in fields(Result)}
    known = {key: value for key, value in saved.items() if key in names}
    return Result(**known) if "status" in known else None
