"""Decorators that tick their child again."""

from __future__ import annotations

from typing import ClassVar

from py_trees.common import Status

from trees.control import DecoratorNode, reset
from trees.ports import input_port
from trees.status import SKIPPED, Returned


class RetryUntilSuccessful(DecoratorNode):
    """Again, up to num_attempts times (-1: for ever), until the child succeeds.

    Where the child needed more than one tick to fail, the next attempt begins in the same tick.
    """

    PORTS = (input_port("num_attempts", int, text="attempts in all, -1 for no limit"),)
    again: ClassVar[Status] = Status.FAILURE
    other: ClassVar[Status] = Status.SUCCESS
    count_port: ClassVar[str] = "num_attempts"

    def entered(self) -> None:
        self._count = 0

    halted = entered

    def run(self) -> Returned:
        while True:
            limit = self.port(self.count_port)
            if limit != -1 and self._count >= limit:
                return self.again
            was_running = self.child.status == Status.RUNNING
            returned = self.tick_child(self.child)
            if returned is SKIPPED:
                reset(self.child)
                return SKIPPED
            if returned != self.again:
                return returned
            self._count += 1
            limit = self.port(self.count_port)
            if limit != -1 and self._count >= limit:
                return self.again
            reset(self.child)
            if not was_running:
                return Status.RUNNING


class Repeat(RetryUntilSuccessful):
    """Again, num_cycles times (-1: for ever), until the child fails."""

    PORTS = (input_port("num_cycles", int, text="cycles in all, -1 for no limit"),)
    again = Status.SUCCESS
    other = Status.FAILURE
    count_port = "num_cycles"


class KeepRunningUntilFailure(DecoratorNode):
    """RUNNING until the child fails."""

    def run(self) -> Returned:
        returned = self.tick_child(self.child)
        if returned == Status.FAILURE:
            return Status.FAILURE
        if returned == Status.SUCCESS:
            reset(self.child)
        return Status.RUNNING


class RunOnce(DecoratorNode):
    """The child until it has ended once; after that SKIPPED, or with then_skip false the same result for ever."""

    PORTS = (input_port("then_skip", bool, default=True, text="skip once done, else repeat the result"),)
    _result: Returned | None = None

    def run(self) -> Returned:
        if self._result is not None:
            return SKIPPED if self.port("then_skip") else self._result
        returned = self.tick_child(self.child)
        if returned in (Status.SUCCESS, Status.FAILURE):
            self._result = returned
        return returned
