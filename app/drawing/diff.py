"""What changed between two trees: both drawn as one, in which a node is as it was, changed, added or removed.

Nodes are matched from the root down: children in their order, so that most of both trees is matched. A node that was
put around a branch, or taken away from around it, leaves the branch matched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from app.drawing.tree_view import Note, Status
from trees.data.preorder import ends, parents
from trees.engine.recursion import allow_recursion

if TYPE_CHECKING:
    from trees import NodeView

MOST_PAIRS: Final = 300_000
"""Pairs of nodes that are compared at most; what is left then counts as removed and added."""
GOOD: Final = 0.6
"""Share of a branch that must match for it not to be looked for one level deeper."""


@dataclass(frozen=True)
class Difference:
    """nodes: of both trees, in pre-order, numbered from 1. notes: what is different, by index. counts: how many nodes
    are changed, added and removed."""

    nodes: tuple[NodeView, ...]
    notes: Mapping[int, Note]
    counts: Mapping[str, int]

    @property
    def words(self) -> str:
        """In a line."""
        named = [f"{self.counts[word]} {word}" for word in ("changed", "added", "removed") if self.counts.get(word)]
        return ", ".join(named) if named else "no node differs"


def difference(old: Sequence[NodeView], new: Sequence[NodeView]) -> Difference:
    """Compare two expanded trees, each in pre-order."""
    matching = _Matching(_Side(old), _Side(new))
    allow_recursion(3 * (matching.old.depth + matching.new.depth))
    matching.score(0, 0)
    matching.write(0, 0, 0)
    notes = {index: note for index, note in enumerate(matching.notes) if note is not None}
    nodes = tuple(replace(node, uid=index + 1) for index, node in enumerate(matching.nodes))
    return Difference(nodes, notes, Counter(note.status for note in notes.values()))


class _Side:
    """One of the two trees. keys: equal for equal branches."""

    def __init__(self, nodes: Sequence[NodeView]) -> None:
        self.nodes = nodes
        self.depth = max(node.depth for node in nodes) + 1
        self.last = ends([node.depth for node in nodes])
        self.children: list[list[int]] = [[] for _ in nodes]
        for index, parent in enumerate(parents([node.depth for node in nodes])):
            if parent >= 0:
                self.children[parent].append(index)
        self.keys = [0] * len(nodes)
        for index in reversed(range(len(nodes))):
            below = tuple(self.keys[child] for child in self.children[index])
            self.keys[index] = hash((_own(nodes[index]), below))

    def size(self, index: int) -> int:
        return self.last[index] - index


def _own(node: NodeView) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return node.tag, node.name, tuple(sorted(_wired(node).items()))


def _wired(node: NodeView) -> dict[str, str]:
    """Ports and conditions."""
    return {**node.ports, **{name: text for name, text in node.attributes.items() if name.startswith("_")}}


class _Matching:
    def __init__(self, old: _Side, new: _Side) -> None:
        self.old, self.new = old, new
        self._scores: dict[tuple[int, int], float] = {}
        self._around: dict[tuple[int, int], tuple[str, int]] = {}
        self._pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.nodes: list[NodeView] = []
        self.notes: list[Note | None] = []

    def score(self, a: int, b: int) -> float:
        """How much of the branches matches, in nodes."""
        if self.old.keys[a] == self.new.keys[b]:
            return float(self.old.size(a))
        known = self._scores.get((a, b))
        if known is not None:
            return known
        if len(self._scores) > MOST_PAIRS:
            return 0.0
        self._scores[a, b] = 0.0
        best = self._match(a, b)
        if best < GOOD * min(self.old.size(a), self.new.size(b)):
            deeper = [("new", child, self.score(a, child)) for child in self.new.children[b]]
            deeper += [("old", child, self.score(child, b)) for child in self.old.children[a]]
            for side, child, score in deeper:
                if score > best and score >= GOOD * min(self.old.size(a), self.new.size(b)) - 1.0:
                    best, self._around[a, b] = score, (side, child)
        self._scores[a, b] = best
        return best

    def _match(self, a: int, b: int) -> float:
        """The two nodes themselves are matched, and their children in order."""
        one, two = self.old.nodes[a], self.new.nodes[b]
        if one.tag != two.tag:
            return 0.0
        ports = _wired(one).items() | _wired(two).items()
        same = _wired(one).items() & _wired(two).items()
        pairs = self._align(self.old.children[a], self.new.children[b])
        self._pairs[a, b] = pairs
        alike = 0.2 + 0.4 * (one.name == two.name) + 0.4 * (len(same) / len(ports) if ports else 1.0)
        return alike + sum(self.score(*pair) for pair in pairs)

    def _align(self, ones: Sequence[int], twos: Sequence[int]) -> list[tuple[int, int]]:
        """Children that belong together, in order: equal ones first, the best of the others between them."""
        matcher = SequenceMatcher(
            None, [self.old.keys[one] for one in ones], [self.new.keys[two] for two in twos], autojunk=False
        )
        pairs: list[tuple[int, int]] = []
        for kind, i, j, k, m in matcher.get_opcodes():
            if kind == "equal":
                pairs += zip(ones[i:j], twos[k:m], strict=True)
            elif kind == "replace":
                pairs += self._best(ones[i:j], twos[k:m])
        return pairs

    def _best(self, ones: Sequence[int], twos: Sequence[int]) -> list[tuple[int, int]]:
        """The pairs in order with the greatest sum of scores."""
        rows, columns = len(ones), len(twos)
        total = [[0.0] * (columns + 1) for _ in range(rows + 1)]
        for i in reversed(range(rows)):
            for j in reversed(range(columns)):
                paired = self.score(ones[i], twos[j])
                joined = paired + total[i + 1][j + 1] if paired > 0 else 0.0
                total[i][j] = max(joined, total[i + 1][j], total[i][j + 1])
        pairs, i, j = [], 0, 0
        while i < rows and j < columns:
            if total[i][j] == total[i + 1][j]:
                i += 1
            elif total[i][j] == total[i][j + 1]:
                j += 1
            else:
                pairs.append((ones[i], twos[j]))
                i, j = i + 1, j + 1
        return pairs

    def write(self, a: int, b: int, depth: int) -> None:
        """Add the branches as one."""
        if self.old.keys[a] == self.new.keys[b]:
            self._whole(self.new, b, depth, "")
            return
        side, child = self._around.get((a, b), ("", 0))
        if side == "new":
            self._put(self.new.nodes[b], depth, Note("added", status="added"))
            self._beside(self.new, b, child, depth, "added", lambda at: self.write(a, child, at))
        elif side == "old":
            self._put(self.old.nodes[a], depth, Note("removed", status="removed"))
            self._beside(self.old, a, child, depth, "removed", lambda at: self.write(child, b, at))
        elif (a, b) in self._pairs and self._scores[a, b] > 0:
            words = _changes(self.old.nodes[a], self.new.nodes[b])
            self._put(self.new.nodes[b], depth, Note(words, status="changed") if words else None)
            self._children(a, b, depth + 1)
        else:
            self._whole(self.old, a, depth, "removed")
            self._whole(self.new, b, depth, "added")

    def _beside(
        self, side: _Side, parent: int, child: int, depth: int, status: Status, write: Callable[[int], None]
    ) -> None:
        """The children of a node that one side only has; one of them is matched."""
        for other in side.children[parent]:
            if other == child:
                write(depth + 1)
            else:
                self._whole(side, other, depth + 1, status)

    def _children(self, a: int, b: int, depth: int) -> None:
        ones, twos = list(self.old.children[a]), list(self.new.children[b])
        for one, two in [*self._pairs[a, b], (-1, -1)]:
            while ones and ones[0] != one:
                self._whole(self.old, ones.pop(0), depth, "removed")
            while twos and twos[0] != two:
                self._whole(self.new, twos.pop(0), depth, "added")
            if ones and twos:
                self.write(ones.pop(0), twos.pop(0), depth)

    def _whole(self, side: _Side, index: int, depth: int, status: Status) -> None:
        """A branch of one side."""
        shift = depth - side.nodes[index].depth
        for node in side.nodes[index : side.last[index]]:
            self._put(node, node.depth + shift, Note(status, status=status) if status else None)

    def _put(self, node: NodeView, depth: int, note: Note | None) -> None:
        self.nodes.append(replace(node, depth=depth))
        self.notes.append(note)


def _changes(old: NodeView, new: NodeView) -> str:
    """What is different in a node that both trees have, in words."""
    before, after = _wired(old), _wired(new)
    words = [f"name {old.name} → {new.name}"] if old.name != new.name else []
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            words.append(f"{name} removed (was {before[name]})")
        elif name not in before:
            words.append(f"{name} = {after[name]} added")
        elif before[name] != after[name]:
            words.append(f"{name} {before[name]} → {after[name]}")
    return "; ".join(words)
