"""Nodes and conditions where the replayed traces do not reach: nav2's nodes, loops, timers, wake-ups."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import pytest

from perception.base.errors import ContractError, LimitError
from tests.support.trees_leaves import Run, act
from trees.errors import TreeError


def test_recovery_tries_again_in_the_same_tick(tmp_path: Path) -> None:
    run = Run(tmp_path, f'<RecoveryNode number_of_retries="2">{act("a", "FRFF")}{act("r", "SRS")}</RecoveryNode>')
    assert run.tick() == ["RUNNING", "a:F", "r:S", "a:R"]
    assert run.tick() == ["RUNNING", "a:F", "r:R"]
    assert run.tick() == ["FAILURE", "r:S", "a:F"]
    assert run.tree.failure() == ("T/RecoveryNode/a", "a said F")


@pytest.mark.parametrize(
    ("first", "recovery", "expected"),
    [("S", "S", ["SUCCESS", "a:S"]), ("K", "S", ["SKIPPED", "a:K"]), ("F", "F", ["FAILURE", "a:F", "r:F"]),
     ("F", "K", ["FAILURE", "a:F", "r:K"])],
)  # fmt: skip
def test_what_a_recovery_node_returns(first: str, recovery: str, expected: list[str], tmp_path: Path) -> None:
    run = Run(tmp_path, f"<RecoveryNode>{act('a', first)}{act('r', recovery)}</RecoveryNode>")
    assert run.tick() == expected


def test_a_pipeline_ticks_earlier_children_again_and_does_not_wait_for_them(tmp_path: Path) -> None:
    run = Run(
        tmp_path, f"<PipelineSequence>{act('a', 'SRSS')}{act('b', 'RRSR')}{act('c', 'RS', '')}</PipelineSequence>"
    )
    assert run.tick() == ["RUNNING", "a:S", "b:R"]
    assert run.tick() == ["RUNNING", "a:R", "b:R"]
    assert run.tick() == ["RUNNING", "a:S", "b:S", "c:R"]
    assert run.tick() == ["SUCCESS", "a:S", "b:R", "c:S", "halt b"]


def test_a_failure_ends_a_pipeline_and_halts_it(tmp_path: Path) -> None:
    run = Run(tmp_path, f"<PipelineSequence>{act('a', 'SF')}{act('b', 'R')}</PipelineSequence>")
    run.tick()
    assert run.tick() == ["FAILURE", "a:F", "halt b"]
    assert Run(tmp_path, f"<PipelineSequence>{act('a', 'K')}</PipelineSequence>").tick() == ["SKIPPED", "a:K"]


def test_a_round_robin_goes_on_after_the_last_child(tmp_path: Path) -> None:
    children = act("a", "SF") + act("b", "FS") + act("c", "FF")
    run = Run(tmp_path, f"<RoundRobin>{children}</RoundRobin>")
    assert run.tick() == ["SUCCESS", "a:S"]
    assert run.tick() == ["FAILURE", "b:F", "c:F", "a:F"]
    assert run.tick() == ["SUCCESS", "a:F", "b:S"]


def test_a_round_robin_that_does_not_wrap_ends_at_the_last_child(tmp_path: Path) -> None:
    body = f'<RoundRobin wrap_around="false">{act("a", "S")}{act("b", "F")}</RoundRobin>'
    run = Run(tmp_path, body)
    assert run.tick() == ["SUCCESS", "a:S"]
    assert run.tick() == ["FAILURE", "b:F"]
    assert run.tick() == ["SUCCESS", "a:S"]


def test_a_rate_controller_begins_once_a_period_and_never_interrupts(tmp_path: Path) -> None:
    body = f'<RateController hz="0.5">{act("a", "SRSS")}</RateController>'
    run = Run(tmp_path, f"<PipelineSequence>{body}{act('b', 'R')}</PipelineSequence>")
    assert run.tick() == ["RUNNING", "a:S", "b:R"]
    assert run.tick(1.0) == ["RUNNING", "b:R"]
    assert run.tick(1.0) == ["RUNNING", "a:R", "b:R"]
    assert run.tick() == ["RUNNING", "a:S", "b:R"]
    assert run.tick(1.9) == ["RUNNING", "b:R"]


def test_a_rate_of_zero_is_refused_in_the_file_and_at_the_tick(tmp_path: Path) -> None:
    with pytest.raises(TreeError, match=r"'hz' is '0': expected positive and at most 1000000 Hz"):
        Run(tmp_path, f'<RateController hz="0">{act("a", "S")}</RateController>')
    run = Run(tmp_path, f'<RateController hz="{{hz}}">{act("a", "S")}</RateController>')
    run.tree.blackboard.set("hz", 0.0)
    with pytest.raises(LimitError, match=r"T/RateController: port 'hz' gets '0.0' from {hz}: expected positive"):
        run.tick()


def test_a_timeout_spares_a_child_that_does_not_run_when_it_is_over(tmp_path: Path) -> None:
    run = Run(tmp_path, f'<Timeout msec="100">{act("a", "KRS")}</Timeout>')
    assert run.tick() == ["SKIPPED", "a:K"]
    assert run.tick(0.2) == ["RUNNING", "a:R"]
    assert run.tick(0.2) == ["SUCCESS", "a:S"]


def test_a_while_that_ends_halts_a_subtree_once_and_runs_its_script(tmp_path: Path) -> None:
    trees_ = (
        '<BehaviorTree ID="T"><Sequence><Script code="go := 1; n := 0" _skipIf="n >= 0 || true" _while="true"/>'
        '<SubTree ID="U" name="u" _while="go == 1" _onHalted="n += 1" _post="p := 1"/></Sequence></BehaviorTree>'
        f'<BehaviorTree ID="U"><Sequence>{act("a", "S")}{act("b", "R")}</Sequence></BehaviorTree>'
    )
    run = Run(tmp_path, trees_.replace(' _skipIf="n >= 0 || true" _while="true"', ""))
    assert run.tick() == ["RUNNING", "a:S", "b:R"]
    run.tree.run_script("go = 0")
    assert run.tick() == ["SUCCESS", "halt b"]
    assert run.tree.blackboard.items() == {"go": 0, "n": 1}
    assert run.tick()[0] == "RUNNING"
    run.tree.halt()
    run.tree.halt()
    assert run.tree.blackboard.items() == {"go": 1, "n": 1}


def test_conditions_of_a_node_that_runs_are_not_asked_but_while(tmp_path: Path) -> None:
    run = Run(tmp_path, act("a", "RRS", '_skipIf="n == 1" _failureIf="n == 2" _successIf="n == 3"'))
    run.tree.run_script("n := 0")
    assert run.tick() == ["RUNNING", "a:R"]
    for n, expected in ((1, "a:R"), (2, "a:S")):
        run.tree.run_script(f"n = {n}")
        assert run.tick()[1] == expected
    assert run.tick() == ["FAILURE"]


def test_scripts_see_the_scope_of_their_tag(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        '<BehaviorTree ID="T"><SubTree ID="U" x="{y}" c="2" t="1.5" w="abc" _onSuccess="z := y * 2"/></BehaviorTree>'
        '<BehaviorTree ID="U"><Sequence><Script code="x := c + t; @top := w; _own := 1"/></Sequence></BehaviorTree>',
    )
    assert run.tick() == ["SUCCESS"]
    main, inner = run.tree.scopes().values()
    assert main.items() == {"y": 3.5, "z": 7.0, "top": "abc"}
    assert inner.items() == {"c": 2, "t": 1.5, "w": "abc", "_own": 1}


def test_enums_are_names_for_numbers_in_scripts_and_switches(tmp_path: Path) -> None:
    body = '<Sequence><Script code="v := GREEN"/><Switch2 variable="{v}" case_1="RED" case_2="GREEN">'
    run = Run(tmp_path, f"{body}{act('r', 'S')}{act('g', 'S')}{act('d', 'S')}</Switch2></Sequence>", RED=1, GREEN=2)
    assert run.tick() == ["SUCCESS", "g:S"]


def test_a_switch_halts_the_branch_that_it_leaves_before_it_begins_another(tmp_path: Path) -> None:
    body = f'<Switch2 variable="{{v}}" case_1="1" case_2="a">{act("x", "R")}{act("y", "R")}{act("z", "R")}</Switch2>'
    run = Run(tmp_path, body)
    assert run.tick() == ["RUNNING", "z:R"]
    for value, expected in (
        ("1", ["halt z", "x:R"]),
        ("1.0", ["x:R"]),
        ("'a'", ["halt x", "y:R"]),
        ("2", ["halt y", "z:R"]),
    ):
        run.tree.blackboard.unset("v")
        run.tree.run_script(f"v := {value}")
        assert run.tick() == ["RUNNING", *expected]


def test_a_loop_over_a_shared_queue_uses_it_up(tmp_path: Path) -> None:
    run = Run(tmp_path, f'<LoopInt queue="{{q}}" value="{{v}}" if_empty="SKIPPED">{act("a", "S")}</LoopInt>')
    queue = deque([1, 2])
    run.tree.blackboard.set("q", queue)
    assert [run.tick()[0] for _ in range(4)] == ["RUNNING", "RUNNING", "SKIPPED", "SKIPPED"]
    assert not queue
    queue.append(7)
    assert run.tick() == ["RUNNING", "a:S"]
    assert run.tree.blackboard.items()["v"] == 7


@pytest.mark.parametrize("given", [[4, 5], (4, 5), "4;5"])
def test_a_loop_over_a_list_copies_it(given: Any, tmp_path: Path) -> None:
    run = Run(tmp_path, '<LoopInt queue="{q}" value="{v}"><ReadInt name="r" in="{v}"/></LoopInt>')
    run.tree.blackboard.set("q", given)
    assert [run.tick() for _ in range(4)] == [["RUNNING", "r=4"], ["RUNNING", "r=5"], ["SUCCESS"], ["RUNNING", "r=4"]]


@pytest.mark.parametrize("given", [3, "4;x", object()])
def test_a_loop_over_something_else_says_so(given: Any, tmp_path: Path) -> None:
    run = Run(tmp_path, f'<LoopInt queue="{{q}}" value="{{v}}">{act("a", "S")}</LoopInt>')
    run.tree.blackboard.set("q", given)
    with pytest.raises(ContractError, match=r"LoopInt: \{q\}"):
        run.tick()


def test_waiting_for_an_entry_counts_writes_not_values(tmp_path: Path) -> None:
    run = Run(tmp_path, f'<WaitValueUpdate entry="{{k}}">{act("a", "S")}</WaitValueUpdate>')
    assert run.tick() == ["RUNNING"]
    for _ in range(2):
        run.tree.run_script("k := 1")
        assert run.tick() == ["SUCCESS", "a:S"]
        assert run.tick() == ["RUNNING"]


def test_a_tick_that_is_asked_for_comes_at_once(tmp_path: Path) -> None:
    run = Run(tmp_path, f'<Sequence><Repeat num_cycles="3">{act("a", "S")}</Repeat>{act("b", "RS")}</Sequence>')
    assert run.tree.tick_once() == "RUNNING"
    assert run.events == ["a:S", "a:S", "a:S", "b:R"]
    assert run.tree.tick_once() == "SUCCESS"


def test_ticking_to_the_end_sleeps_where_nothing_asks_for_a_tick(tmp_path: Path) -> None:
    run = Run(tmp_path, f'<Sequence><Delay delay_msec="1000">{act("a", "RS")}</Delay><Sleep msec="500"/></Sequence>')

    def sleep(seconds: float) -> None:
        run.now_s += seconds

    assert run.tree.tick_while_running(sleep, 0.25) == "SUCCESS"
    assert run.now_s == 1.5
