"""Several children in one tick. A child that has ended waits for the others; one that skipped is asked again."""

from __future__ import annotations

from py_trees.common import Status

from trees.control import ControlNode
from trees.errors import ContractError
from trees.ports import input_port
from trees.status import SKIPPED, Returned


class _Together(ControlNode):
    def entered(self) -> None:
        self._done: dict[int, Returned] = {}

    halted = entered

    def from_port(self, port: str) -> int:
        """A number of children; negative ones count from the end: -1 is all of them."""
        number = int(self.port(port))
        return number if number >= 0 else max(len(self.children) + 1 + number, 0)

    def tick_number(self, index: int) -> Returned:
        """One tick of a child that has not ended; what it ended with, of one that has."""
        if index in self._done:
            return self._done[index]
        returned = self.tick_child(self.children[index])
        if returned in (Status.SUCCESS, Status.FAILURE):
            self._done[index] = returned
        return returned

    def count(self, status: Status) -> int:
        return list(self._done.values()).count(status)


class Parallel(_Together):
    """All children in each tick until enough have succeeded or failed, which is looked at after every child.

    Negative counts are from the end. Children that skipped count as success where success_count is negative, unless
    all skipped. ContractError if a count is more than there are children.
    """

    PORTS = (
        input_port("success_count", int, default=-1, text="children that must succeed"),
        input_port("failure_count", int, default=1, text="children whose failure fails it"),
    )

    def run(self) -> Returned:
        total, skipped = len(self.children), 0
        wanted, bad = self.from_port("success_count"), self.from_port("failure_count")
        for port, number in (("success_count", wanted), ("failure_count", bad)):
            if number > total:
                raise ContractError(f"{self.name}: {port} is {number}, but there are only {total} children")
        lenient = self.port("success_count") < 0
        for index in range(total):
            skipped += self.tick_number(index) is SKIPPED
            succeeded, failed = self.count(Status.SUCCESS), self.count(Status.FAILURE)
            if skipped == total:
                return SKIPPED
            if succeeded >= wanted or (lenient and succeeded + skipped >= wanted):
                return Status.SUCCESS
            if total - failed < wanted or failed == bad:
                return Status.FAILURE
        return Status.RUNNING


class ParallelAll(_Together):
    """All children in each tick until every one has ended; FAILURE if max_failures or more failed."""

    PORTS = (input_port("max_failures", int, default=1, text="failures that fail it; negative counts from the end"),)

    def run(self) -> Returned:
        total, skipped = len(self.children), 0
        limit = self.from_port("max_failures")
        for index in range(total):
            skipped += self.tick_number(index) is SKIPPED
        if skipped == total:
            return SKIPPED
        if skipped + len(self._done) < total:
            return Status.RUNNING
        return Status.FAILURE if self.count(Status.FAILURE) >= limit else Status.SUCCESS
