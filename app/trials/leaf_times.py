"""How long each leaf of a run has been running, from the run's events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.trials.outcome import LeafTime
from app.views.counts import NodeCounts

if TYPE_CHECKING:
    from trees import NodeView


class LeafTimes(NodeCounts):
    """Follows a run, see `Monitor.follow`. nodes: of its tree."""

    def __init__(self, nodes: Iterable[NodeView]) -> None:
        self._leaves = {node.uid: node.path for node in nodes if node.kind in ("Action", "Condition")}
        super().__init__(node for node in nodes if node.uid in self._leaves)

    def slowest(self) -> tuple[LeafTime, ...]:
        """The leaves that have taken time, the slowest first."""
        taken = [
            LeafTime(path, count.runs, round(count.seconds, 3))
            for uid, path in self._leaves.items()
            if (count := self.by_uid[uid]).seconds > 0
        ]
        return tuple(sorted(taken, key=lambda leaf: -leaf.seconds))
