"""Watches one run from outside: what the tree does goes to the log, the btlog, Groot2's clients and the view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from app.groot.values import brief, plain
from app.session.attempts import Attempts
from app.session.blackboards import BlackboardChanges
from app.session.statuses import CODES
from app.session.tick_times import TickTimes
from app.views.choose import Throttle
from app.views.model import Transition, View
from app.views.state import RunState
from trees.data.preorder import parents
from trees.tree import subtrees

if TYPE_CHECKING:
    from behaviours.robot import Robot
    from trees import NodeView, Tree

NOT_WRITTEN: Final = "not written yet"
FEEDBACK_S: Final = 0.5
"""Robot seconds between looks at what running nodes say."""
ASKING: Final = ("ReactiveSequence", "ReactiveFallback", "PipelineSequence", "WhileDoElse")
ENDED: Final = (CODES["SUCCESS"], CODES["FAILURE"])
Changes = Callable[[float, Sequence[tuple[int, int]]], None]
"""Takes (robot seconds since the start, changes as (uid, code 0..3)): a btlog, a publisher's source."""


class Monitor:
    """Connects a tree and its robot with a view and a log: the tree calls `transition`, the run loop `tick`.

    main: ID of the main tree. watch: blackboard keys to show, `key` or `Subtree/key`. period_s: between ticks.
    Hand `times` to the run loop as the tree, so that ticks are timed.
    """

    def __init__(
        self,
        tree: Tree,
        main: str,
        robot: Robot,
        view: View,
        log: Any,
        title: str,
        *,
        watch: Sequence[str] = (),
        period_s: float,
    ) -> None:
        self._tree, self._robot, self._view, self._log = tree, robot, view, log
        nodes = tree.nodes()
        self.state = RunState(title, nodes)
        self.attempts = Attempts(nodes)
        self.times = TickTimes(tree, period_s)
        self._uids: dict[str, int] = {}
        names = {subtree.node_uid: subtree.board for subtree in subtrees(main, nodes)}
        self._blackboards = BlackboardChanges({names[uid]: scope for uid, scope in tree.scopes().items()})
        self._watch = frozenset(watch)
        self.state.watch(dict.fromkeys(watch, NOT_WRITTEN))
        self._throttle = Throttle()
        self._listen = Throttle(1.0 / FEEDBACK_S, robot.now)
        self._said: dict[int, str] = {}
        self._asked_again = _asked_again(nodes)
        self._settled: set[int] = set()
        self._began_s = robot.now()
        self._to: list[Changes] = []
        log.info("tree", title=title, main=main, nodes=[_node_record(node) for node in nodes])
        tree.on_transition(self.transition)

    def also(self, take: Changes) -> None:
        """Send the changes of status there, too."""
        self._to.append(take)

    def transition(self, uid: int, path: str, old: str, new: str, feedback: str) -> None:
        """A node was ticked and has this status now, as a word; most often another than before."""
        if old == new and uid in self._settled:
            return  # a reactive node has asked its child again and got the same answer: nothing happened
        now_s = self._robot.now()
        change = Transition(now_s, path, old, new, feedback)
        self._note(self.state.transition(uid, change), now_s)
        self.attempts.transition(uid, old, new)
        self._said[uid] = feedback
        if new == "FAILURE":
            self._uids[path] = uid
        self._log.info("transition", uid=uid, path=path, old=old, new=new, feedback=feedback)
        self._view.transition(change)

    def _note(self, changes: Sequence[tuple[int, int]], now_s: float) -> None:
        for uid, code in changes:
            if uid in self._asked_again:
                (self._settled.add if code in ENDED else self._settled.discard)(uid)
        for take in self._to:
            take(now_s - self._began_s, changes)

    def tick(self) -> None:
        """After each tick: log what was written and what was said, and publish a snapshot if it is time for one."""
        self._blackboard()
        if self._listen.due():
            self._hear()
        if (overran := self.times.overran) is not None:
            took_s, leaf, leaf_s = overran
            count = self.times.ticks().count
            self._log.warning(
                "overrun", tick=count, wall_ms=round(1e3 * took_s, 1), leaf=leaf, leaf_ms=round(1e3 * leaf_s, 1)
            )
        if self._throttle.due():
            self.publish()

    def _blackboard(self) -> None:
        for scope, key, value in self._blackboards.take():
            self._log.info("blackboard", scope=scope, key=key, value=plain(value))
            for name in (key, f"{scope}/{key}"):
                if name in self._watch:
                    self.state.watch({name: brief(value)})

    def _hear(self) -> None:
        for node in self._tree.nodes():
            if node.status != "IDLE" and node.feedback != self._said.get(node.uid, ""):
                self._said[node.uid] = node.feedback
                self.state.feedback(node.uid, node.feedback)
                self._log.info("feedback", uid=node.uid, path=node.path, feedback=node.feedback)

    def publish(self) -> None:
        """Show the present state now."""
        now_s, ticks, words = self._robot.now(), self.times.ticks(), robot_words(self._robot)
        self._view.publish(partial(self.state.copy().snapshot, now_s, ticks, words))

    def failure_words(self, otherwise: str) -> str:
        """`failed at PATH, attempt 3 of 3: reason`, in the last words of the tree; `otherwise` if it has none."""
        failure = self._tree.failure()
        if failure is None:
            return otherwise
        path, reason = failure
        attempt = self.attempts.words(self._uids[path]) if path in self._uids else ""
        return f"failed at {path}{f', {attempt}' if attempt else ''}: {reason or 'no reason given'}"


def _asked_again(nodes: Sequence[NodeView]) -> frozenset[int]:
    """The children of nodes that ask them anew in every tick while they run themselves."""
    above = parents([node.depth for node in nodes])
    return frozenset(
        node.uid for node, parent in zip(nodes, above, strict=True) if parent >= 0 and nodes[parent].tag in ASKING
    )


def _node_record(node: NodeView) -> Mapping[str, Any]:
    return {
        "uid": node.uid,
        "depth": node.depth,
        "kind": node.kind,
        "tag": node.tag,
        "name": node.name,
        "path": node.path,
        "ports": dict(node.ports),
    }


def robot_words(robot: Robot) -> str:
    """Gripper and hand in a few words, for the view's head line."""
    gripper = robot.gripper()
    holding = ", holding" if gripper.holding else ""
    x, y, z = (robot.body_pose().inverse() @ robot.hand_pose()).position_m
    return (
        f"gripper {100 * gripper.opening:.0f} % at {gripper.torque_nm:.1f} N·m{holding}   "
        f"hand {x:.2f} {y:+.2f} {z:+.2f} m from the body"
    )
