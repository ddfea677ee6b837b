"""How long ticks take in wall time (the robot's clock may stand), and which leaf made one take too long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from py_trees.behaviour import Behaviour

from app.views.model import Ticks

if TYPE_CHECKING:
    from py_trees.common import Status

    from trees import Tree

RATE_WINDOW_S = 1.0
"""Ticks a second are counted over at least this long."""


class TickTimes:
    """A tree whose ticks are timed; hand it to the run loop in the tree's place.

    period_s: a tick that takes longer is an overrun. clock: seconds, monotonic.
    """

    def __init__(self, tree: Tree, period_s: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._tree, self._period_s, self._clock = tree, period_s, clock
        self._count, self._overruns, self._last_s, self._worst_s = 0, 0, 0.0, 0.0
        self._slowest = ""
        self._leaf, self._leaf_s = "", 0.0
        self._window: tuple[float, int] | None = None
        self._hertz = 0.0
        self.overran: tuple[float, str, float] | None = None
        """After a tick that took too long: its seconds, the slowest leaf's path and that leaf's seconds."""
        self._time_leaves()

    def _time_leaves(self) -> None:
        nodes = self._tree.nodes()
        views = [node for node, after in zip(nodes, [*nodes[1:], None], strict=True)
                 if after is None or after.depth <= node.depth]  # fmt: skip
        leaves = [behaviour for behaviour in self._tree.root.iterate() if not behaviour.children]
        for view, leaf in zip(views, leaves, strict=True):
            leaf.update = self._timed(leaf.update, view.path)  # type: ignore[method-assign]
            if type(leaf).initialise is not Behaviour.initialise:
                leaf.initialise = self._timed(leaf.initialise, view.path)  # type: ignore[method-assign]

    def _timed(self, call: Callable[[], Any], path: str) -> Callable[[], Any]:
        clock = self._clock

        def timed() -> Any:
            begin = clock()
            result = call()
            took = clock() - begin
            if took > self._leaf_s:
                self._leaf, self._leaf_s = path, took
            return result

        return timed

    def tick(self) -> Status:
        """One tick of the tree."""
        self._leaf, self._leaf_s, self.overran = "", 0.0, None
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
            self._slowest = f"{self._leaf} ({1000 * self._leaf_s:.0f} ms)" if self._leaf else ""
            self.overran = (took, self._leaf, self._leaf_s)
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
