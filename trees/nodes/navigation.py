"""The control nodes of the nav2 navigation stack."""

from __future__ import annotations

from typing import Any

from py_trees.common import Status

from trees.data.ports import INT32, Bounds, input_port
from trees.engine.control import ControlNode, DecoratorNode
from trees.engine.status import SKIPPED, Returned
from trees.errors import ContractError


class RecoveryNode(ControlNode):
    """Ticks the first child. Whenever it fails, the second child recovers in the same tick, and the first is ticked
    again.

    FAILURE after number_of_retries recoveries, or if the second child fails or skips.
    """

    CHILDREN = (2, 2)
    PORTS = (input_port("number_of_retries", int, default=1, bounds=Bounds(0, INT32), text="how often to recover"),)

    def forget(self) -> None:
        self._recovering, self._retries = False, 0

    def run(self) -> Returned:
        allowed = self.port("number_of_retries")
        self.status = Status.RUNNING
        first, second = self.child_nodes
        while self._retries <= allowed:
            if not self._recovering:
                returned = first.execute()
                if returned is Status.RUNNING:
                    return returned
                if returned is not Status.FAILURE:
                    return self._end(returned)
                self.culprit = first
                if self._retries >= allowed:
                    break
                first.reset()
                self._recovering = True
            returned = second.execute()
            if returned is Status.RUNNING:
                return returned
            if returned is SKIPPED:
                self._recovering = False
                second.reset()
                return Status.FAILURE
            if returned is Status.FAILURE:
                break
            second.reset()
            self._retries += 1
            self._recovering = False
        return self._end(Status.FAILURE)

    def _end(self, returned: Returned) -> Returned:
        self.quit()
        return returned


class PipelineSequence(ControlNode):
    """A sequence that ticks all earlier children again in each tick; a FAILURE of any of them halts all.

    A running child before the furthest one that was reached does not stop the tick.
    """

    def forget(self) -> None:
        self._furthest = 0

    def run(self) -> Returned:
        self.status = Status.RUNNING
        all_skipped = True
        for index, node in enumerate(self.child_nodes):
            returned = node.execute()
            all_skipped = all_skipped and returned is SKIPPED
            if returned is Status.FAILURE:
                self.culprit = node
                self.quit()
                return returned
            if returned is SKIPPED:
                node.reset()
            if returned is Status.RUNNING and index >= self._furthest:
                self._furthest = index
                return returned
        self.quit()
        return SKIPPED if all_skipped else Status.SUCCESS


class RoundRobin(ControlNode):
    """Ticks one child after another until one succeeds; the next start continues after it.

    FAILURE once all have failed in a row. Children that skip are passed over. wrap_around: the first child follows the
    last; without it, the end of the children is a FAILURE.
    """

    PORTS = (input_port("wrap_around", bool, default=True, text="begin again after the last child"),)

    def forget(self) -> None:
        self._index = self._failed = 0

    def run(self) -> Returned:
        self.status = Status.RUNNING
        total, skipped = len(self.child_nodes), 0
        wraps = self.port("wrap_around")
        while self._failed + skipped < total and self._index < total:
            node = self.child_nodes[self._index]
            returned = node.execute()
            if returned is Status.RUNNING:
                return returned
            self._index = (self._index + 1) % total if wraps else self._index + 1
            if returned is Status.SUCCESS:
                self._failed = 0
                self.reset_children()
                return returned
            if returned is SKIPPED:
                skipped += 1
            else:
                self._failed += 1
                self.culprit = node
        self.quit()
        return SKIPPED if skipped == total else Status.FAILURE


class RateController(DecoratorNode):
    """Ticks the child at the first tick, while it runs, and whenever the period is over; RUNNING in between.

    hz: ticks a second, on the robot's clock. ContractError if it is not above 0.
    """

    PORTS = (
        input_port(
            "hz", float, unit="Hz", default=10.0, bounds=Bounds(0.0, 1e6, above=True), text="how often to begin"
        ),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._since_s, self._first = 0.0, True

    def run(self) -> Returned:
        rate_hz = self.port("hz")
        if not rate_hz > 0:
            raise ContractError(f"{self.name}: hz is {rate_hz}, it must be above 0")
        if self.status is Status.INVALID:
            self._since_s, self._first = self.runtime.clock(), True
        self.status = Status.RUNNING
        due = self.runtime.clock() - self._since_s >= 1 / rate_hz
        if not (self._first or due or self.child.status is Status.RUNNING):
            return Status.RUNNING
        self._first = False
        returned = self.tick_child()
        if returned is Status.SUCCESS:
            self._since_s = self.runtime.clock()
        return returned
