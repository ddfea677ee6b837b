"""A tree that can be ticked: built from a document, watched from outside, halted whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from trees.building import Builder, Substitute
from trees.checking.expansion import allow_depth
from trees.data.blackboard import Blackboard
from trees.document import Document
from trees.engine.control import ControlNode, halt_all
from trees.engine.intercept import Interceptor, Slowest, intercept, time_leaf
from trees.engine.reasons import why
from trees.engine.runtime import Listener, Runtime
from trees.engine.status import SKIPPED, WORDS, Answer, Returned, word
from trees.paths import MAIN
from trees.script import NO_ENUMS, compile_script


@dataclass(frozen=True)
class NodeView:
    """A node as seen from outside. uid: 1.. in the order of the expanded tree. status: IDLE, RUNNING, SUCCESS or
    FAILURE, the last two as of its last end. ports: as wired in the file. attributes: all of the file's, with name,
    ID and conditions. path, full_path, subtree: see `trees.paths`; the last two are "" in a recorded run."""

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
    """A tree ready to run. root: its py_trees behaviour. blackboard: the main tree's."""

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
        self._seat = builder.build()
        self._nodes, self._scopes = tuple(builder.nodes), builder.scopes
        self._failed: tuple[str, str] | None = None
        self.blackboard = self._scopes[0]
        self.root: Behaviour = self._seat.behaviour
        if not isinstance(self.root, ControlNode):
            self.root.tick = self._tick_leaf  # type: ignore[method-assign]  # so that py_trees sees its conditions

    def _tick_leaf(self) -> Iterator[Behaviour]:
        self.execute()
        yield self.root

    def execute(self) -> Returned:
        """One tick of the root, and what it returned."""
        self._failed = None
        if self.root.status is not Status.RUNNING:
            self.root.status = Status.INVALID
        try:
            self._runtime.ring()
            returned = self._seat.execute()
        except BaseException as error:
            try:
                self.halt()
            except Exception as another:  # the first error is the one to tell
                error.add_note(f"and while stopping: {type(another).__name__}: {another}")
            raise
        if returned is Status.FAILURE:
            self._failed = why(self._seat)
        return returned

    def tick(self) -> Status:
        """One tick of the root, INVALID if it was skipped. For what a leaf raises, a LeafError, the tree halted; errors
        of this project and KeyboardInterrupt pass through."""
        returned = self.execute()
        return returned if isinstance(returned, Status) else Status.INVALID

    def tick_exactly_once(self) -> Answer:
        """The same, with the result as a word: SUCCESS, FAILURE, RUNNING or SKIPPED."""
        return Answer.of(self.execute())

    def tick_once(self) -> Answer:
        """Ticks, and again at once as long as the tree runs and a node has asked for it, as Retry and Repeat do."""
        while (returned := self.execute()) is Status.RUNNING and self._runtime.wake:
            self._runtime.wake = False
        return Answer.of(returned)

    def tick_while_running(self, sleep: Callable[[float], None], period_s: float = 0.01) -> Answer:
        """Ticks to the end, `sleep(period_s)` in between where no node asks for a tick at once."""
        while (returned := self.tick_once()) == "RUNNING":
            sleep(period_s)
        return returned

    def halt(self) -> None:
        """Stop every RUNNING node; safe twice. If one raises while stopping, the others are stopped all the same."""
        halt_all(node.seat for node in self._nodes)

    def run_script(self, text: str) -> Any:
        """Run a script on the main tree's blackboard. TreeError if it cannot be read, ContractError if it fails."""
        return compile_script(text).run(self.blackboard, self._runtime.enums)

    def statuses(self) -> tuple[str, ...]:
        """The stored status of every node after a tick as BehaviorTree.CPP has it: a node keeps SUCCESS and FAILURE
        until its parent ends, the root is IDLE once it has ended."""
        found = [WORDS[node.seat.behaviour.status] for node in self._nodes]
        found[0] = "IDLE" if self.root.status is not Status.RUNNING else found[0]
        return tuple(found)

    def nodes(self) -> tuple[NodeView, ...]:
        """A snapshot of all nodes, in the order of the expanded tree."""
        return tuple(
            NodeView(
                node.seat.uid,
                node.seat.path,
                node.seat.behaviour.name,
                node.tag,
                node.kind,
                node.depth,
                "IDLE" if node.seat.last is SKIPPED else word(node.seat.last),
                node.seat.feedback(),
                node.ports,
                node.attributes,
                node.where.full_path,
                node.where.subtree,
            )
            for node in self._nodes
        )

    def scopes(self) -> dict[int, Blackboard]:
        """The blackboard of each subtree by the uid of its SubTree node; the main tree's is 0."""
        return dict(self._scopes)

    def failure(self) -> tuple[str, str] | None:
        """(path, reason) of the node whose result made the tree fail in its last tick; None if it did not."""
        return self._failed

    def intercept(self, interceptor: Interceptor) -> None:
        """Ask `interceptor` before and after each tick of each node; costs nothing where it is not used."""
        for node in self._nodes:
            intercept(node.seat, interceptor)

    def time_leaves(self, clock: Callable[[], float]) -> Slowest:
        """Time the ticks of the leaves from now on, on this clock; the slowest one stands in what is returned."""
        slowest = Slowest()
        for node in self._nodes:
            if not node.seat.behaviour.children:
                time_leaf(node.seat, slowest, clock)
        return slowest

    def on_transition(self, listener: Listener) -> None:
        """Tell `listener` of every status that changes, and of every end of a node."""
        self._runtime.listeners.append(listener)


def build(
    document: Document,
    context: Any,
    clock: Callable[[], float],
    substitute: Substitute | None = None,
    enums: Mapping[str, int] = NO_ENUMS,
) -> Tree:
    """The tree of a checked document. context: handed to every leaf. clock: seconds, for all nodes that wait.
    substitute: asked for each node without children whether another leaf shall stand in its place. enums: names that
    stand for numbers in scripts and switches."""
    allow_depth(document.levels)
    return Tree(document, context, clock, substitute, enums)
