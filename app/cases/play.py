"""Plays one case on the fake robot and keeps what came of it. Nothing is written to the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from app.cases.model import Case
from app.cases.nodes import matching
from app.session.substitute import match_rules
from behaviours.recording.attempts import Attempts
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot
from behaviours.robots.fake.stage import stage
from behaviours.run_loop import run_tree
from behaviours.services import NullRecorder, Services
from behaviours.worker import Worker
from trees.engine.intercept import Forced

if TYPE_CHECKING:
    from trees import Document, NodeView

PERIOD_S: Final = 0.05
"""Robot seconds from tick to tick, as in a run."""


@dataclass(frozen=True)
class Played:
    """What came of a case.

    status: success, failure or error. reason: path and words of what failed. reports, attempts, seconds: of the run.
    entered: uids in the order in which nodes were entered. ends: how often each node ended how, by (uid, SUCCESS or
    FAILURE). nodes: of the tree.
    """

    status: str
    reason: str
    reports: tuple[str, ...]
    attempts: int
    seconds: float
    entered: tuple[int, ...]
    ends: Mapping[tuple[int, str], int]
    nodes: tuple[NodeView, ...] = field(repr=False)

    def visited(self, pattern: str) -> bool:
        """Whether a node that a pattern names was ticked: a name, a tag, or a path with * and ?."""
        return any(node.uid in self.entered for node in matching(pattern, self.nodes, "visited"))

    def ended(self, pattern: str, outcome: str) -> int:
        """How often nodes that a pattern names ended with SUCCESS or FAILURE."""
        return sum(self.ends.get((node.uid, outcome), 0) for node in matching(pattern, self.nodes, "ended"))


class _Reports(NullRecorder):
    def __init__(self) -> None:
        self.said: list[str] = []

    def report(self, words: str) -> None:
        self.said.append(words)


class _Failing:
    """Fails the first executions of some nodes; implements `trees.Interceptor`. left: how many of each, by uid."""

    def __init__(self, left: dict[int, int]) -> None:
        self.left = left

    def before(self, uid: int) -> Forced:
        if self.left.get(uid, 0) == 0:
            return None
        self.left[uid] -= 1
        return "FAILURE"

    def after(self, uid: int) -> Forced:
        return None


def play(case: Case, document: Document) -> Played:
    """Run a tree as a case says. ConfigError for a pattern that matches no node, a scene or a rule that is wrong; what
    a leaf raises is a result."""
    import trees

    robot = _robot(case)
    reports, place = _Reports(), f"case '{case.name}'"
    entered: list[int] = []
    ends: Counter[tuple[int, str]] = Counter()
    with robot, Worker() as worker:
        services = Services(robot, FakeDetector(), FakeHeatmap(), worker, reports)
        hook: Any = None
        if case.substitutions:
            hook = match_rules(place, "", case.substitutions, document).hook(services, robot.now)
        tree = trees.build(document, services, robot.now, hook)
        nodes = tree.nodes()
        attempts = Attempts(nodes)
        if case.fail:
            tree.intercept(_Failing(_uids(case, nodes, place)))

        def note(uid: int, path: str, old: str, new: str, feedback: str) -> None:
            del path, feedback
            attempts.transition(uid, old, new)
            if old != "RUNNING":
                entered.append(uid)
            if new in ("SUCCESS", "FAILURE"):
                ends[uid, new] += 1

        tree.on_transition(note)
        try:
            done = run_tree(tree, robot, worker, period_s=PERIOD_S, time_limit_s=case.time_limit_s)
            status, reason = "success" if done.success else "failure", done.reason
        except Exception as error:  # of a leaf, or of the robot: a result like the others
            status, reason = "error", " ".join(str(error).split()) or type(error).__name__
    return Played(status, reason, tuple(reports.said), attempts.count, robot.now(), tuple(entered), ends, nodes)


def _uids(case: Case, nodes: tuple[NodeView, ...], place: str) -> dict[int, int]:
    """How many executions to fail, by uid."""
    left: dict[int, int] = {}
    for pattern, count in case.fail.items():
        found = [pattern] if isinstance(pattern, int) else [node.uid for node in matching(pattern, nodes, place)]
        left |= dict.fromkeys(found, count)
    return left


def _robot(case: Case) -> FakeRobot:
    """The fake robot in the world of a case."""
    if case.scene:
        from simulation.scene.rehearsal import fake_scene

        world, script = fake_scene(case.scene, case.seed, case.script)
        return FakeRobot(script, world=world)
    return FakeRobot(case.script, world=stage(case.objects, case.tables))
