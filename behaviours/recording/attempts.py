"""Counts the attempts of a run: of the grasp over the whole run, and of each retry since it was entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trees.data.preorder import ends

if TYPE_CHECKING:
    from trees import NodeView

RETRY: Final = "RetryUntilSuccessful"
GRASP: Final = "CloseGripper"
"""A retry around this leaf is a retry of the grasp."""
ENDED: Final = ("SUCCESS", "FAILURE")
ACTIVE: Final = ("RUNNING", *ENDED)


@dataclass
class _Retry:
    """first, last: index range of what it repeats. of: the most attempts, "" if the file does not fix them."""

    name: str
    first: int
    last: int
    of: str
    count: int = 0
    over: bool = False


class Attempts:
    """`count`: how often the child of the grasp's retry was entered; in a tree without one, the CloseGripper leaves.

    The grasp's retry is the innermost one around a CloseGripper leaf. nodes: of the tree, in pre-order.
    """

    def __init__(self, nodes: Sequence[NodeView]) -> None:
        self.count = 0
        self._index = {node.uid: index for index, node in enumerate(nodes)}
        last = ends([node.depth for node in nodes])
        self._retries = [
            _Retry(node.name, index + 1, last[index], _limit(node.ports.get("num_attempts", "")))
            for index, node in enumerate(nodes)
            if node.tag == RETRY and last[index] > index + 1
        ]
        self._by_child = {nodes[retry.first].uid: retry for retry in self._retries}
        self._by_uid = {nodes[retry.first - 1].uid: retry for retry in self._retries}
        leaves = [index for index, node in enumerate(nodes) if node.tag == GRASP]
        own = [around[-1] for leaf in leaves if (around := self._around(leaf))]
        self._without_retry = not own
        self._watched = frozenset([nodes[own[0].first].uid] if own else [nodes[leaf].uid for leaf in leaves])

    def _around(self, index: int) -> list[_Retry]:
        """The retries around a node, the outermost first."""
        return [retry for retry in self._retries if retry.first <= index < retry.last]

    def transition(self, uid: int, old: str, new: str) -> None:
        """Count a change of status. old, new: as words."""
        if old != "RUNNING" and new in ACTIVE:
            if uid in self._watched:
                self.count += 1
            if (retry := self._by_child.get(uid)) is not None:
                retry.count = 1 if retry.over else retry.count + 1
                retry.over = False
        if new != "RUNNING" and (retry := self._by_uid.get(uid)) is not None:
            retry.over = True

    def words(self, uid: int) -> str:
        """`attempt 3 of 3` of the retry around a node; with the names of the retries if there are several. In a tree
        whose grasp is not retried, the number of closings."""
        around = [retry for retry in self._around(self._index[uid]) if retry.count]
        counts = [f"{retry.count}" + (f" of {retry.of}" if retry.of else "") for retry in around]
        if len(around) > 1:
            counts = [f"{words} at {retry.name}" for words, retry in zip(counts, around, strict=True)]
        if not counts and self._without_retry and self.count:
            counts = [str(self.count)]
        return f"attempt {', '.join(counts)}" if counts else ""


def _limit(text: str) -> str:
    return text.strip() if text.strip().isdigit() else ""
