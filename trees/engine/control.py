"""What every control node and decorator is built on: py_trees' Composite with BehaviorTree.CPP 4.10's ticks and halts.

One tick of a node is one `tickExactlyOnce` there. The stored status is BehaviorTree.CPP's, with INVALID for IDLE:
children keep SUCCESS and FAILURE until their parent resets them, and a node that has set itself RUNNING before all
below it were skipped stays RUNNING, though it told its parent SKIPPED.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Composite

from trees.data.ports import Port
from trees.data.wiring import Wiring
from trees.engine.runtime import Runtime
from trees.engine.seat import Seat
from trees.engine.status import Returned


class ControlNode(Composite):
    """A node with children, or a leaf that comes with the language. Subclasses give `run`, one tick, which ticks
    children with `seat.execute()`, and may give `forget`, which a halt calls first.

    PORTS: parameters, as of a leaf. CHILDREN: (fewest, most). FAILS_BY_DESIGN: a FAILURE of its own is no
    reason why a tree failed. seats: the children's places. culprit: the child whose result made this node fail the last
    time, None if it was its own doing.
    """

    TAG: ClassVar[str] = ""
    KIND: ClassVar[str] = "Control"
    PORTS: ClassVar[tuple[Port, ...]] = ()
    CHILDREN: ClassVar[tuple[int, int | None]] = (1, None)
    FAILS_BY_DESIGN: ClassVar[bool] = False

    def __init__(self, name: str, seats: Sequence[Seat], wiring: Wiring, runtime: Runtime) -> None:
        super().__init__(name, [seat.behaviour for seat in seats])
        self.seats, self.wiring, self.runtime = tuple(seats), wiring, runtime
        self.culprit: Seat | None = None
        self.seat: Seat | None = None

    @classmethod
    def tag(cls) -> str:
        return cls.TAG or cls.__name__

    @classmethod
    def check(cls, attributes: dict[str, str]) -> list[tuple[str, str]]:
        """(attribute, what is wrong) for what can be seen in a tag beside missing and mistyped ports."""
        return []

    def port(self, name: str) -> Any:
        return self.wiring.get(name)

    def run(self) -> Returned:
        """One tick."""
        raise NotImplementedError

    def forget(self) -> None:
        """Lose all progress; the node is being halted."""

    def perform(self) -> Returned:
        """`run`, with what all nodes of a kind do around it."""
        return self.run()

    def fail(self, culprit: Seat | None) -> Status:
        """FAILURE, because of this child."""
        self.culprit = culprit
        return Status.FAILURE

    def culprits(self) -> list[Seat]:
        """The children that made this node fail, the one that decided it first; none if it was its own doing."""
        return [] if self.culprit is None else [self.culprit]

    def reset_children(self) -> None:
        """Halt the children that run; then all are idle. All are stopped even if one raises; the first error wins."""
        first: BaseException | None = None
        for seat in self.seats:
            try:
                seat.reset()
            except BaseException as error:
                first = first or error
        if first is not None:
            raise first

    def quit(self) -> None:
        """Stop: the node was RUNNING, or the whole tree is halted."""
        self.forget()
        self.reset_children()

    def take(self, seat: Seat) -> Seat:
        """Sit down in this place of the tree."""
        seat.behaviour, seat.perform, seat.quit = self, self.perform, self.quit
        self.seat = seat
        return seat

    def tick(self) -> Iterator[Behaviour]:
        """One tick in py_trees' way: what has been ticked is handed out, children before parents."""
        seat, runtime = self.seat, self.runtime
        assert seat is not None
        if self.status is not Status.RUNNING:
            self.status = Status.INVALID
        runtime.ring()
        visited = runtime.visited = []
        try:
            seat.execute()
        finally:
            runtime.visited = None
        yield from visited

    def stop(self, new_status: Status = Status.INVALID) -> None:
        """A halt in py_trees' way."""
        if new_status is Status.INVALID:
            halt_all(self.below())
        self.status = new_status

    def below(self) -> Iterator[Seat]:
        """This node's place and all places below it, parents first."""
        if self.seat is not None:
            yield self.seat
        for seat in self.seats:
            if isinstance(seat.behaviour, ControlNode):
                yield from seat.behaviour.below()
            else:
                yield seat


def halt_all(seats: Iterable[Seat]) -> None:
    """Stop every RUNNING node, also one below a node that was skipped; all are tried even if one raises, the first
    error wins."""
    first: BaseException | None = None
    for seat in seats:
        try:
            seat.reset()
            if isinstance(seat.behaviour, ControlNode):
                seat.behaviour.forget()
        except BaseException as error:
            first = first or error
    if first is not None:
        raise first


class DecoratorNode(ControlNode):
    """A node with one child. py_trees' Decorator is a Behaviour without children of its own, so this is a Composite."""

    KIND: ClassVar[str] = "Decorator"
    CHILDREN = (1, 1)

    @property
    def child(self) -> Behaviour:
        return self.children[0]

    def tick_child(self) -> Returned:
        """One tick of the child; a FAILURE of this node after it is the child's doing."""
        self.culprit = self.seats[0]
        return self.seats[0].execute()

    def perform(self) -> Returned:
        """`run`; a child that has ended is idle again afterwards."""
        returned = self.run()
        child = self.children[0]
        if child.status is Status.SUCCESS or child.status is Status.FAILURE:
            child.status = Status.INVALID
        return returned


class BuiltInLeaf(ControlNode):
    """A node without children that comes with the language."""

    KIND: ClassVar[str] = "Action"
    CHILDREN = (0, 0)
