"""Traces of BehaviorTree.CPP 4.10.0, replayed: results, leaf events, all statuses and blackboards after every step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import trees
from perception.base.errors import ContractError
from tests.support.places import GOLDEN, ROOT
from tests.support.trees_leaves import LEAVES

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in json.loads((GOLDEN / "traces.json").read_text(encoding="utf-8"))
}
RANDOM: list[dict[str, Any]] = json.loads((GOLDEN / "random_traces.json").read_text(encoding="utf-8"))
"""Random trees, run by the real library, too; there a halt stopped what ran, without `_onHalted` of idle nodes."""
ENUMS = {"RED": 1, "GREEN": 2, "BLUE": 3}
DEVIATIONS = {
    "ite-skip-cond": "a condition that skips makes IfThenElse skip; there it is an exception in the middle of a run",
    "wde-skip-cond": "the same for WhileDoElse",
    "precond-halt-sticky": "Precondition asks again after a halt; there it goes on as if it had not been halted",
    "timeout-fires": "time is the robot's clock: Timeout halts at the next tick, there a timer thread halts before it",
    "timeout-late-success": "the same",
    "format-3": "a file that says it is of version 3 is refused; there the number is not looked at",
    "port-underscore-ignored": "an attribute that begins with _ and means nothing is refused; there it is ignored",
    "explicit-under-rseq": "the explicit form is read under a ReactiveSequence too; refusing it is a defect there",
}


class Replay:
    """A case being replayed: the tree, its events, its clock."""

    def __init__(self, case: dict[str, Any], folder: Path) -> None:
        file = folder / "case.xml"
        file.write_text(case["xml"], encoding="utf-8")
        self.events: list[str] = []
        self.now_s = 0.0
        document = trees.load(file, LEAVES, unwritten=True)
        self.tree = trees.build(document, self.events, lambda: self.now_s, enums=ENUMS)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def command(self, command: str) -> str | None:
        """Run one command; the result if it is a tick."""
        if command == "E":
            return self.tree.tick_exactly_once()
        if command == "O":
            return self.tree.tick_once()
        if command == "W":
            return self.tree.tick_while_running(self.sleep)
        if command == "H":
            self.tree.halt()
        elif command.startswith("S"):
            self.sleep(float(command[1:]) / 1000)
        elif command.startswith("X"):
            self.tree.run_script(command[1:])
        else:
            raise ValueError(command)
        return None

    def boards(self) -> list[dict[str, Any]]:
        return [board.items() for board in self.tree.scopes().values()]


def replay(case: dict[str, Any], folder: Path) -> None:
    """Run the commands of a case and compare everything after each."""
    if "error" in case["result"]:
        with pytest.raises(trees.TreeProblems):
            Replay(case, folder)
        return
    run = Replay(case, folder)
    for number, step in enumerate(case["result"]["steps"]):
        run.events.clear()
        where = f"{case['id']} step {number} ({step['cmd']})"
        if "exception" in step:
            with pytest.raises(ContractError):
                run.command(step["cmd"])
            assert run.events[: len(step["events"])] == step["events"], where
            assert set(run.tree.statuses()) == {"IDLE"}, where  # what raised has been stopped; there it is left as is
        else:
            assert run.command(step["cmd"]) == step.get("ret"), where
            assert run.events == step["events"], where
            assert list(run.tree.statuses()) == [line.rpartition("=")[2] for line in step["status"]], where
        written = [{key: value for key, value in (board or {}).items() if value is not None} for board in step["bb"]]
        assert run.boards() == written, where


@pytest.mark.parametrize("name", [name for name in CASES if name not in DEVIATIONS])
def test_trace(name: str, tmp_path: Path) -> None:
    replay(CASES[name], tmp_path)


@pytest.mark.parametrize("case", RANDOM, ids=lambda case: case["id"])
def test_random_trace(case: dict[str, Any], tmp_path: Path) -> None:
    replay(case, tmp_path)


@pytest.mark.parametrize("name", sorted(DEVIATIONS))
def test_deviations_are_still_needed(name: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, trees.TreeProblems, pytest.fail.Exception)):
        replay(CASES[name], tmp_path)


def test_the_deviations_are_few_and_written_down() -> None:
    assert len(CASES) == 112
    assert len(DEVIATIONS) <= 8
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    assert [name for name in DEVIATIONS if f"`{name}`" not in text] == []
