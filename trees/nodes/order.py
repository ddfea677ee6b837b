"""Sequences and fallbacks: plain, reactive, and with memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from py_trees.common import Status

from trees.engine.control import ControlNode
from trees.engine.node import TreeNode
from trees.engine.status import SKIPPED, Returned

RUNNING, INVALID = Status.RUNNING, Status.INVALID


def _failed_children(child_nodes: Iterable[TreeNode]) -> list[TreeNode]:
    """The children that failed, the last one first."""
    return [node for node in reversed(tuple(child_nodes)) if node.last is Status.FAILURE]


class _InOrder(ControlNode):
    """Ticks children in order, from the current one, until one returns neither `goes_on` nor SKIPPED."""

    goes_on: ClassVar[Status]
    yields: ClassVar[bool] = False
    """RUNNING after each child that ended in its first tick, if there are more."""

    _index = _skipped = 0

    def forget(self) -> None:
        self._index = self._skipped = 0

    def run(self) -> Returned:
        if self.status is not RUNNING:
            self._skipped = 0
            self.status = RUNNING
        child_nodes, goes_on = self.child_nodes, self.goes_on
        while self._index < len(child_nodes):
            node = child_nodes[self._index]
            was_idle = self.yields and node.behaviour.status is INVALID
            returned = node.execute()
            if returned is RUNNING:
                return RUNNING
            if returned is SKIPPED:
                self._skipped += 1
            elif returned is goes_on:
                self.culprit = node
            else:
                self.culprit = node
                self.ended()
                return returned
            self._index += 1
            if was_idle and returned is goes_on and self._index < len(child_nodes):
                self.runtime.wake = True
                return RUNNING
        all_skipped = self._skipped == len(child_nodes)
        self.reset_children()
        self._index = self._skipped = 0
        return SKIPPED if all_skipped else goes_on

    def ended(self) -> None:
        """A child has decided the result: start from the first child next time."""
        self.reset_children()
        self._index = 0


class Sequence(_InOrder):
    """Children in order; FAILURE at the first that fails."""

    goes_on = Status.SUCCESS


class Fallback(_InOrder):
    """Children in order; SUCCESS at the first that succeeds."""

    goes_on = Status.FAILURE

    def culprits(self) -> list[TreeNode]:
        return _failed_children(self.child_nodes)


class AsyncSequence(Sequence):
    """A Sequence that returns RUNNING after each child, so that the rest of the tree is ticked."""

    yields = True


class AsyncFallback(Fallback):
    """A Fallback that returns RUNNING after each child, so that the rest of the tree is ticked."""

    yields = True


class SequenceWithMemory(Sequence):
    """A Sequence that continues at the child that failed or was halted, and yields after each child."""

    yields = True

    def forget(self) -> None:
        """Keep the current child."""

    def ended(self) -> None:
        for node in self.child_nodes[self._index :]:
            node.reset()


class SequenceStar(SequenceWithMemory):
    """The old name of SequenceWithMemory."""


class _Reactive(ControlNode):
    """Ticks all children in order in every tick; a running child halts all others."""

    goes_on: ClassVar[Status]

    def run(self) -> Returned:
        self.status = RUNNING
        goes_on, all_skipped = self.goes_on, True
        for node in self.child_nodes:
            returned = node.execute()
            if returned is SKIPPED:
                node.reset()
                continue
            all_skipped = False
            if returned is RUNNING:
                for other in self.child_nodes:
                    if other is not node:
                        other.reset()
                return RUNNING
            self.culprit = node
            if returned is not goes_on:
                self.reset_children()
                return returned
        self.reset_children()
        return SKIPPED if all_skipped else goes_on


class ReactiveSequence(_Reactive):
    """A Sequence that starts at its first child in every tick and halts what ran before."""

    goes_on = Status.SUCCESS


class ReactiveFallback(_Reactive):
    """A Fallback that starts at its first child in every tick and halts what ran before."""

    goes_on = Status.FAILURE

    def culprits(self) -> list[TreeNode]:
        return _failed_children(self.child_nodes)
