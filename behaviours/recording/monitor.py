"""Follows one run from outside: what its tree does goes to the log and to everybody else who follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from behaviours.recording.attempts import Attempts
from behaviours.recording.events import BLACKBOARD, FEEDBACK, OVERRUN, TRANSITION, Event
from behaviours.recording.plain_values import plain
from behaviours.recording.statuses import CODES, StatusBoard
from behaviours.recording.tick_times import TickTimes
from trees.assembly.tree import subtrees
from trees.data.preorder import parents

if TYPE_CHECKING:
    from trees import NodeView, Tree
    from trees.data.blackboard import Blackboard

FEEDBACK_S: Final = 0.5
"""Robot seconds from one look at the messages of running nodes to the next."""
REACTIVE: Final = ("ReactiveSequence", "ReactiveFallback", "PipelineSequence", "WhileDoElse")
"""Nodes that tick a child again which has ended."""
ENDED: Final = (CODES["SUCCESS"], CODES["FAILURE"])
Changes = Callable[[float, Sequence[tuple[int, int]]], None]
"""Takes (robot seconds since the start, changes as (uid, code 0..3))."""

_NEVER = object()


class BlackboardChanges:
    """Compares entries by identity: values on a blackboard are replaced, never changed.

    scopes: each blackboard by the name of its subtree.
    """

    def __init__(self, scopes: Mapping[str, Blackboard]) -> None:
        self._scopes = tuple(scopes.items())
        self._seen: list[dict[str, Any]] = [{} for _ in self._scopes]

    def take(self) -> list[tuple[str, str, Any]]:
        """(subtree, key, value) of every entry written since the last call, in the order of the tree."""
        written = []
        for place, (name, scope) in enumerate(self._scopes):
            entries, before = scope.items(), self._seen[place]
            for key, value in entries.items():
                if before.get(key, _NEVER) is not value:
                    written.append((name, key, value))
            self._seen[place] = entries
        return written


class Monitor:
    """The listener of one tree; `tick` is called after each tick.

    main: ID of the main tree. clock: the robot's, seconds. log: a structlog logger. title: of the run. period_s:
    between ticks. Tick `times` in the tree's place, so that ticks are timed. Whoever follows is called on the tick
    thread and must not wait.
    """

    def __init__(
        self, tree: Tree, main: str, clock: Callable[[], float], log: Any, title: str, *, period_s: float
    ) -> None:
        self._tree, self._clock, self._log = tree, clock, log
        self.nodes, self.main, self.title = tree.nodes(), main, title
        self.board = StatusBoard(self.nodes)
        self.attempts = Attempts(self.nodes)
        self.times = TickTimes(tree, period_s)
        names = {subtree.node_uid: subtree.board for subtree in subtrees(main, self.nodes)}
        self._blackboards = BlackboardChanges({names[uid]: scope for uid, scope in tree.scopes().items()})
        self._failed: dict[str, int] = {}
        self._feedback: dict[int, str] = {}
        self._look_s = -float("inf")
        self._asked_again = _asked_again(self.nodes)
        self._settled: set[int] = set()
        self._began_s = clock()
        self._followers: list[Callable[[Event], None]] = []
        self._changes: list[Changes] = []
        self._values: list[Callable[[Any], None]] = []
        log.info("tree", title=title, main=main, nodes=[_node_record(node) for node in self.nodes])
        tree.on_transition(self.transition)

    def follow(self, take: Callable[[Event], None]) -> None:
        """Give every event to `take` from now on."""
        self._followers.append(take)

    def follow_statuses(self, take: Changes) -> None:
        """Give every change of a stored status to `take` from now on."""
        self._changes.append(take)

    def follow_values(self, take: Callable[[Any], None]) -> None:
        """Give every value that is written on a blackboard to `take` from now on."""
        self._values.append(take)

    def _tell(self, kind: str, **data: Any) -> None:
        (self._log.warning if kind == OVERRUN else self._log.info)(kind, **data)
        if self._followers:
            event = Event(self._clock(), kind, data)
            for take in self._followers:
                take(event)

    def transition(self, uid: int, path: str, old: str, new: str, feedback: str) -> None:
        """A node was ticked or halted. old, new: its status as a word; most often they differ."""
        if old == new and uid in self._settled:
            return  # a reactive node has ticked its child again, with the same result: nothing happened
        changes = self.board.transition(uid, new)
        for changed, code in changes:
            if changed in self._asked_again:
                (self._settled.add if code in ENDED else self._settled.discard)(changed)
        since_s = self._clock() - self._began_s
        for take in self._changes:
            take(since_s, changes)
        self.attempts.transition(uid, old, new)
        self._feedback[uid] = feedback
        if new == "FAILURE":
            self._failed[path] = uid
        self._tell(TRANSITION, uid=uid, path=path, old=old, new=new, feedback=feedback)

    def tick(self) -> None:
        """After each tick: tell what was written on the blackboards, what running nodes say, and of an overrun."""
        for scope, key, value in self._blackboards.take():
            for keep in self._values:
                keep(value)
            self._tell(BLACKBOARD, scope=scope, key=key, type=type(value).__name__, value=plain(value))
        if self._clock() >= self._look_s:
            self._look_s = self._clock() + FEEDBACK_S
            self._look_at_feedback()
        if (overran := self.times.overran) is not None:
            took_s, leaf, leaf_s = overran
            count = self.times.ticks().count
            self._tell(OVERRUN, tick=count, wall_ms=round(1e3 * took_s, 1), leaf=leaf, leaf_ms=round(1e3 * leaf_s, 1))

    def _look_at_feedback(self) -> None:
        for node in self._tree.nodes():
            if node.status != "IDLE" and node.feedback != self._feedback.get(node.uid, ""):
                self._feedback[node.uid] = node.feedback
                self._tell(FEEDBACK, uid=node.uid, path=node.path, feedback=node.feedback)

    def failure_words(self, otherwise: str) -> str:
        """`failed at PATH, attempt 3 of 3: reason`, of the tree's last tick; `otherwise` if it did not fail."""
        failure = self._tree.failure()
        if failure is None:
            return otherwise
        path, reason = failure
        attempt = self.attempts.words(self._failed[path]) if path in self._failed else ""
        return f"failed at {path}{f', {attempt}' if attempt else ''}: {reason or 'no reason given'}"


def _asked_again(nodes: Sequence[NodeView]) -> frozenset[int]:
    """The children of reactive nodes."""
    above = parents([node.depth for node in nodes])
    return frozenset(
        node.uid for node, parent in zip(nodes, above, strict=True) if parent >= 0 and nodes[parent].tag in REACTIVE
    )


def _node_record(node: NodeView) -> dict[str, Any]:
    return {
        "uid": node.uid,
        "depth": node.depth,
        "kind": node.kind,
        "tag": node.tag,
        "name": node.name,
        "path": node.path,
        "ports": dict(node.ports),
    }
