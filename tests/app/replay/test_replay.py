"""Runs played back: what is read of a log, whole or cut, and what is shown at any time, forward and back."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.replay.deck import EVERY, FASTEST, Deck
from app.replay.player import print_lines, replay
from behaviours.recording.recording import Recording, read_recording
from perception.base.errors import ConfigError

NODES = [
    {"uid": 1, "depth": 0, "kind": "Control", "tag": "Sequence", "name": "Main", "path": "Main", "ports": {}},
    {"uid": 2, "depth": 1, "kind": "Action", "tag": "Act", "name": "a", "path": "Main/a", "ports": {"x": "1"}},
    {"uid": 3, "depth": 1, "kind": "Action", "tag": "Act", "name": "b", "path": "Main/b", "ports": {}},
]
TREE = {"t": 0.0, "event": "tree", "title": "demo", "main": "Main", "nodes": NODES}


def change(t: float, uid: int, old: str, new: str, feedback: str = "") -> dict[str, Any]:
    path = NODES[uid - 1]["path"]
    return {"t": t, "event": "transition", "uid": uid, "path": path, "old": old, "new": new, "feedback": feedback}


DEMO = [
    {"t": None, "event": "robot ready"},
    TREE,
    change(1.0, 2, "IDLE", "RUNNING", "begins"),
    change(1.0, 1, "IDLE", "RUNNING"),
    {"t": 1.5, "event": "feedback", "uid": 2, "feedback": "half"},
    {"t": 1.75, "event": "blackboard", "scope": "Main", "key": "k", "value": {"v": 3}},
    {"t": 2.0, "event": "overrun", "wall_ms": 80.0, "leaf": "Main/a", "leaf_ms": 70.0},
    change(3.0, 2, "RUNNING", "SUCCESS", "done"),
    change(3.0, 3, "IDLE", "RUNNING"),
    change(5.0, 3, "RUNNING", "FAILURE", "no"),
    change(5.0, 1, "RUNNING", "FAILURE"),
    {"t": 5.0, "event": "result", "status": "failure", "reason": "failed at Main/b: no"},
]


def written(folder: Path, lines: list[Any] = DEMO) -> Path:
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def demo(tmp_path: Path) -> Recording:
    return read_recording(written(tmp_path).parent)


def shown(deck: Deck) -> list[tuple[str, str, str]]:
    return [(row.name, row.status, row.feedback) for row in deck.snapshot().rows]


def at(recording: Recording, time_s: float, **options: Any) -> Deck:
    deck = Deck(recording, from_s=0.0, **options)
    deck.advance(time_s)
    assert deck.time_s == time_s
    return deck


def test_a_log_is_read_whole(demo: Recording) -> None:
    assert demo.title == "demo"
    assert [node.name for node in demo.nodes] == ["Main", "a", "b"]
    assert demo.nodes[1].ports == {"x": "1"}
    assert len(demo.events) == 9
    assert demo.span_s == (1.0, 5.0)
    assert demo.end == "failure failed at Main/b: no"
    assert demo.cut == ""


@pytest.mark.parametrize(
    ("time_s", "expected"),
    [
        (0.9, [("Main", "IDLE", ""), ("a", "IDLE", ""), ("b", "IDLE", "")]),
        (1.0, [("Main", "RUNNING", ""), ("a", "RUNNING", "begins"), ("b", "IDLE", "")]),
        (2.9, [("Main", "RUNNING", ""), ("a", "RUNNING", "half"), ("b", "IDLE", "")]),
        (3.0, [("Main", "RUNNING", ""), ("a", "SUCCESS", "done"), ("b", "RUNNING", "")]),
        (5.0, [("Main", "FAILURE", ""), ("a", "SUCCESS", "done"), ("b", "FAILURE", "no")]),
    ],
)
def test_what_is_shown_at_a_time(demo: Recording, time_s: float, expected: list[tuple[str, str, str]]) -> None:
    assert shown(at(demo, time_s)) == expected


def test_elapsed_times_are_those_of_the_run(demo: Recording) -> None:
    assert [row.elapsed_s for row in at(demo, 4.0).snapshot().rows] == [3.0, 2.0, 1.0]
    assert [row.elapsed_s for row in at(demo, 5.0).snapshot().rows] == [4.0, 2.0, 2.0]


def test_watched_keys_overruns_and_the_end_are_shown(demo: Recording) -> None:
    deck = at(demo, 1.7, watch=["k", "Main/k"])
    assert deck.snapshot().watched == (("k", "not written yet"), ("Main/k", "not written yet"))
    deck.advance(0.5)
    snapshot = deck.snapshot()
    assert snapshot.watched == (("k", "{v: 3}"), ("Main/k", "{v: 3}"))
    assert snapshot.ticks.overruns == 1
    assert snapshot.ticks.slowest == "Main/a (70 ms)"
    assert "failed at" not in snapshot.note
    assert "failure failed at Main/b: no" in at(demo, 5.0).snapshot().note


def test_it_plays_backwards_and_stops_at_its_ends(demo: Recording) -> None:
    deck = Deck(demo, speed=-2.0)
    assert deck.time_s == 5.0
    deck.advance(1.0)
    assert deck.time_s == 3.0
    assert not deck.paused
    assert shown(deck)[2][1] == "RUNNING"
    deck.advance(99.0)
    assert deck.time_s == 1.0
    assert deck.paused
    deck.key("b")
    deck.advance(0.5)
    assert deck.time_s == 2.0


def test_from_and_to_bound_what_is_played(demo: Recording) -> None:
    deck = Deck(demo, from_s=2.0, to_s=4.0)
    assert shown(deck)[1] == ("a", "RUNNING", "half")
    deck.advance(99.0)
    assert deck.time_s == 4.0
    deck.key("home")
    assert deck.time_s == 2.0
    assert Deck(demo, from_s=4.0, to_s=2.0).to_s == 4.0


def test_the_keys_step_jump_pause_and_change_the_speed(demo: Recording) -> None:
    deck = Deck(demo)
    for key, time_s in [("right", 3.0), ("right", 5.0), ("right", 5.0), ("left", 3.0), ("left", 1.0), ("left", 1.0)]:
        deck.key(key)
        assert deck.time_s == time_s
        assert deck.paused
    deck.advance(1.0)
    assert deck.time_s == 1.0
    deck.key("space")
    deck.key("+")
    deck.advance(0.25)
    assert deck.time_s == 1.5
    deck.key("end")
    assert deck.time_s == 5.0
    deck.key("down")
    assert deck.time_s == 1.0
    deck.key("up")
    assert deck.time_s == 5.0
    for _ in range(50):
        deck.key("+")
    assert deck.speed == FASTEST
    for _ in range(50):
        deck.key("-")
    assert deck.speed == 1 / FASTEST
    for key in ("x", "é", ""):
        deck.key(key)
    assert not deck.done
    deck.key("q")
    assert deck.done


def long_recording() -> Recording:
    """Two leaves that take turns, many more changes than lie between two kept states."""
    turns = [(2, "IDLE", "RUNNING"), (2, "RUNNING", "FAILURE"), (3, "IDLE", "RUNNING"), (3, "RUNNING", "IDLE")]
    lines = [change(step * 0.1, *turns[step % 4], str(step)) for step in range(3 * EVERY)]
    with tempfile.TemporaryDirectory() as folder:
        return read_recording(written(Path(folder), [TREE, *lines]))


LONG = long_recording()


@settings(max_examples=30)
@given(st.lists(st.floats(0.0, 3 * EVERY * 0.1), min_size=1, max_size=5))
def test_wherever_it_jumps_it_shows_what_playing_from_the_start_shows(times: list[float]) -> None:
    jumping = Deck(LONG, from_s=0.0)
    for time_s in times:
        jumping.go(time_s)
        straight = Deck(LONG, from_s=0.0)
        straight.go(time_s)
        there, expected = jumping.snapshot(), straight.snapshot()
        assert there.rows == expected.rows
        assert there.recent == expected.recent


@given(st.data())
def test_a_log_cut_anywhere_after_its_tree_plays_up_to_the_cut(data: st.DataObject) -> None:
    lines = [json.dumps(line) + "\n" for line in DEMO]
    text = "".join(lines).encode()
    least = len("".join(lines[:2])) - 1
    size = data.draw(st.integers(least, len(text)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        path.write_bytes(text[:size])
        recording = read_recording(path)
    whole = text[: size + 1].count(b"\n") if text[size : size + 1] == b"\n" else text[:size].count(b"\n")
    played = [line for line in DEMO[:whole] if line["event"] in ("transition", "feedback", "blackboard", "overrun")]
    assert [event.data for event in recording.events] == played
    Deck(recording).snapshot()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "no tree in it"),
        ([{"t": 0.0, "event": "robot ready"}], "no tree in it"),
        ([{**TREE, "nodes": []}], "no root"),
        ([{**TREE, "nodes": 3}], "cannot be read"),
        ([{**TREE, "nodes": [{"uid": 1}]}], "cannot be read"),
        ([{**TREE, "nodes": [NODES[0], {**NODES[1], "depth": 5}]}], "depth 5 after depth 0"),
        ([{**TREE, "nodes": [NODES[0], {**NODES[1], "depth": 0}]}], "depth 0"),
        ([{**TREE, "nodes": [{**NODES[0], "ports": []}]}], "cannot be read"),
    ],
)
def test_what_cannot_be_played_is_a_clear_error(tmp_path: Path, lines: list[Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_recording(written(tmp_path, lines))


def test_a_folder_without_a_log_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"log.jsonl: no such file; .*; give the folder of a run"):
        read_recording(tmp_path)


def test_lines_that_make_no_sense_are_left_out(tmp_path: Path) -> None:
    strange = [
        {**change(1.0, 2, "IDLE", "RUNNING"), "uid": 99},
        {**change(1.0, 2, "IDLE", "RUNNING"), "uid": [2]},
        {**change(1.0, 2, "IDLE", "RUNNING"), "new": "DANCING"},
        {"t": 1.0, "event": "overrun"},
        {"t": 1.0, "event": "feedback", "uid": None},
        {"t": 1.0, "event": "blackboard"},
        {**change(1.0, 2, "IDLE", "RUNNING"), "t": "soon"},
        {**change(0.5, 2, "RUNNING", "SUCCESS"), "t": -3.0, "feedback": 7, "path": None},
    ]
    recording = read_recording(written(tmp_path, [TREE, *strange]))
    assert [event.time_s for event in recording.events] == [0.0, 0.0]
    assert shown(Deck(recording))[1][:2] == ("a", "SUCCESS")


def test_lines_are_printed_at_once_or_at_a_speed_forward_or_back(demo: Recording) -> None:
    slept: list[float] = []

    def text(*arguments: Any) -> list[str]:
        out = io.StringIO()
        print_lines(demo, *arguments, out, slept.append)
        return out.getvalue().splitlines()

    forward = text(None, None, None)
    assert slept == []
    assert forward[0] == "    1.00 s  Main/a  IDLE -> RUNNING  begins"
    assert forward[-1] == "failure failed at Main/b: no"
    assert len(forward) == 7
    assert text(2.0, None, None) == forward
    assert slept == [1.0, 1.0]
    slept.clear()
    assert text(-4.0, None, None)[:-1] == forward[:-1][::-1]
    assert slept == [0.5, 0.5]
    assert text(None, 2.0, 4.0) == forward[2:4]


def test_plain_is_plain_also_on_a_terminal(demo: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert replay(demo.path, plain=True) == 0
    assert out.getvalue().startswith("    1.00 s  Main/a")
