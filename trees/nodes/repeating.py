"""Decorators that run their child several times."""

from __future__ import annotations

from typing import ClassVar, Final

from py_trees.common import Status

from trees.data.ports import INT32, Bounds, input_port
from trees.engine.control import DecoratorNode
from trees.engine.status import SKIPPED, Returned

TIMES: Final = Bounds(-1, INT32)


class _Again(DecoratorNode):
    """Runs the child again while it returns `again`, up to a number of times; -1 is no limit, 0 never ticks the child.

    If a run took more than one tick, the next begins in the same tick. A child that skips is not counted.
    """

    again: ClassVar[Status]
    count_port: ClassVar[str]
    fresh: ClassVar[bool] = False
    """Whether the number is read after each run, else at each tick only."""

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
    """Runs the child up to num_attempts times (-1: no limit) until it succeeds."""

    PORTS = (input_port("num_attempts", int, bounds=TIMES, text="attempts in all, -1 for no limit"),)
    again = Status.FAILURE
    count_port = "num_attempts"
    fresh = True


class Repeat(_Again):
    """Runs the child num_cycles times (-1: no limit), or until it fails."""

    PORTS = (input_port("num_cycles", int, bounds=TIMES, text="cycles in all, -1 for no limit"),)
    again = Status.SUCCESS
    count_port = "num_cycles"


class KeepRunningUntilFailure(DecoratorNode):
    """RUNNING until the child fails."""

    def run(self) -> Returned:
        self.status = Status.RUNNING
        return Status.FAILURE if self.tick_child() is Status.FAILURE else Status.RUNNING


class RunOnce(DecoratorNode):
    """Runs the child once; SKIPPED afterwards, or with then_skip false the same result again."""

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
