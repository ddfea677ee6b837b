"""Several children in one tick. A child that has ended is not ticked again; one that skipped is."""

from __future__ import annotations

from py_trees.common import Status

from trees.data.ports import ANY_WHOLE, input_port
from trees.engine.control import ControlNode
from trees.engine.status import SKIPPED, Returned
from trees.errors import ContractError


class _Together(ControlNode):
    def forget(self) -> None:
        self._done: set[int] = set()
        self._failed = 0

    def count_from(self, port: str) -> int:
        """A number of children. Negative numbers count from the end: -1 is all of them.

        ContractError if there are fewer children.
        """
        number = int(self.port(port))
        count = number if number >= 0 else max(len(self.child_nodes) + 1 + number, 0)
        if count > len(self.child_nodes):
            raise ContractError(f"{self.name}: {port} is {number}, but there are only {len(self.child_nodes)} children")
        return count

    def tick_number(self, index: int) -> Returned | None:
        """Tick a child; None if it has ended already."""
        if index in self._done:
            return None
        returned = self.child_nodes[index].execute()
        if returned is Status.SUCCESS or returned is Status.FAILURE:
            self._done.add(index)
        if returned is Status.FAILURE:
            self._failed += 1
            self.culprit = self.child_nodes[index]
        return returned


class Parallel(_Together):
    """Ticks all children in each tick until enough have succeeded or failed, which is checked after every child.

    Negative counts are from the end. With a negative success_count, children that skipped count as successes.
    ContractError if a count is larger than the number of children.
    """

    PORTS = (
        input_port("success_count", int, default=-1, bounds=ANY_WHOLE, text="children that must succeed"),
        input_port("failure_count", int, default=1, bounds=ANY_WHOLE, text="children whose failure fails it"),
    )

    def run(self) -> Returned:
        successes, failures = self.count_from("success_count"), self.count_from("failure_count")
        lenient = self.port("success_count") < 0
        total, skipped = len(self.child_nodes), 0
        self.status = Status.RUNNING
        for index in range(total):
            skipped += self.tick_number(index) is SKIPPED
            succeeded = len(self._done) - self._failed
            if succeeded >= successes or (lenient and succeeded + skipped >= successes):
                return self._end(Status.SUCCESS)
            if total - self._failed < successes or self._failed == failures:
                return self._end(Status.FAILURE)
        return SKIPPED if skipped == total else Status.RUNNING

    def _end(self, status: Status) -> Status:
        self.forget()
        self.reset_children()
        return status


class ParallelAll(_Together):
    """Ticks all children in each tick until all have ended; FAILURE if at least max_failures failed."""

    PORTS = (
        input_port(
            "max_failures", int, default=1, bounds=ANY_WHOLE, text="failures that fail it; negative counts from the end"
        ),
    )

    def run(self) -> Returned:
        limit = self.count_from("max_failures")
        total, skipped = len(self.child_nodes), 0
        self.status = Status.RUNNING
        for index in range(total):
            skipped += self.tick_number(index) is SKIPPED
        if skipped == total:
            return SKIPPED
        if skipped + len(self._done) < total:
            return Status.RUNNING
        failed = self._failed >= limit
        self.reset_children()
        self.forget()
        return Status.FAILURE if failed else Status.SUCCESS
