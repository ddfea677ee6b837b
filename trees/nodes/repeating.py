"""Decorators that tick their child again."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from py_trees.common import Status

from trees.data.ports import INT32, Bounds, input_port
from trees.engine.control import DecoratorNode
from trees.engine.status import SKIPPED, Returned

TIMES: Final = Bounds(-1, INT32)


class _Again(DecoratorNode):
    """Again while the child returns `again`, a number of times; -1 is no limit, 0 does not tick the child.

    Where the child needed more than one tick, the next time begins in the same tick. A child that skips is not counted.
    """

    again: ClassVar[Status]
    count_port: ClassVar[str]
    fresh: ClassVar[bool] = False
    """Whether the number is read again after each time, else at each tick only."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._count = 0

    def forget(self) -> None:
        self._count = 0

    def run(self) -> Returned:
        limit: int = self.port(self.count_port)
        again = limit == -1 or self._count < limit
        self.status = Status.RUNNING
        self.culprit = None
        while again:
            was_idle = self.child.status is Status.INVALID
            returned = self.tick_child()
            if returned is Status.RUNNING:
                return Status.RUNNING
            self.child_nodes[0].reset()
            if returned is SKIPPED:
                return SKIPPED
            if returned is not self.again:
                self._count = 0
                return returned
            self._count += 1
            if self.fresh:
                limit = self.port(self.count_port)
            again = limit == -1 or self._count < limit
            if was_idle and again:
                self.runtime.wake = True
                return Status.RUNNING
        self._count = 0
        return self.again


class RetryUntilSuccessful(_Again):
    """Again, up to num_attempts times (-1: for ever), until the child succeeds."""

    PORTS = (input_port("num_attempts", int, bounds=TIMES, text="attempts in all, -1 for no limit"),)
    again = Status.FAILURE
    count_port = "num_attempts"
    fresh = True


class Repeat(_Again):
    """Again, num_cycles times (-1: for ever), until the child fails."""

    PORTS = (input_port("num_cycles", int, bounds=TIMES, text="cycles in all, -1 for no limit"),)
    again = Status.SUCCESS
    count_port = "num_cycles"


class KeepRunningUntilFailure(DecoratorNode):
    """RUNNING until the child fails."""

    def run(self) -> Returned:
        self.status = Status.RUNNING
        return Status.FAILURE if self.tick_child() is Status.FAILURE else Status.RUNNING


class RunOnce(DecoratorNode):
    """The child until it has ended once; after that SKIPPED, or with then_skip false the same result for ever."""

    PORTS = (input_port("then_skip", bool, default=True, text="skip once done, else repeat the result"),)
    _result: Returned | None = None

    def run(self) -> Returned:
        if self._result is not None:
            return SKIPPED if self.port("then_skip") else self._result
        self.status = Status.RUNNING
        returned = self.tick_child()
        if returned is Status.SUCCESS or returned is Status.FAILURE:
            self._result = returned
        return returned
