"""Control nodes of BehaviorTree.CPP 4.10 on py_trees' Composite: same ticks, same halts, with SKIPPED.

One tick of a node is one `tickExactlyOnce` there. Completed children keep their status until their parent completes or
is halted, then all go back to IDLE (INVALID in py_trees). Halting stops RUNNING children only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Composite

from trees.leaf import PortAccess
from trees.ports import Port, input_port
from trees.status import SKIPPED, Returned

FINAL = (Status.SUCCESS, Status.FAILURE)


def reset(node: Behaviour) -> None:
    """Halt a node if it runs and bring it and all below it back to IDLE.

    Every RUNNING node below is stopped even if another raises while stopping; the first error is raised at the end.
    """
    errors: list[BaseException] = []
    _reset(node, errors)
    if errors:
        raise errors[0]


def _reset(node: Behaviour, errors: list[BaseException]) -> None:
    for child in node.children:
        _reset(child, errors)
    if node.status == Status.RUNNING:
        try:
            node.terminate(Status.INVALID)
        except BaseException as error:  # kept, so that the others are stopped too
            errors.append(error)
    node.status = Status.INVALID
    if isinstance(node, ControlNode):
        node.halted()


class ControlNode(Composite):
    """A node with children. Subclasses give `run`, which ticks children with `tick_child` and returns the status.

    PORTS: parameters, as of a leaf. children_count: (fewest, most) children. `entered` is called when a tick finds the
    node idle, `halted` when it goes back to idle.
    """

    TAG: ClassVar[str] = ""
    KIND: ClassVar[str] = "Control"
    PORTS: ClassVar[tuple[Port, ...]] = ()
    CHILDREN: ClassVar[tuple[int, int | None]] = (1, None)

    def __init__(self, name: str, children: list[Behaviour], ports: PortAccess, clock: Callable[[], float]) -> None:
        super().__init__(name, children)
        self._ports, self.clock = ports, clock
        self._visited: list[Behaviour] = []
        self.skipped = False

    @classmethod
    def tag(cls) -> str:
        return cls.TAG or cls.__name__

    def port(self, name: str) -> Any:
        return self._ports.get(name)

    def entered(self) -> None:
        """Start afresh."""

    def halted(self) -> None:
        """Forget progress."""

    def run(self) -> Returned:
        raise NotImplementedError

    def tick_child(self, child: Behaviour) -> Returned:
        """One tick of a child; SKIPPED if it says so."""
        self._visited.extend(child.tick())
        if getattr(child, "skipped", False):
            return SKIPPED
        return child.status

    def tick(self) -> Iterator[Behaviour]:
        self._visited = []
        if self.status != Status.RUNNING:
            self.entered()
            self.status = Status.RUNNING
        returned = self.run()
        self.skipped = returned is SKIPPED
        if not isinstance(returned, Status) or returned != Status.RUNNING:
            for child in self.children:
                reset(child)
            self.halted()
        self.status = returned if isinstance(returned, Status) else Status.INVALID
        yield from self._visited
        yield self

    def stop(self, new_status: Status = Status.INVALID) -> None:
        """Halt: everything that runs below is stopped, then this node is idle."""
        self.status = Status.RUNNING if new_status == Status.INVALID else self.status
        reset(self)
        self.status = new_status


class _Ordered(ControlNode):
    """Children one after another until one returns `ends_on`; remembers the running one."""

    goes_on: ClassVar[Status]
    reactive: ClassVar[bool] = False

    def entered(self) -> None:
        self._index = 0
        self._all_skipped = True

    halted = entered

    def run(self) -> Returned:
        if self.reactive:
            self.entered()
        while self._index < len(self.children):
            child = self.children[self._index]
            returned = self.tick_child(child)
            if returned is not SKIPPED:
                self._all_skipped = False
            if returned == Status.RUNNING:
                if self.reactive:
                    for other in self.children:
                        if other is not child:
                            reset(other)
                return Status.RUNNING
            if returned is not SKIPPED and returned != self.goes_on:
                return returned
            self._index += 1
        return SKIPPED if self._all_skipped else self.goes_on


class Sequence(_Ordered):
    """Children in order; FAILURE at the first that fails."""

    goes_on = Status.SUCCESS


class Fallback(_Ordered):
    """Children in order; SUCCESS at the first that succeeds."""

    goes_on = Status.FAILURE


class ReactiveSequence(Sequence):
    """A Sequence that starts at its first child in every tick and halts what ran before."""

    reactive = True


class ReactiveFallback(Fallback):
    """A Fallback that starts at its first child in every tick and halts what ran before."""

    reactive = True


class Parallel(ControlNode):
    """All children in each tick until enough have succeeded or failed; negative counts are from the end."""

    PORTS = (
        input_port("success_count", int, default=-1, text="children that must succeed"),
        input_port("failure_count", int, default=1, text="children whose failure fails it"),
    )

    def entered(self) -> None:
        self._done: dict[int, Returned] = {}

    halted = entered

    def run(self) -> Returned:
        count = len(self.children)
        wanted, bad = (
            n if n >= 0 else max(count + 1 + n, 0) for n in (self.port("success_count"), self.port("failure_count"))
        )
        for index, child in enumerate(self.children):
            if index not in self._done:
                returned = self.tick_child(child)
                if returned != Status.RUNNING:
                    self._done[index] = returned
            results = list(self._done.values())
            skipped = results.count(SKIPPED)
            succeeded, failed = results.count(Status.SUCCESS), results.count(Status.FAILURE)
            if succeeded >= wanted or (skipped and succeeded + skipped >= wanted and succeeded):
                return Status.SUCCESS
            if count - failed < wanted or failed == bad:
                return Status.FAILURE
        return SKIPPED if results.count(SKIPPED) == count else Status.RUNNING


class IfThenElse(ControlNode):
    """The second child if the first succeeds, else the third (FAILURE without one); the choice stays while it runs."""

    CHILDREN = (2, 3)

    def entered(self) -> None:
        self._branch = 0

    halted = entered

    def run(self) -> Returned:
        if self._branch == 0:
            condition = self.tick_child(self.children[0])
            if condition == Status.RUNNING or condition is SKIPPED:
                return condition
            self._branch = 1 if condition == Status.SUCCESS else 2
            if self._branch == len(self.children):
                return Status.FAILURE
        return self.tick_child(self.children[self._branch])


class DecoratorNode(ControlNode):
    """A node with one child. py_trees' Decorator is a Behaviour without children of its own, so this is a Composite."""

    KIND: ClassVar[str] = "Decorator"
    CHILDREN = (1, 1)

    @property
    def child(self) -> Behaviour:
        return self.children[0]


class Inverter(DecoratorNode):
    """SUCCESS for FAILURE and the reverse."""

    def run(self) -> Returned:
        returned = self.tick_child(self.child)
        if returned == Status.SUCCESS:
            return Status.FAILURE
        return Status.SUCCESS if returned == Status.FAILURE else returned


class ForceSuccess(DecoratorNode):
    """SUCCESS whatever the child ends with."""

    def run(self) -> Returned:
        returned = self.tick_child(self.child)
        return Status.SUCCESS if returned in FINAL else returned


class ForceFailure(DecoratorNode):
    """FAILURE whatever the child ends with."""

    def run(self) -> Returned:
        returned = self.tick_child(self.child)
        return Status.FAILURE if returned in FINAL else returned


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


class Delay(DecoratorNode):
    """Waits, on the robot's clock, before the child's first tick."""

    PORTS = (input_port("delay_msec", int, unit="ms", text="how long"),)

    def entered(self) -> None:
        self._since_s = self.clock()

    def run(self) -> Returned:
        if self.child.status != Status.RUNNING and (self.clock() - self._since_s) * 1000 < self.port("delay_msec"):
            return Status.RUNNING
        return self.tick_child(self.child)


class Timeout(DecoratorNode):
    """FAILURE, and the child halted, once the child has run for msec on the robot's clock; 0 is no limit."""

    PORTS = (input_port("msec", int, unit="ms", text="how long it may run"),)

    def entered(self) -> None:
        self._since_s = self.clock()

    def run(self) -> Returned:
        limit = self.port("msec")
        if limit > 0 and (self.clock() - self._since_s) * 1000 >= limit:
            reset(self.child)
            return Status.FAILURE
        return self.tick_child(self.child)


class SubTree(DecoratorNode):
    """A tree inside a tree, with a blackboard of its own."""

    KIND = "SubTree"

    def run(self) -> Returned:
        return self.tick_child(self.child)


class AlwaysSuccess(ControlNode):
    """SUCCESS at once."""

    KIND, CHILDREN = "Action", (0, 0)

    def run(self) -> Returned:
        return Status.SUCCESS


class AlwaysFailure(ControlNode):
    """FAILURE at once."""

    KIND, CHILDREN = "Action", (0, 0)

    def run(self) -> Returned:
        return Status.FAILURE


class Sleep(ControlNode):
    """SUCCESS after a while on the robot's clock."""

    KIND, CHILDREN = "Action", (0, 0)
    PORTS = (input_port("msec", int, unit="ms", text="how long"),)

    def entered(self) -> None:
        self._since_s = self.clock()

    def run(self) -> Returned:
        return Status.SUCCESS if (self.clock() - self._since_s) * 1000 >= self.port("msec") else Status.RUNNING


_CLASSES: tuple[type[ControlNode], ...] = (
    Sequence, Fallback, ReactiveSequence, ReactiveFallback, Parallel, IfThenElse, Inverter, ForceSuccess, ForceFailure,
    RetryUntilSuccessful, Repeat, KeepRunningUntilFailure, Delay, Timeout, AlwaysSuccess, AlwaysFailure, Sleep,
)  # fmt: skip
CONTROL_NODES: dict[str, type[ControlNode]] = {node.tag(): node for node in _CLASSES}
