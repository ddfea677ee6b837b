"""What all nodes of one tree share while it runs: the clock, its timers, the wake-up, and who watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from py_trees.behaviour import Behaviour

from trees.script import NO_ENUMS

Listener = Callable[[int, str, str, str, str], None]
"""(uid, path, old status, new status, feedback), statuses as words; SKIPPED is only ever a new one."""


class Rung(Protocol):
    """A node that waits for a timer."""

    def rang(self) -> None:
        """The time is over."""


class Runtime:
    """clock: seconds. enums: names for numbers in scripts. wake: a node asks for another tick at once.

    visited: the nodes of the tick under way, in py_trees' order, for its visitors; None where nobody asks.
    """

    def __init__(self, clock: Callable[[], float], enums: Mapping[str, int] = NO_ENUMS) -> None:
        self.clock, self.enums = clock, enums
        self.wake = False
        self.listeners: list[Listener] = []
        self.visited: list[Behaviour] | None = None
        self._timers: dict[Rung, float] = {}

    def start_timer(self, node: Rung, milliseconds: float) -> None:
        """Call the node's `rang` before the first tick of the tree that finds the time over."""
        self._timers[node] = self.clock() + milliseconds / 1000

    def stop_timer(self, node: Rung) -> None:
        self._timers.pop(node, None)

    def ring(self) -> None:
        """Tell every node whose time is over, the earliest first."""
        if not self._timers:
            return
        now_s = self.clock()
        due = sorted((at_s, index, node) for index, (node, at_s) in enumerate(self._timers.items()) if at_s <= now_s)
        for _, _, node in due:
            if self._timers.pop(node, None) is not None:  # another one's ring may have stopped it
                node.rang()
