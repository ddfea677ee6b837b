"""How long ticks take in wall time (the robot's clock may stand), and which leaf made one take too long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py_trees.common import Status

    from trees import Tree

RATE_WINDOW_S = 1.0
"""Ticks a second are counted over at least this long."""


@dataclass(frozen=True)
class Ticks:
    """How the ticks go, in wall seconds. hertz: ticks a second. last_s, worst_s: what a tick took. overruns: how many
    took longer than the period. slowest: the leaf that took most of the last overrun, with its time, in words."""

    count: int = 0
    hertz: float = 0.0
    last_s: float = 0.0
    worst_s: float = 0.0
    overruns: int = 0
    slowest: str = ""


class TickTimes:
    """A tree whose ticks are timed; hand it to the run loop in the tree's place.

    period_s: a tick that takes longer is an overrun. clock: seconds, monotonic.
    """

    def __init__(self, tree: Tree, period_s: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._tree, self._period_s, self._clock = tree, period_s, clock
        self._count, self._overruns, self._last_s, self._worst_s = 0, 0, 0.0, 0.0
        self._slowest = ""
        self._leaf = tree.time_leaves(clock)
        self._window: tuple[float, int] | None = None
        self._hertz = 0.0
        self.overran: tuple[float, str, float] | None = None
        """After a tick that took too long: its seconds, the slowest leaf's path and that leaf's seconds."""

    def tick(self) -> Status:
        """One tick of the tree."""
        self._leaf.path, self._leaf.seconds, self.overran = "", 0.0, None
        begin = self._clock()
        if self._window is None:
            self._window = (begin, 0)
        try:
            return self._tree.tick()
        finally:
            self._note(begin, self._clock())

    def _note(self, begin: float, end: float) -> None:
        took = end - begin
        self._count += 1
        self._last_s, self._worst_s = took, max(self._worst_s, took)
        if took > self._period_s:
            self._overruns += 1
            leaf, leaf_s = self._leaf.path, self._leaf.seconds
            self._slowest = f"{leaf} ({1000 * leaf_s:.0f} ms)" if leaf else ""
            self.overran = (took, leaf, leaf_s)
        if self._window is not None and end - self._window[0] > 0:
            self._hertz = (self._count - self._window[1]) / (end - self._window[0])
            if end - self._window[0] > RATE_WINDOW_S:
                self._window = (end, self._count)

    def halt(self) -> None:
        """Stop the tree."""
        self._tree.halt()

    def failure(self) -> tuple[str, str] | None:
        """Of the tree."""
        return self._tree.failure()

    def ticks(self) -> Ticks:
        """How it has gone so far."""
        return Ticks(self._count, self._hertz, self._last_s, self._worst_s, self._overruns, self._slowest)
