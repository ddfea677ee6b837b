"""Nodes that wait, on the clock of the tree. A timer is checked before each tick of the tree."""

from __future__ import annotations

from typing import Final

from py_trees.common import Status

from trees.data.ports import Bounds, input_port
from trees.engine.control import BuiltInLeaf, DecoratorNode
from trees.engine.status import SKIPPED, Returned

MILLISECONDS: Final = Bounds(0, 2**32 - 1)
"""As in BehaviorTree.CPP 4.10, which refuses other values when it ticks."""


class Delay(DecoratorNode):
    """Waits before the child's first tick."""

    PORTS = (input_port("delay_msec", int, unit="ms", bounds=MILLISECONDS, text="how long"),)

    def forget(self) -> None:
        self._started = self._over = False
        self.runtime.stop_timer(self)

    def on_timer(self) -> None:
        self._over = self.runtime.wake = True

    def run(self) -> Returned:
        delay_ms = self.port("delay_msec")
        if not self._started:
            self._started, self._over = True, False
            self.status = Status.RUNNING
            self.runtime.start_timer(self, delay_ms)
        if not self._over:
            return Status.RUNNING
        returned = self.tick_child()
        if returned is not Status.RUNNING and returned is not SKIPPED:
            self._started = False
        return returned


class Timeout(DecoratorNode):
    """Halts the child and fails if it still runs msec after its first tick; 0 is no limit."""

    PORTS = (input_port("msec", int, unit="ms", bounds=MILLISECONDS, text="how long it may run"),)

    def forget(self) -> None:
        self._started = self._halted = False
        self.runtime.stop_timer(self)

    def on_timer(self) -> None:
        if self.child.status is Status.RUNNING:
            self._halted = self.runtime.wake = True
            self.child_nodes[0].reset()

    def run(self) -> Returned:
        limit_ms = self.port("msec")
        if not self._started:
            self._started, self._halted = True, False
            self.status = Status.RUNNING
            if limit_ms > 0:
                self.runtime.start_timer(self, limit_ms)
        if self._halted:
            self._started = False
            self.feedback_message = f"not done after {limit_ms} ms"
            return self.fail(None)
        returned = self.tick_child()
        if returned is not Status.RUNNING and returned is not SKIPPED:
            self._started = False
            self.runtime.stop_timer(self)
        return returned


class Sleep(BuiltInLeaf):
    """SUCCESS after msec; at once for 0."""

    PORTS = (input_port("msec", int, unit="ms", bounds=MILLISECONDS, text="how long"),)

    def forget(self) -> None:
        self._over = False
        self.runtime.stop_timer(self)

    def on_timer(self) -> None:
        self._over = self.runtime.wake = True

    def run(self) -> Returned:
        if self.status is not Status.RUNNING:
            wait_ms = self.port("msec")
            if wait_ms <= 0:
                return Status.SUCCESS
            self._over = False
            self.runtime.start_timer(self, wait_ms)
        return Status.SUCCESS if self._over else Status.RUNNING
