"""How often a run tried: the grasp over the whole run, and each retry since it was entered. Counted from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trees.data.preorder import ends

if TYPE_CHECKING:
    from trees import NodeView

RETRY: Final = "RetryUntilSuccessful"
GRASP: Final = "CloseGripper"
"""The leaf that makes a retry a retry of the grasp."""
ENDED: Final = ("SUCCESS", "FAILURE")
ACTIVE: Final = ("RUNNING", *ENDED)


@dataclass
class _Retry:
    """first, last: index range of what it repeats. of: how often at most, "" if that is not written in the file."""

    name: str
    first: int
    last: int
    of: str
    count: int = 0
    over: bool = False


class Attempts:
    """`count`: entries of what the grasp's retry repeats; in a tree without one, of the CloseGripper leaves.

    A retry is the grasp's own if it is the innermost one around a CloseGripper leaf.
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
        """Note that node `uid` went from one status to another."""
        if old != "RUNNING" and new in ACTIVE:
            if uid in self._watched:
                self.count += 1
            if (retry := self._by_child.get(uid)) is not None:
                retry.count = 1 if retry.over else retry.count + 1
                retry.over = False
        if new != "RUNNING" and (retry := self._by_uid.get(uid)) is not None:
            retry.over = True

    def words(self, uid: int) -> str:
        """`attempt 3 of 3` of the retry around a node; of each, with its name, if there are several.
        In a tree whose grasp is not retried it is `attempt 1` from the first closing on."""
        around = [retry for retry in self._around(self._index[uid]) if retry.count]
        counts = [f"{retry.count}" + (f" of {retry.of}" if retry.of else "") for retry in around]
        if len(around) > 1:
            counts = [f"{words} at {retry.name}" for words, retry in zip(counts, around, strict=True)]
        if not counts and self._without_retry and self.count:
            counts = [str(self.count)]
        return f"attempt {', '.join(counts)}" if counts else ""


def _limit(text: str) -> str:
    return text.strip() if text.strip().isdigit() else ""
