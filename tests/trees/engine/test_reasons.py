"""Why a tree failed, and leaves that do what they must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from py_trees.common import Status

from perception.base.errors import ContractError
from tests.support.trees_leaves import Act, Run, act
from trees.errors import LeafError

A, B, C = (act(name, "F") for name in "abc")
GOOD = act("g", "S")
REASONS = {
    "the leaf that failed last is not asked": (
        f"<Sequence><Fallback>{A}{GOOD}</Fallback>{C}</Sequence>", ("T/Sequence/c", "c said F"),
    ),
    "a fallback names its last child": (f"<Fallback>{A}{B}</Fallback>", ("T/Fallback/b", "b said F")),
    "a recovery that went well is not the reason": (
        f"<Fallback>{A}<ForceFailure>{GOOD}</ForceFailure></Fallback>", ("T/Fallback/a", "a said F"),
    ),
    "nor is what always fails": (
        f"<Fallback>{A}<Sequence>{GOOD}<AlwaysFailure/></Sequence></Fallback>", ("T/Fallback/a", "a said F"),
    ),
    "unless there is nothing else": (
        f"<ForceFailure>{GOOD}</ForceFailure>", ("T/ForceFailure", "fails on the success of g: g said S"),
    ),
    "a success turned round": (f"<Inverter>{GOOD}</Inverter>", ("T/Inverter", "fails on the success of g: g said S")),
    "a condition": ('<Sequence><AlwaysSuccess _failureIf="1 == 1"/></Sequence>', (
        "T/Sequence/AlwaysSuccess", "_failureIf: 1 == 1",
    )),
    "the child that made a parallel fail": (
        f'<Parallel success_count="1" failure_count="2">{A}{B}{C}</Parallel>', ("T/Parallel/b", "b said F"),
    ),
    "what was tried, not what was caught": (f"<TryCatch>{A}{B}</TryCatch>", ("T/TryCatch/a", "a said F")),
    "a script": ("<ScriptCondition code='1 == 2'/>", ("T/ScriptCondition", "not true: 1 == 2")),
    "no else": (f"<IfThenElse>{A}{GOOD}</IfThenElse>", ("T/IfThenElse/a", "a said F")),
}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_a_failed_tree_names_the_node_that_decided(name: str, tmp_path: Path) -> None:
    body, expected = REASONS[name]
    run = Run(tmp_path, body)
    assert run.tree.failure() is None
    assert run.tick()[0] == "FAILURE"
    assert run.tree.failure() == expected
    run.tree.halt()
    assert run.tree.failure() == expected


def test_a_timeout_names_itself(tmp_path: Path) -> None:
    run = Run(tmp_path, f'<Timeout msec="100">{act("a", "R")}</Timeout>')
    run.tick()
    assert run.tick(0.2) == ["FAILURE", "halt a"]
    assert run.tree.failure() == ("T/Timeout", "not done after 100 ms")


class Starts(Act):
    """Raises in its first tick, after it has begun something."""

    def initialise(self) -> None:
        self.context.append("begun")

    def update(self) -> Status:
        raise RuntimeError("at once")

    def terminate(self, new_status: Status) -> None:
        self.context.append(f"stopped {new_status.name}")


def test_a_leaf_that_raises_in_its_first_tick_is_stopped(tmp_path: Path) -> None:
    run = Run(tmp_path, f"<Parallel>{act('a', 'R')}<Starts name='s' seq='S'/></Parallel>", {"Starts": Starts})
    with pytest.raises(LeafError, match="at once") as caught:
        run.tick()
    assert run.events == ["a:R", "begun", "stopped INVALID", "halt a"]
    assert caught.value.__notes__ == ["raised at T/Parallel/s"]


class Wrong(Act):
    """Returns what is no status."""

    def update(self) -> Any:
        return None


def test_a_leaf_that_returns_no_status_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="T/Wrong returned None; a leaf returns SUCCESS, FAILURE or RUNNING"):
        Run(tmp_path, "<Wrong seq='S'/>", {"Wrong": Wrong}).tick()
