"""How often a run tried to grasp, counted from outside by watching the tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trees import NodeView

RETRY: Final = "RetryUntilSuccessful"
GRASP: Final = "CloseGripper"
"""The leaf that makes a retry a retry of the grasp."""
ENDED: Final = ("SUCCESS", "FAILURE")
ACTIVE: Final = ("RUNNING", *ENDED)


class Attempts:
    """Counts the entries of what the grasp's retry repeats; in a tree without one, of the CloseGripper leaves.

    A retry is the grasp's own if it is the innermost one around a CloseGripper leaf.
    """

    def __init__(self, nodes: Sequence[NodeView]) -> None:
        self.count = 0
        self.of: str = ""
        self._watched: frozenset[object] = frozenset()
        retries: list[int] = []
        chosen: int | None = None
        leaves = set()
        for index, node in enumerate(nodes):
            while retries and nodes[retries[-1]].depth >= node.depth:
                retries.pop()
            if node.tag == RETRY:
                retries.append(index)
            if node.tag == GRASP:
                leaves.add(node.uid)
                if retries and chosen is None:
                    chosen = retries[-1]
        if chosen is None:
            self._watched = frozenset(leaves)
        else:
            self._watched = frozenset([nodes[chosen + 1].uid])
            self.of = nodes[chosen].ports.get("num_attempts", "")

    def transition(self, uid: object, old: str, new: str) -> None:
        """Note that node `uid` went from one status to another."""
        if uid in self._watched and old != "RUNNING" and new in ACTIVE:
            self.count += 1

    def words(self) -> str:
        """`attempt 3 of 3`, or nothing if there was none."""
        if not self.count:
            return ""
        return f"attempt {self.count}" + (f" of {self.of}" if self.of.isdigit() else "")
