"""What the cases of a tree have seen of it: each node of the file, and how it can end.

Nodes are counted as they stand in the files, so a tree that is used at two places counts once. The SubTree nodes that
use it count each for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.cases.model import OUTCOMES, Unseen
from app.cases.nodes import Origin, matching, origins
from app.cases.outcomes import possible
from app.cases.play import Played

if TYPE_CHECKING:
    from trees import Document, NodeView


@dataclass(frozen=True)
class Seen:
    """One node of the files. uids: its places in the expanded tree. possible, seen: how it can end, and how it did.
    excused: outcomes that need not be seen, with the reasons."""

    origin: Origin
    uids: tuple[int, ...]
    visited: bool
    possible: frozenset[str]
    seen: frozenset[str]
    excused: dict[str, str]

    @property
    def missing(self) -> tuple[str, ...]:
        """The outcomes that no case saw and no reason excuses."""
        return tuple(
            word for word in OUTCOMES if word in self.possible and word not in self.seen and word not in self.excused
        )


@dataclass(frozen=True)
class Coverage:
    """rows: in the order of the expanded tree. stale: reasons for what was seen after all, in words."""

    rows: tuple[Seen, ...]
    stale: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many outcomes there are to see."""
        return sum(len(row.possible) for row in self.rows)

    @property
    def count(self) -> int:
        """How many were seen."""
        return sum(len(row.seen & row.possible) for row in self.rows)

    @property
    def excused(self) -> int:
        """How many were not seen and need not be."""
        return sum(len((row.possible - row.seen) & row.excused.keys()) for row in self.rows)

    @property
    def missing(self) -> tuple[Seen, ...]:
        """Nodes that could end in a way that was not seen and is not excused."""
        return tuple(row for row in self.rows if row.missing)

    @property
    def complete(self) -> bool:
        return not self.missing and not self.stale


def coverage(
    document: Document, nodes: Sequence[NodeView], plays: Iterable[Played], unseen: Sequence[Unseen]
) -> Coverage:
    """What the plays have seen. nodes: of the tree. ConfigError for a reason whose pattern matches no node."""
    ends: set[tuple[int, str]] = set()
    entered: set[int] = set()
    for played in plays:
        ends.update(played.ends)
        entered.update(played.entered)
    places: dict[int, list[int]] = {}
    listed = origins(document)
    for uid, origin in enumerate(listed, 1):
        places.setdefault(id(origin.element), []).append(uid)
    reasons: dict[tuple[int, str], str] = {}
    rules = []
    for rule in unseen:
        uids = [node.uid for node in matching(rule.node, nodes, f"unseen '{rule.node}'")]
        rules.append((rule, uids))
        reasons |= {(uid, outcome): rule.reason for uid in uids for outcome in rule.outcomes}
    rows = []
    for uids in places.values():
        origin = listed[uids[0] - 1]
        seen = frozenset(word for word in OUTCOMES if any((uid, word) in ends for uid in uids))
        excused = {word: why for word in OUTCOMES for uid in uids if (why := reasons.get((uid, word)))}
        visited = any(uid in entered for uid in uids)
        rows.append(Seen(origin, tuple(uids), visited, possible(document, origin.element), seen, excused))
    return Coverage(tuple(rows), tuple(_stale(rows, rules)))


def _stale(rows: Sequence[Seen], rules: Sequence[tuple[Unseen, list[int]]]) -> list[str]:
    """Reasons that excuse nothing: all that they name was seen, or cannot happen."""
    stale = []
    for rule, uids in rules:
        named = [row for row in rows if set(uids) & set(row.uids)]
        if not any(word in row.possible - row.seen for row in named for word in rule.outcomes):
            stale.append(f"unseen '{rule.node}': {' and '.join(rule.outcomes)} was seen or cannot happen; take it out")
    return stale
