"""Stubs for the nodes of other projects: a file is checked and its control flow tried without their code.

A stub leaf has whatever ports the file gives it and returns what a callable says. A stub control node is a Sequence. A
stub decorator passes its child's result on. A SubTree whose tree is not in the files succeeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from py_trees.common import Status

from trees.engine.control import ControlNode, DecoratorNode
from trees.engine.leaf import Leaf
from trees.engine.status import Returned
from trees.errors import ContractError
from trees.nodes.order import Sequence


@dataclass(frozen=True)
class StubCall:
    """A tick of a stub leaf.

    uid, path: number and full path, as in `Document.nodes`. tag, kind: of the leaf. count: its earlier ticks.
    """

    uid: int
    path: str
    tag: str
    kind: str
    count: int


StubScript = Callable[[StubCall], Status]
"""Called for each tick of a stub leaf; returns its status: SUCCESS, FAILURE or RUNNING."""


def succeed(_call: StubCall) -> Status:
    """The default script of stub leaves."""
    return Status.SUCCESS


@dataclass
class Stubs:
    """Shared by the stub leaves of one tree. made: in the order of the expanded tree. events: `3S`, `h4` and so on."""

    script: StubScript = succeed
    made: list[StubLeaf] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


class StubLeaf(Leaf):
    """Returns what the script says. uid and path are set once the tree is built."""

    FREE_PORTS: ClassVar[bool] = True
    stubs: ClassVar[Stubs]

    def __init__(self, name: str, ports: Any, context: Any) -> None:
        super().__init__(name, ports, context)
        self.uid, self.path, self._count = 0, "", 0
        self.stubs.made.append(self)

    def update(self) -> Status:
        call = StubCall(self.uid, self.path, self.tag(), self.KIND, self._count)
        self._count += 1
        returned = self.stubs.script(call)
        self.stubs.events.append(f"{self.uid}{returned.name[0]}")
        return returned

    def terminate(self, new_status: Status) -> None:
        if self.status == Status.RUNNING and new_status == Status.INVALID:
            self.stubs.events.append(f"h{self.uid}")


class StubControl(Sequence):
    """An unknown node with children, which it ticks as a Sequence does."""

    FREE_PORTS: ClassVar[bool] = True


class StubDecorator(DecoratorNode):
    """An unknown node with one child, whose result it passes on."""

    FREE_PORTS: ClassVar[bool] = True

    def run(self) -> Returned:
        return self.tick_child()


class Malformed(ControlNode):
    """A node with a wrong number of children, which BehaviorTree.CPP 4.10 finds at its first tick only."""

    FREE_PORTS: ClassVar[bool] = True
    CHILDREN = (0, None)
    expected: ClassVar[str] = ""

    def run(self) -> Returned:
        raise ContractError(f"{self.name}: {self.expected}")


def stub_class(tag: str, kind: str, stubs: Stubs) -> type[Leaf] | type[ControlNode]:
    """A new class for an unknown tag. kind: Action, Condition, Control or Decorator."""
    if kind == "Control":
        return type(tag, (StubControl,), {"TAG": tag, "__doc__": f"A stub for {tag}."})
    if kind == "Decorator":
        return type(tag, (StubDecorator,), {"TAG": tag, "__doc__": f"A stub for {tag}."})
    leaf_kind: Literal["Action", "Condition"] = "Condition" if kind == "Condition" else "Action"
    return type(tag, (StubLeaf,), {"TAG": tag, "KIND": leaf_kind, "stubs": stubs, "__doc__": f"A stub for {tag}."})


def malformed_class(tag: str, kind: str, expected: str) -> type[ControlNode]:
    """A new class for a tag with a wrong number of children. expected: the message of the error at its first tick."""
    return type(tag, (Malformed,), {"TAG": tag, "KIND": kind, "expected": expected})
