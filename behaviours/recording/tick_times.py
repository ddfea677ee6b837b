"""Wall time of the ticks, and the slowest leaf of a tick that took too long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py_trees.common import Status

    from trees import Tree

RATE_WINDOW_S = 1.0
"""Wall seconds over which the tick rate is measured, at least."""


@dataclass(frozen=True)
class Ticks:
    """Figures of the ticks, in wall seconds. hertz: ticks a second. last_s, worst_s: duration of the last and the
    longest tick. overruns: number of ticks longer than the period. slowest: the slowest leaf of the last overrun, in
    words."""

    count: int = 0
    hertz: float = 0.0
    last_s: float = 0.0
    worst_s: float = 0.0
    overruns: int = 0
    slowest: str = ""


class TickTimes:
    """Ticks a tree and times it; the run loop ticks it in the tree's place.

    period_s: a tick that takes longer is an overrun. clock: seconds, monotonic.
    """

    def __init__(self, tree: Tree, period_s: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._tree, self._period_s, self._clock = tree, period_s, clock
        self._ticks = Ticks()
        self._leaf = tree.time_leaves(clock)
        self._window: tuple[float, int] | None = None
        self.overran: tuple[float, str, float] | None = None
        """After an overrun: the seconds of the tick, the path of its slowest leaf and the leaf's seconds."""

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
        took, before = end - begin, self._ticks
        count, hertz, overruns, slowest = before.count + 1, before.hertz, before.overruns, before.slowest
        if took > self._period_s:
            overruns += 1
            leaf, leaf_s = self._leaf.path, self._leaf.seconds
            slowest = f"{leaf} ({1000 * leaf_s:.0f} ms)" if leaf else ""
            self.overran = (took, leaf, leaf_s)
        if self._window is not None and end - self._window[0] > 0:
            hertz = (count - self._window[1]) / (end - self._window[0])
            if end - self._window[0] > RATE_WINDOW_S:
                self._window = (end, count)
        self._ticks = Ticks(count, hertz, took, max(before.worst_s, took), overruns, slowest)

    def halt(self) -> None:
        """Halt the tree."""
        self._tree.halt()

    def failure(self) -> tuple[str, str] | None:
        """As `Tree.failure`."""
        return self._tree.failure()

    def ticks(self) -> Ticks:
        """The figures up to now."""
        return self._ticks
