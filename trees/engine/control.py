"""Base classes of control nodes and decorators: py_trees' Composite with the ticks and halts of BehaviorTree.CPP 4.10.

One tick corresponds to one `tickExactlyOnce`. The stored status is BehaviorTree.CPP's, with INVALID for IDLE. Children
keep SUCCESS and FAILURE until their parent resets them. A node that was RUNNING when all its children skipped stays
RUNNING, although it returns SKIPPED to its parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Composite

from trees.data.ports import Port
from trees.data.wiring import Wiring
from trees.engine.node import TreeNode
from trees.engine.runtime import Runtime
from trees.engine.status import Returned


class ControlNode(Composite):
    """A node with children, or a leaf of the language.

    Subclasses override `run`, one tick, which ticks children with `child.execute()`. They may override `forget`, which
    the constructor calls last and a halt first.

    TAG: XML tag, the class name if empty. KIND: Control, Decorator, Action, Condition or SubTree. PORTS: parameters, as
    of a leaf. CHILDREN: (fewest, most). FAILS_BY_DESIGN: its own FAILURE does not explain why a tree failed.
    child_nodes: the tree nodes of its children. node: its own tree node. culprit: the child that made it fail the last
    time, None if it failed by itself.
    """

    TAG: ClassVar[str] = ""
    KIND: ClassVar[str] = "Control"
    PORTS: ClassVar[tuple[Port, ...]] = ()
    CHILDREN: ClassVar[tuple[int, int | None]] = (1, None)
    FAILS_BY_DESIGN: ClassVar[bool] = False

    def __init__(self, name: str, child_nodes: Sequence[TreeNode], wiring: Wiring, runtime: Runtime) -> None:
        super().__init__(name, [node.behaviour for node in child_nodes])
        self.child_nodes, self.wiring, self.runtime = tuple(child_nodes), wiring, runtime
        self.culprit: TreeNode | None = None
        self.node: TreeNode | None = None
        self.forget()

    @classmethod
    def tag(cls) -> str:
        return cls.TAG or cls.__name__

    @classmethod
    def check(cls, attributes: dict[str, str]) -> list[tuple[str, str]]:
        """(attribute, message) for errors in a tag other than missing and mistyped ports."""
        return []

    def port(self, name: str) -> Any:
        return self.wiring.get(name)

    def run(self) -> Returned:
        """One tick."""
        raise NotImplementedError

    def forget(self) -> None:
        """Set the attributes that hold its progress to their start: the node is new, or it is being halted."""

    def perform(self) -> Returned:
        """`run`, and what every node of this kind does around it."""
        return self.run()

    def fail(self, culprit: TreeNode | None) -> Status:
        """FAILURE, because of this child."""
        self.culprit = culprit
        return Status.FAILURE

    def culprits(self) -> list[TreeNode]:
        """The children that made this node fail, the decisive one first; empty if it failed by itself."""
        return [] if self.culprit is None else [self.culprit]

    def reset_children(self) -> None:
        """Halt all running children; all are idle afterwards. If some raise, the rest are halted all the same, and the
        first error is raised."""
        first: BaseException | None = None
        for node in self.child_nodes:
            try:
                node.reset()
            except BaseException as error:
                first = first or error
        if first is not None:
            raise first

    def quit(self) -> None:
        """Stop: the node was RUNNING, or the whole tree is halted."""
        self.forget()
        self.reset_children()

    def attach(self, node: TreeNode) -> TreeNode:
        """Let this tree node tick and halt the behaviour."""
        node.behaviour, node.perform, node.quit = self, self.perform, self.quit
        self.node = node
        return node

    def tick(self) -> Iterator[Behaviour]:
        """One tick through py_trees' interface. Yields the ticked behaviours, children before parents."""
        node, runtime = self.node, self.runtime
        assert node is not None
        if self.status is not Status.RUNNING:
            self.status = Status.INVALID
        runtime.fire_timers()
        visited = runtime.visited = []
        try:
            node.execute()
        finally:
            runtime.visited = None
        yield from visited

    def stop(self, new_status: Status = Status.INVALID) -> None:
        """A halt through py_trees' interface."""
        if new_status is Status.INVALID:
            halt_all(self.below())
        self.status = new_status

    def below(self) -> Iterator[TreeNode]:
        """This tree node and all below it, parents first."""
        if self.node is not None:
            yield self.node
        for node in self.child_nodes:
            if isinstance(node.behaviour, ControlNode):
                yield from node.behaviour.below()
            else:
                yield node


def halt_all(child_nodes: Iterable[TreeNode]) -> None:
    """Halt every RUNNING node, even below a node that was skipped. If some raise, the others are halted, and the first
    error is raised."""
    first: BaseException | None = None
    for node in child_nodes:
        try:
            node.reset()
            if isinstance(node.behaviour, ControlNode):
                node.behaviour.forget()
        except BaseException as error:
            first = first or error
    if first is not None:
        raise first


class DecoratorNode(ControlNode):
    """A node with one child. It is a Composite, because py_trees' Decorator has no list of children."""

    KIND: ClassVar[str] = "Decorator"
    CHILDREN = (1, 1)

    @property
    def child(self) -> Behaviour:
        return self.children[0]

    def tick_child(self) -> Returned:
        """One tick of the child, which becomes the culprit if this node fails."""
        self.culprit = self.child_nodes[0]
        return self.child_nodes[0].execute()

    def perform(self) -> Returned:
        """`run`; a child that has ended becomes idle."""
        returned = self.run()
        child = self.children[0]
        if child.status is Status.SUCCESS or child.status is Status.FAILURE:
            child.status = Status.INVALID
        return returned


class BuiltInLeaf(ControlNode):
    """A leaf of the language."""

    KIND: ClassVar[str] = "Action"
    CHILDREN = (0, 0)
