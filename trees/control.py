"""What every control node and decorator is built on: py_trees' Composite with BehaviorTree.CPP 4.10's ticks and halts.

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
from trees.ports import Port
from trees.status import SKIPPED, Returned


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

    def finished(self, returned: Returned) -> None:
        """A tick has ended with `returned`, which is not RUNNING: by default all goes back to idle."""
        for child in self.children:
            reset(child)
        self.halted()

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
            self.finished(returned)
        self.status = returned if isinstance(returned, Status) else Status.INVALID
        yield from self._visited
        yield self

    def stop(self, new_status: Status = Status.INVALID) -> None:
        """Halt: everything that runs below is stopped, then this node is idle."""
        self.status = Status.RUNNING if new_status == Status.INVALID else self.status
        reset(self)
        self.status = new_status


class DecoratorNode(ControlNode):
    """A node with one child. py_trees' Decorator is a Behaviour without children of its own, so this is a Composite."""

    KIND: ClassVar[str] = "Decorator"
    CHILDREN = (1, 1)

    @property
    def child(self) -> Behaviour:
        return self.children[0]
