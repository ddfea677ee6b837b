"""The stored status of every node of a tree, followed from its transitions."""

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
"""Added to the last status of a node that has gone back to idle, as in BehaviorTree.CPP's publisher."""


class StatusBoard:
    """Codes as BehaviorTree.CPP stores and publishes them: 0 idle, 1 running, 2 success, 3 failure, and
    10 + the status before for a node that has gone back to idle.

    A node that ends sets all nodes below it to idle, and the root goes back to idle when it has ended. Listeners of a
    tree are not told of these changes; they are derived here. One thread writes; `codes` may be read from another.
    """

    def __init__(self, nodes: Sequence[NodeView]) -> None:
        self.uids = tuple(node.uid for node in nodes)
        self._index = {uid: index for index, uid in enumerate(self.uids)}
        self._ends = ends([node.depth for node in nodes])
        self.codes = bytearray(len(nodes))

    def copy(self) -> StatusBoard:
        """An independent copy."""
        other = copy(self)
        other.codes = bytearray(self.codes)
        return other

    def transition(self, uid: int, new: str) -> list[tuple[int, int]]:
        """Apply the new status of a node, a word. Returns all changes as (uid, code 0..3), in order.

        SKIPPED is a result for the parent only: the stored status is idle.
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
