"""The status that every node of a tree has stored, kept from outside from its transitions."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Final

from trees.data.preorder import ends

if TYPE_CHECKING:
    from trees import NodeView

CODES: Final = {"IDLE": 0, "RUNNING": 1, "SUCCESS": 2, "FAILURE": 3}
WORDS: Final = {code: word for word, code in CODES.items()}
IDLE_FROM: Final = 10
"""Added to the status that a node had before it went back to idle, as BehaviorTree.CPP's publisher does."""


class StatusBoard:
    """Codes as BehaviorTree.CPP stores and publishes them: 0 idle, 1 running, 2 success, 3 failure, and
    10 + the status before for a node that has gone back to idle.

    A node that ends takes all below it back to idle, and the root goes back to idle as soon as it has ended; the tree
    does not tell its listeners of these, so they are concluded here. Not thread-safe: one thread writes; `codes` may be
    read from another.
    """

    def __init__(self, nodes: Sequence[NodeView]) -> None:
        self.uids = tuple(node.uid for node in nodes)
        self._index = {uid: index for index, uid in enumerate(self.uids)}
        self._ends = ends([node.depth for node in nodes])
        self.codes = bytearray(len(nodes))

    def copy(self) -> StatusBoard:
        """Another with the same codes that goes its own way."""
        other = copy(self)
        other.codes = bytearray(self.codes)
        return other

    def transition(self, uid: int, new: str) -> list[tuple[int, int]]:
        """Take over that node `uid` now is `new`, a word. Returns every change as (uid, code 0..3), in order.

        SKIPPED is only ever an answer to the parent: the node's stored status is idle.
        """
        index = self._index[uid]
        code = CODES.get(new, 0)
        changed: list[tuple[int, int]] = []
        if code == 0:
            self._to_idle(index, changed)
        elif self.codes[index] != code:
            self.codes[index] = code
            changed.append((uid, code))
        if code != CODES["RUNNING"]:
            for below in range(index + 1, self._ends[index]):
                self._to_idle(below, changed)
            if index == 0:
                self._to_idle(0, changed)
        return changed

    def _to_idle(self, index: int, changed: list[tuple[int, int]]) -> None:
        code = self.codes[index]
        if 0 < code < IDLE_FROM:
            self.codes[index] = IDLE_FROM + code
            changed.append((self.uids[index], 0))

    def code(self, uid: int) -> int:
        """The code of one node."""
        return self.codes[self._index[uid]]
