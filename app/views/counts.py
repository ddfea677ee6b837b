"""How often each node of a run was entered, how it ended, and how long it ran, from the run's events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from behaviours.recording.events import TRANSITION, Event

if TYPE_CHECKING:
    from trees import NodeView


@dataclass
class Count:
    """Of one node. runs: times it was entered. seconds: on the robot's clock, in all. message: of its last change.
    spans: (from, to, how it ended) of the runs that took time, seconds."""

    runs: int = 0
    successes: int = 0
    failures: int = 0
    halts: int = 0
    seconds: float = 0.0
    message: str = ""
    spans: list[tuple[float, float, str]] | None = None


class NodeCounts:
    """Follows a run, see `Monitor.follow`. nodes: of its tree. spans: also keep when each node ran."""

    def __init__(self, nodes: Iterable[NodeView], *, spans: bool = False) -> None:
        self.by_uid = {node.uid: Count(spans=[] if spans else None) for node in nodes}
        self._since_s: dict[int, float] = {}

    def take(self, event: Event) -> None:
        """Note a change of a node's status."""
        count = self.by_uid.get(event.data.get("uid", -1))
        if event.kind != TRANSITION or count is None:
            return
        uid, old, new = event.data["uid"], event.data["old"], event.data["new"]
        if old != "RUNNING" and new in ("RUNNING", "SUCCESS", "FAILURE"):
            count.runs += 1
        if uid in self._since_s:
            began_s = self._since_s.pop(uid)
            count.seconds += event.time_s - began_s
            if count.spans is not None:
                count.spans.append((began_s, event.time_s, new))
        if new == "RUNNING":
            self._since_s[uid] = event.time_s
        count.successes += new == "SUCCESS"
        count.failures += new == "FAILURE"
        count.halts += old == "RUNNING" and new == "IDLE"
        count.message = str(event.data.get("feedback") or count.message)

    def close(self, time_s: float) -> None:
        """The run is over: what still ran, did so until now."""
        for uid, began_s in self._since_s.items():
            count = self.by_uid[uid]
            count.seconds += time_s - began_s
            if count.spans is not None:
                count.spans.append((began_s, time_s, "RUNNING"))
        self._since_s.clear()
