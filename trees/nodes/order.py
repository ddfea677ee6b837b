"""One child after another: sequences and fallbacks, plain, reactive and with memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from trees.control import ControlNode, reset
from trees.leaf import PortAccess
from trees.status import SKIPPED, Returned


class _Ordered(ControlNode):
    """Children one after another until one returns `ends_on`; remembers the running one."""

    goes_on: ClassVar[Status]
    reactive: ClassVar[bool] = False
    yields: ClassVar[bool] = False
    """RUNNING after each child that ended in its first tick, if there are more."""

    def entered(self) -> None:
        self._index = 0
        self._all_skipped = True

    halted = entered

    def run(self) -> Returned:
        if self.reactive:
            self.entered()
        while self._index < len(self.children):
            child = self.children[self._index]
            was_idle = child.status != Status.RUNNING
            returned = self.tick_child(child)
            if returned is not SKIPPED:
                self._all_skipped = False
            if returned == Status.RUNNING:
                if self.reactive:
                    for other in self.children:
                        if other is not child:
                            reset(other)
                return Status.RUNNING
            if returned is not SKIPPED and returned != self.goes_on:
                return returned
            self._index += 1
            if self.yields and was_idle and returned is not SKIPPED and self._index < len(self.children):
                return Status.RUNNING
        return SKIPPED if self._all_skipped else self.goes_on


class Sequence(_Ordered):
    """Children in order; FAILURE at the first that fails."""

    goes_on = Status.SUCCESS


class Fallback(_Ordered):
    """Children in order; SUCCESS at the first that succeeds."""

    goes_on = Status.FAILURE


class ReactiveSequence(Sequence):
    """A Sequence that starts at its first child in every tick and halts what ran before."""

    reactive = True


class ReactiveFallback(Fallback):
    """A Fallback that starts at its first child in every tick and halts what ran before."""

    reactive = True


class AsyncSequence(Sequence):
    """A Sequence that lets the rest of the tree have a tick after each child."""

    yields = True


class AsyncFallback(Fallback):
    """A Fallback that lets the rest of the tree have a tick after each child."""

    yields = True


class SequenceWithMemory(Sequence):
    """A Sequence that goes on at the child that failed or was halted, and yields after each child."""

    yields = True

    def __init__(self, name: str, children: list[Behaviour], ports: PortAccess, clock: Callable[[], float]) -> None:
        super().__init__(name, children, ports, clock)
        self._index, self._all_skipped = 0, True

    def entered(self) -> None:
        """Nothing: it goes on where it was."""

    halted = entered

    def finished(self, returned: Returned) -> None:
        if returned == Status.FAILURE:
            for child in self.children[self._index :]:
                reset(child)
            return
        super().finished(returned)
        self._index, self._all_skipped = 0, True
