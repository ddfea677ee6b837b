"""How long each leaf of a run has been running, from the run's events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.trials.outcome import LeafTime
from behaviours.recording.events import TRANSITION, Event

if TYPE_CHECKING:
    from trees import NodeView


class LeafTimes:
    """Follows a run, see `Monitor.follow`. nodes: of its tree."""

    def __init__(self, nodes: Iterable[NodeView]) -> None:
        self._leaves = {node.uid: node.path for node in nodes if node.kind in ("Action", "Condition")}
        self._since_s: dict[int, float] = {}
        self._runs = dict.fromkeys(self._leaves, 0)
        self._seconds = dict.fromkeys(self._leaves, 0.0)

    def take(self, event: Event) -> None:
        """Note a change of a leaf's status."""
        uid = event.data.get("uid")
        if event.kind != TRANSITION or uid not in self._leaves:
            return
        old, new = event.data["old"], event.data["new"]
        if old != "RUNNING" and new in ("RUNNING", "SUCCESS", "FAILURE"):
            self._runs[uid] += 1
        if uid in self._since_s:
            self._seconds[uid] += event.time_s - self._since_s.pop(uid)
        if new == "RUNNING":
            self._since_s[uid] = event.time_s

    def slowest(self) -> tuple[LeafTime, ...]:
        """The leaves that have taken time, the slowest first."""
        taken = [
            LeafTime(path, self._runs[uid], round(self._seconds[uid], 3))
            for uid, path in self._leaves.items()
            if self._seconds[uid] > 0
        ]
        return tuple(sorted(taken, key=lambda leaf: -leaf.seconds))
