"""Damaged files end in a tree or in a TreeError, read nothing but tree files, run nothing, and cost what they weigh.

`python -m tests.trees.reading.mutate 100000` does the same with many more, and measures the slowest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trees
from tests.support.places import SHARED
from tests.support.trees_leaves import LEAVES
from tests.trees.reading.mutate import TOKENS, Watch, attempt, mutated, seeds, warm_up
from trees.reading.elements import MAX_PROBLEMS

SHARED = SHARED / "bt"
COUNT = 1500
PART = 250


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> tuple[Watch, Path]:
    warm_up()
    folder = tmp_path_factory.mktemp("damaged").resolve()
    return Watch(folder), folder / "tree.xml"


TEXTS = seeds([SHARED] if SHARED.exists() else [])


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, COUNT, PART))
def test_damaged_files_end_in_a_tree_or_a_tree_error(first: int, watch: tuple[Watch, Path]) -> None:
    guard, file = watch
    ended = set()
    for number in range(first, first + PART):
        file.write_bytes(mutated(TEXTS, number))
        with guard.watching():
            ended.add(attempt(file, number))
        assert guard.seen == [], f"number {number}"
    assert ended == {"tree", "refused"}


PIECES = st.one_of(st.sampled_from(TOKENS), st.sampled_from(["<Sequence>", "</Sequence>", '<Act seq="S"/>', " "]))


@settings(max_examples=200)
@given(pieces=st.lists(PIECES, max_size=12), number=st.integers(0, 2))
def test_pieces_in_any_order(pieces: list[str], number: int, watch: tuple[Watch, Path]) -> None:
    guard, file = watch
    body = "".join(pieces)
    file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="T">{body}</BehaviorTree></root>', encoding="utf-8")
    with guard.watching():
        attempt(file, number)
    assert guard.seen == []


def test_the_watch_sees_what_it_should(watch: tuple[Watch, Path], tmp_path: Path) -> None:
    guard, file = watch
    (tmp_path / "x").write_text("x")
    with guard.watching():
        (tmp_path / "x").read_text()
        exec("pass")
        file.write_text("a")
    assert [line.split()[0] for line in guard.seen] == ["open", "exec"]


@pytest.mark.slow
def test_the_script_counts_and_is_repeatable() -> None:
    command = [sys.executable, "-m", "tests.trees.reading.mutate", "20"]
    outputs = [subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout for _ in "ab"]
    assert outputs[0].startswith("20 damaged files from ")
    assert len({text.split("; slowest")[0] for text in outputs}) == 1


N = 15_000
BIG = {
    "references": '<root a="' + "&" * 10 * N + '"/>',
    "quotes": '<a "' * N,
    "white space": "<a" + " " * 10 * N,
    "a name": "<" + "a" * 10 * N,
    "attributes": "<root " + "".join(f'a{i}="" ' for i in range(N)) + "/>",
    "unknown nodes": "<root><BehaviorTree><Sequence>" + "<Nope/>" * N + "</Sequence></BehaviorTree></root>",
    "different unknown nodes": "<root><BehaviorTree><Sequence>"
    + "".join(f"<Nope{i}/>" for i in range(N))
    + "</Sequence></BehaviorTree></root>",
    "subtrees of one name": "<root><BehaviorTree ID='T'><Sequence>"
    + "<SubTree ID='U' name='n'/>" * N
    + "</Sequence></BehaviorTree></root>",
    "includes": "<root>" + "<include path='none.xml'/>" * N + "</root>",
    "keys handed on": "<root main_tree_to_execute='T'><BehaviorTree ID='T'><Sequence>"
    + "<SubTree ID='U' _autoremap='1'/>" * 1000
    + "</Sequence></BehaviorTree><BehaviorTree ID='U'><Sequence>"
    + "".join(f'<ReadInt in="{{k{i}}}"/>' for i in range(1000))
    + "</Sequence></BehaviorTree></root>",
}


@pytest.mark.slow
@pytest.mark.timeout(300)  # each takes a second or two; what grows with the square of the length would take hours
@pytest.mark.parametrize("stubs", [False, True], ids=["leaves", "stubs"])
@pytest.mark.parametrize("name", BIG)
def test_long_files_take_a_time_that_follows_their_length(name: str, stubs: bool, tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(BIG[name])
    found = trees.problems(file, LEAVES, stub_unknown=stubs)
    assert 0 < len(found) <= MAX_PROBLEMS + 1
