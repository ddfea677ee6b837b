"""Watches one run from outside: transitions to the log and the view, snapshots to the view, attempts counted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from app.attempts import Attempts
from app.view import Row, Snapshot, Throttle, Transition, View

if TYPE_CHECKING:
    from behaviours.robot import Robot
    from trees import NodeView, Tree


class Monitor:
    """Connects a tree and its robot with a view and a log: the tree calls `transition`, the run loop `tick`."""

    def __init__(self, tree: Tree, robot: Robot, view: View, log: Any, title: str) -> None:
        self._tree, self._robot, self._view, self._log, self._title = tree, robot, view, log, title
        nodes = tree.nodes()
        self.attempts = Attempts(nodes)
        self._started_s: dict[object, float] = {}
        self._ended_s: dict[object, float] = {}
        self._throttle = Throttle()
        self._ticks = 0
        self._since = (time.monotonic(), 0)

    def transition(self, uid: Any, path: str, old: str, new: str, feedback: str) -> None:
        """A node changed its status; all statuses as words."""
        now_s = self._robot.now()
        if old != "RUNNING" and new in ("RUNNING", "SUCCESS", "FAILURE"):
            self._started_s[uid] = now_s
            self._ended_s.pop(uid, None)
        if new != "RUNNING":
            self._ended_s[uid] = now_s
        self.attempts.transition(uid, old, new)
        self._log.info("transition", path=path, old=old, new=new, feedback=feedback)
        self._view.transition(Transition(now_s, path, old, new, feedback))

    def tick(self) -> None:
        """After each tick: publish a snapshot if it is time for one."""
        self._ticks += 1
        if self._throttle.due():
            self.publish()

    def publish(self) -> None:
        """Show the present state now."""
        wall, before = time.monotonic(), self._since
        elapsed = wall - before[0]
        hertz = (self._ticks - before[1]) / elapsed if elapsed > 0 else 0.0
        if elapsed > 1.0:
            self._since = (wall, self._ticks)
        now_s = self._robot.now()
        rows = tuple(self._row(node, now_s) for node in self._tree.nodes())
        self._view.publish(Snapshot(self._title, rows, now_s, hertz, robot_words(self._robot)))

    def failure_words(self, otherwise: str) -> str:
        """`failed at PATH, attempt 3 of 3: reason`, in the last words of the tree; `otherwise` if it has none."""
        failure = self._tree.failure()
        if failure is None:
            return otherwise
        path, reason = failure
        attempt = self.attempts.words()
        return f"failed at {path}{f', {attempt}' if attempt else ''}: {reason or 'no reason given'}"

    def _row(self, node: NodeView, now_s: float) -> Row:
        started = self._started_s.get(node.uid)
        elapsed = None if started is None else self._ended_s.get(node.uid, now_s) - started
        ports = "  ".join(f"{name}={text}" for name, text in node.ports.items())
        return Row(node.name, node.tag, node.depth, node.status, elapsed, node.feedback, ports)


def robot_words(robot: Robot) -> str:
    """Gripper and hand in a few words, for the view's head line."""
    gripper = robot.gripper()
    holding = ", holding" if gripper.holding else ""
    x, y, z = (robot.body_pose().inverse() @ robot.hand_pose()).position_m
    return (
        f"gripper {100 * gripper.opening:.0f} % at {gripper.torque_nm:.1f} N·m{holding}   "
        f"hand {x:.2f} {y:+.2f} {z:+.2f} m from the body"
    )
