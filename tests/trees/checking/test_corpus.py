"""Public files of BehaviorTree.CPP, and what its 4.10 makes of them: the same nodes, ticks and refusals.

The files lie beside the repository, not in it; without them the tests are skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from py_trees.common import Status

import trees
from perception.base.errors import ContractError
from tests.support.places import SHARED
from trees.checking.stubs import StubCall

CORPUS = SHARED / "bt"
EXPECTED = CORPUS / "public_expected.json"
FILES: dict[str, dict[str, Any]] = json.loads(EXPECTED.read_text(encoding="utf-8")) if EXPECTED.exists() else {}
pytestmark = pytest.mark.skipif(not FILES, reason="the public files are not beside the repository")

SPACES = {
    "btcpp_tests/gtest_name_validation__NameValidationXMLTest.InvalidBehaviorTreeID_WithSpace__L177.xml",
    "btcpp_tests/gtest_name_validation__NameValidationXMLTest.InvalidSubTreeID_WithSpace__L248.xml",
}
"""Refused with `strict` only: many files have IDs with a space, and older releases of the library took them."""
VALID = {
    "btcpp_tests/gtest_preconditions__Preconditions.WhileCallsOnHalt__L449.xml",  # loads there; its first halt raises
}
TIMED = ("Sleep", "Delay", "Timeout")
OTHER_TRACES: dict[str, str] = {}
"""File -> why its ticks differ on purpose."""


def fnv1a32(text: str) -> int:
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def hashed(call: StubCall) -> Status:
    """Fails, runs (not a condition) or succeeds by a hash of the path and the number of the tick."""
    value = fnv1a32(f"{call.path}#{call.count}") % 10
    if value < 2:
        return Status.FAILURE
    return Status.RUNNING if value < 5 and call.kind != "Condition" else Status.SUCCESS


MODES: dict[str, Callable[[StubCall], Status]] = {
    "mode0": lambda call: Status.SUCCESS,
    "mode1": lambda call: Status.FAILURE,
    "mode2": hashed,
}
LOADS = [name for name, case in FILES.items() if "error" not in case]
REFUSED = [name for name, case in FILES.items() if "error" in case]


def load(name: str, **options: Any) -> trees.Document:
    main = FILES[name].get("spec", {}).get("main")
    return trees.load(CORPUS / name, main=main, stub_unknown=True, folders=[CORPUS], **options)


def test_there_are_as_many_as_were_collected() -> None:
    assert (len(FILES), len(LOADS), len(REFUSED)) == (332, 299, 33)


@pytest.mark.parametrize("name", LOADS)
def test_the_expanded_nodes_are_the_same(name: str) -> None:
    assert [list(row) for row in load(name).nodes()] == FILES[name]["nodes"]


def trace(name: str, mode: str) -> tuple[list[Any], list[Any]]:
    """(what the ticks gave here, what they gave there); words of exceptions are our own."""
    document = load(name, stub=MODES[mode])
    there = [[status.split(" ")[0], events] for status, events in FILES[name][mode]]
    here: list[Any] = []
    for _ in there:
        try:
            status = document.tick_exactly_once()
        except ContractError:
            status = "EXC"
        here.append([status, document.events()])
    return here, there


UNTIMED = [name for name in LOADS if not any(row[2] in TIMED for row in FILES[name]["nodes"])]


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", UNTIMED)
def test_the_ticks_are_the_same(name: str, mode: str) -> None:
    here, there = trace(name, mode)
    if name in OTHER_TRACES:
        pytest.skip(OTHER_TRACES[name])
    assert here == there


@pytest.mark.parametrize("name", sorted(OTHER_TRACES))
def test_the_deviations_are_still_needed(name: str) -> None:
    assert any(here != there for here, there in (trace(name, mode) for mode in MODES))


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in VALID])
def test_what_is_refused_there_is_refused_with_its_line(name: str) -> None:
    with pytest.raises(trees.TreeProblems) as caught:
        load(name, strict=name in SPACES)
    first = next(problem for problem in caught.value.problems if not problem.warning)
    assert str(caught.value).startswith(f"{CORPUS / name}:{first.line}:{first.column}: ")
    assert 1 <= first.line <= (CORPUS / name).read_text(encoding="utf-8").count("\n") + 1


@pytest.mark.parametrize("name", sorted(SPACES))
def test_ids_with_spaces_are_a_warning_with_their_line(name: str) -> None:
    assert any("has a space" in problem.message and problem.line > 1 for problem in load(name).problems)


@pytest.mark.parametrize("name", sorted(VALID))
def test_what_is_valid_is_read(name: str) -> None:
    assert load(name).nodes()
