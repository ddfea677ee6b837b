"""A tree that can be ticked, watched and halted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from trees.assembly.building import Builder, Substitute
from trees.assembly.document import Document
from trees.assembly.paths import MAIN
from trees.data.blackboard import Blackboard
from trees.engine.control import ControlNode, halt_all
from trees.engine.intercept import Interceptor, Slowest, intercept, time_leaf
from trees.engine.reasons import failure_reason
from trees.engine.recursion import allow_recursion
from trees.engine.runtime import Listener, Runtime
from trees.engine.status import SKIPPED, WORDS, Returned, TickStatus, word
from trees.script import NO_ENUMS, compile_script


@dataclass(frozen=True)
class NodeView:
    """A snapshot of a node.

    uid, path, name, full_path, subtree: see `trees.assembly.paths`; the last two are "" in a recorded run. tag: in the
    file, the ID in the explicit form. kind: Action, Condition, Control, Decorator or SubTree. depth: 0 for the root.
    status: IDLE, RUNNING, or the SUCCESS or FAILURE with which it last ended. feedback: the message of its last tick.
    ports: as wired in the file. attributes: all of its tag, with name, ID and conditions.
    """

    uid: int
    path: str
    name: str
    tag: str
    kind: str
    depth: int
    status: str
    feedback: str
    ports: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)
    full_path: str = ""
    subtree: str = ""


@dataclass(frozen=True)
class Subtree:
    """One tree of the running tree. tree_id: as in the file. path: its full path, `MAIN` for the main tree. node_uid:
    of the SubTree node, 0 for the main tree. first: index of its root in the list of nodes."""

    tree_id: str
    path: str
    node_uid: int
    first: int

    @property
    def board(self) -> str:
        """The name under which its blackboard is asked for and logged."""
        return self.path or self.tree_id


def subtrees(main: str, nodes: Sequence[NodeView]) -> list[Subtree]:
    """The main tree and every SubTree in the order of the nodes. nodes: as of `Tree.nodes()`. main: its ID."""
    below = [
        Subtree(node.attributes.get("ID", node.name), nodes[index + 1].subtree, node.uid, index + 1)
        for index, node in enumerate(nodes)
        if node.kind == "SubTree"
    ]
    return [Subtree(main, MAIN, 0, 0), *below]


class Tree:
    """A tree ready to run; `build` makes one and explains the arguments: document, context, clock, substitute, enums.

    root: its py_trees behaviour. blackboard: the main tree's.
    """

    def __init__(
        self,
        document: Document,
        context: Any,
        clock: Callable[[], float],
        substitute: Substitute | None = None,
        enums: Mapping[str, int] = NO_ENUMS,
    ) -> None:
        self._context = context
        self._runtime = Runtime(clock, enums)
        builder = Builder(document, context, self._runtime, substitute)
        self._root_node = builder.build()
        self._nodes, self._scopes = tuple(builder.nodes), builder.scopes
        self._failed: tuple[str, str] | None = None
        self.blackboard = self._scopes[0]
        self.root: Behaviour = self._root_node.behaviour
        if not isinstance(self.root, ControlNode):
            self.root.tick = self._tick_leaf  # type: ignore[method-assign]  # so that py_trees sees its conditions

    def _tick_leaf(self) -> Iterator[Behaviour]:
        self.execute()
        yield self.root

    def execute(self) -> Returned:
        """One tick of the root; returns its status or SKIPPED. Errors are those of `tick`."""
        self._failed = None
        if self.root.status is not Status.RUNNING:
            self.root.status = Status.INVALID
        try:
            self._runtime.fire_timers()
            returned = self._root_node.execute()
        except BaseException as error:
            try:
                self.halt()
            except Exception as another:  # the first error is the one to report
                error.add_note(f"and while stopping: {type(another).__name__}: {another}")
            raise
        if returned is Status.FAILURE:
            self._failed = failure_reason(self._root_node)
        return returned

    def tick(self) -> Status:
        """One tick of the root; returns its status, INVALID if it was skipped.

        After any error the tree is halted. SpotGraspErrors and KeyboardInterrupt of a leaf pass through; LeafError for
        every other one.
        """
        returned = self.execute()
        return returned if isinstance(returned, Status) else Status.INVALID

    def tick_exactly_once(self) -> TickStatus:
        """The same, with the result as a word: SUCCESS, FAILURE, RUNNING or SKIPPED."""
        return TickStatus.of(self.execute())

    def tick_once(self) -> TickStatus:
        """Ticks, and ticks again at once while the tree is RUNNING and a node such as Retry or Repeat asks for it."""
        while (returned := self.execute()) is Status.RUNNING and self._runtime.wake:
            self._runtime.wake = False
        return TickStatus.of(returned)

    def tick_while_running(self, sleep: Callable[[float], None], period_s: float = 0.01) -> TickStatus:
        """Ticks until the tree ends, with `sleep(period_s)` between ticks unless a node asks for a tick at once."""
        while (returned := self.tick_once()) == "RUNNING":
            sleep(period_s)
        return returned

    def halt(self) -> None:
        """Halt every RUNNING node; may be called twice. If some raise, the rest are halted all the same, and the first
        error is raised."""
        halt_all(built.node for built in self._nodes)

    def run_script(self, text: str) -> Any:
        """Run a script on the main tree's blackboard. TreeError if it cannot be parsed, ContractError if it fails."""
        return compile_script(text).run(self.blackboard, self._runtime.enums)

    def statuses(self) -> tuple[str, ...]:
        """The stored status of every node after a tick, as in BehaviorTree.CPP: a node keeps SUCCESS and FAILURE until
        its parent ends, and the root is IDLE once it has ended."""
        statuses = [WORDS[built.node.behaviour.status] for built in self._nodes]
        if self.root.status is not Status.RUNNING:
            statuses[0] = "IDLE"
        return tuple(statuses)

    def nodes(self) -> tuple[NodeView, ...]:
        """A snapshot of all nodes, in the order of the expanded tree."""
        return tuple(
            NodeView(
                built.node.uid,
                built.node.path,
                built.node.behaviour.name,
                built.tag,
                built.kind,
                built.depth,
                "IDLE" if built.node.last is SKIPPED else word(built.node.last),
                built.node.feedback(),
                built.ports,
                built.attributes,
                built.where.full_path,
                built.where.subtree,
            )
            for built in self._nodes
        )

    def scopes(self) -> dict[int, Blackboard]:
        """The blackboard of each subtree by the uid of its SubTree node; the main tree's is 0."""
        return dict(self._scopes)

    def failure(self) -> tuple[str, str] | None:
        """(path, reason) of the node that made the tree fail in its last tick; None if it did not fail."""
        return self._failed

    def intercept(self, interceptor: Interceptor) -> None:
        """Call `interceptor` before and after each tick of each node."""
        for built in self._nodes:
            intercept(built.node, interceptor)

    def time_leaves(self, clock: Callable[[], float]) -> Slowest:
        """Time the ticks of all leaves from now on. clock: seconds. The returned object holds the slowest tick."""
        slowest = Slowest()
        for built in self._nodes:
            if not built.node.behaviour.children:
                time_leaf(built.node, slowest, clock)
        return slowest

    def on_transition(self, listener: Listener) -> None:
        """Call `listener` for every change of a status and every end of a node."""
        self._runtime.listeners.append(listener)


def build(
    document: Document,
    context: Any,
    clock: Callable[[], float],
    substitute: Substitute | None = None,
    enums: Mapping[str, int] = NO_ENUMS,
) -> Tree:
    """A tree of a checked document, ready to tick.

    context: given to every leaf. clock: returns seconds, for all nodes that wait. substitute: called for each node
    without children; may return another leaf for it. enums: names that stand for numbers in scripts and switches.
    What the constructor of a leaf raises becomes an error of `raise_for_leaf`.
    """
    allow_recursion(document.levels)
    return Tree(document, context, clock, substitute, enums)
