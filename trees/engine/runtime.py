"""The state that all nodes of a running tree share: clock, timers, wake-up and listeners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from py_trees.behaviour import Behaviour

from trees.script import NO_ENUMS

Listener = Callable[[int, str, str, str, str], None]
"""Called with (uid, path, old status, new status, feedback). Statuses are words; SKIPPED is only ever a new status."""


class TimerClient(Protocol):
    """A node that started a timer."""

    def on_timer(self) -> None:
        """The timer has expired."""


class Runtime:
    """Shared by all nodes of one tree.

    clock: returns seconds. enums: names that stand for numbers in scripts. wake: a node asks for another tick at once.
    visited: the nodes of the current tick in py_trees' order, for its visitors; None without visitors.
    """

    def __init__(self, clock: Callable[[], float], enums: Mapping[str, int] = NO_ENUMS) -> None:
        self.clock, self.enums = clock, enums
        self.wake = False
        self.listeners: list[Listener] = []
        self.visited: list[Behaviour] | None = None
        self._timers: dict[TimerClient, float] = {}

    def start_timer(self, node: TimerClient, milliseconds: float) -> None:
        """Call the node's `on_timer` before the first tick of the tree after this time."""
        self._timers[node] = self.clock() + milliseconds / 1000

    def stop_timer(self, node: TimerClient) -> None:
        self._timers.pop(node, None)

    def fire_timers(self) -> None:
        """Call the nodes whose timers have expired, the earliest first."""
        if not self._timers:
            return
        now_s = self.clock()
        due = sorted((at_s, index, node) for index, (node, at_s) in enumerate(self._timers.items()) if at_s <= now_s)
        for _, _, node in due:
            if self._timers.pop(node, None) is not None:  # an earlier call may have stopped it
                node.on_timer()
