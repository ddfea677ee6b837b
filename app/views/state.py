"""The state of a run for views, built up from its events: the same code for a live run and a replay."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app.views.model import RobotSample, Row, Snapshot, Transition
from behaviours.recording.events import BLACKBOARD, FEEDBACK, TRANSITION, Event
from behaviours.recording.plain_values import brief
from behaviours.recording.statuses import CODES, IDLE_FROM, WORDS, StatusBoard
from behaviours.recording.tick_times import Ticks
from trees.data.preorder import ends, parents

if TYPE_CHECKING:
    from trees import NodeView

NOT_WRITTEN: Final = "not written yet"
RECENT: Final = 6
"""Number of transitions in a snapshot."""
PLACES: Final = ("position_m", "world_from_hand")
"""An entry of the blackboard with one of these is somewhere in the world: an object, a grasp."""


class _Run(NamedTuple):
    """One run of one node: its start and end on the robot's clock, and its message."""

    started_s: float
    ended_s: float | None = None
    feedback: str = ""


class RunState:
    """Everything a snapshot is made of. nodes: of the tree, in pre-order. watch: blackboard keys to show, `key` or
    `Subtree/key`."""

    def __init__(self, title: str, nodes: Sequence[NodeView], watch: Sequence[str] = ()) -> None:
        self.title = title
        self._board = StatusBoard(nodes)
        self._nodes = tuple(nodes)
        self._index = {node.uid: index for index, node in enumerate(nodes)}
        self._ends = ends([node.depth for node in nodes])
        self._parents = parents([node.depth for node in nodes])
        self._fresh: set[int] = set()
        self._ports = ["  ".join(f"{name}={text}" for name, text in node.ports.items()) for node in nodes]
        self._runs: dict[int, _Run] = {}
        self._skipped: set[int] = set()
        self._watched = dict.fromkeys(watch, NOT_WRITTEN)
        self._placed: dict[str, Mapping[str, Any]] = {}
        self._recent: deque[Transition] = deque(maxlen=RECENT)

    def copy(self) -> RunState:
        """An independent copy. It costs microseconds, so that another thread can make the snapshot from it."""
        other = copy(self)
        other._board = self._board.copy()
        other._runs = dict(self._runs)
        other._fresh, other._skipped = set(self._fresh), set(self._skipped)
        other._watched, other._recent = dict(self._watched), self._recent.copy()
        other._placed = dict(self._placed)
        return other

    def play(self, event: Event) -> None:
        """Apply an event."""
        data = event.data
        if event.kind == TRANSITION:
            self.transition(data["uid"], transition_of(event))
        elif event.kind == FEEDBACK:
            self._set_feedback(data["uid"], str(data.get("feedback", "")))
        elif event.kind == BLACKBOARD:
            for name in (data["key"], f"{data.get('scope')}/{data['key']}"):
                if name in self._watched:
                    self._watched[name] = brief(data.get("value"))
            if isinstance(value := data.get("value"), dict) and not value.keys().isdisjoint(PLACES):
                self._placed[data["key"]] = value

    def transition(self, uid: int, change: Transition) -> None:
        """Apply a change of status."""
        if change.old != "RUNNING" and change.new in ("RUNNING", "SUCCESS", "FAILURE"):
            self._enter(self._index[uid], change.robot_s)
        run = self._runs.get(uid)
        if run is not None:
            ended_s = change.robot_s if change.new != "RUNNING" and run.ended_s is None else run.ended_s
            self._runs[uid] = _Run(run.started_s, ended_s, change.feedback)
        (self._skipped.add if change.new == "SKIPPED" else self._skipped.discard)(uid)
        self._recent.append(change)
        self._board.transition(uid, change.new)

    def _enter(self, index: int, now_s: float) -> None:
        """A node begins to run, and with it all idle nodes above it; earlier runs below them are dropped.

        The transition of a parent may come after those of its children; then it was entered here already.
        """
        if index in self._fresh:
            self._fresh.discard(index)
            return
        top, entered = index, [index]
        while (parent := self._parents[top]) >= 0 and not self._is_running(parent):
            top = parent
            entered.append(parent)
        for below in range(top, self._ends[top]):
            self._runs.pop(self._nodes[below].uid, None)
            self._skipped.discard(self._nodes[below].uid)
        for position in entered:
            self._runs[self._nodes[position].uid] = _Run(now_s)
        self._fresh.update(entered[1:])

    def _is_running(self, index: int) -> bool:
        return index in self._fresh or self._board.codes[index] == CODES["RUNNING"]

    def _set_feedback(self, uid: int, text: str) -> None:
        if uid in self._runs:
            self._runs[uid] = self._runs[uid]._replace(feedback=text)

    def snapshot(
        self,
        robot_s: float,
        ticks: Ticks = Ticks(),  # noqa: B008
        state: str = "",
        note: str = "",
        robot: RobotSample | None = None,
    ) -> Snapshot:
        """The present state as a frozen value."""
        rows = tuple(self._row(index, robot_s) for index in range(len(self._nodes)))
        watched, placed = tuple(self._watched.items()), tuple(self._placed.items())
        return Snapshot(self.title, rows, robot_s, ticks, state, watched, tuple(self._recent), note, robot, placed)

    def _row(self, index: int, now_s: float) -> Row:
        node, code = self._nodes[index], self._board.codes[index]
        run = self._runs.get(node.uid)
        past = code >= IDLE_FROM
        if run is None:
            code, past = 0, False
        elapsed_s = None if run is None else (now_s if run.ended_s is None else run.ended_s) - run.started_s
        status = "SKIPPED" if node.uid in self._skipped else WORDS[code - IDLE_FROM if past else code]
        if past and status == "RUNNING":  # it was halted
            status = "HALTED"
        feedback = run.feedback if run is not None else ""
        return Row(node.name, node.tag, node.depth, status, elapsed_s, feedback, self._ports[index], past)


def transition_of(event: Event) -> Transition:
    """The change that an event of kind `TRANSITION` tells of."""
    texts = [str(event.data.get(name, "")) for name in ("path", "old", "new", "feedback")]
    return Transition(event.time_s, *texts)
