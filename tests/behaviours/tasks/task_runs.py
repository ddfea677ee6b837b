"""Runs of the tasks of the library on the fake robot, for the tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trees
from behaviours.registry import LEAVES
from behaviours.robot import CommandState
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot
from behaviours.run_loop import RunResult, run_tree
from behaviours.services import NullRecorder, Services
from behaviours.worker import Worker

LIBRARY = Path(trees.__path__[0]) / "library"


class Words(NullRecorder):
    def __init__(self) -> None:
        self.said: list[str] = []

    def report(self, words: str) -> None:
        self.said.append(words)


class Run:
    """One run of a task. ends: (node, status) of every end of a leaf. said: what the tree reported."""

    def __init__(
        self,
        task: str,
        robot: FakeRobot,
        *,
        change: tuple[str, str] | None = None,
        document: trees.Document | None = None,
        time_limit_s: float = 600.0,
        on_tick: Callable[[Any], None] = lambda run: None,
    ) -> None:
        self.ends: list[tuple[str, str]] = []
        words = Words()
        self.said = words.said
        with robot, Worker() as worker:
            services = Services(robot, FakeDetector(), FakeHeatmap(), worker, recorder=words)
            tree = trees.build(document or load(task, change), services, robot.now)
            leaves = {node.uid for node in tree.nodes() if node.kind in ("Action", "Condition")}

            def note(uid: int, path: str, old: str, new: str, feedback: str) -> None:
                del old, feedback
                if uid in leaves and new in ("SUCCESS", "FAILURE"):
                    self.ends.append((path.rsplit("/", 1)[1], new))

            tree.on_transition(note)
            self.result: RunResult = run_tree(
                tree, robot, worker, period_s=0.05, time_limit_s=time_limit_s, on_tick=lambda: on_tick(self)
            )
        assert robot.stops >= 1
        assert all(command.poll().state is not CommandState.RUNNING for _, command in robot.commands)

    def count(self, name: str, status: str = "SUCCESS") -> int:
        return self.ends.count((name, status))


def load(task: str, change: tuple[str, str] | None = None) -> trees.Document:
    """The document of a task, with one text in its file replaced by another."""
    file = LIBRARY / f"{task}.xml"
    if change is None:
        return trees.load(file, LEAVES)
    text = file.read_text()
    assert change[0] in text
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(LIBRARY / "parts", Path(folder) / "parts")
        changed = Path(folder) / file.name
        changed.write_text(text.replace(*change))
        return trees.load(changed, LEAVES)
