"""The terminal view: which one is chosen, what it shows, and that it never needs a terminal to be correct."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.view import LiveView, NoView, PlainView, Row, Snapshot, Throttle, Transition, make_view, visible_rows

ROWS = (
    Row("GraspBottle", "Sequence", 0, "RUNNING", 3.0),
    Row("Find the bottle", "DetectObject", 1, "SUCCESS", 0.05, "bottle 0.93", "labels=bottle"),
    Row("CloseGripper", "CloseGripper", 1, "FAILURE", 1.5, "jaws met at 2 %\n(object missed)", "max_torque_nm=3.0"),
    Row("LiftHand", "LiftHand", 1, "IDLE"),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(view: LiveView, width: int = 160, colour: bool = False) -> str:
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=colour, no_color=view.no_colour).print(view.render())
    return stream.getvalue()


def test_the_choice_follows_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(make_view(None, io.StringIO()), PlainView)
    assert isinstance(make_view(None, Terminal()), LiveView)
    assert isinstance(make_view("live", io.StringIO()), LiveView)
    assert type(make_view("none", Terminal())) is NoView
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(make_view(None, Terminal()), PlainView)


@pytest.mark.parametrize(("value", "plain"), [("1", True), ("", False)])
def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch, value: str, plain: bool) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    view = make_view("live", Terminal())
    assert isinstance(view, LiveView)
    view.publish(Snapshot("t", ROWS))
    assert ("\x1b[32m" not in drawn(view, colour=True)) is plain


def test_plain_is_one_line_per_transition() -> None:
    stream = io.StringIO()
    view = make_view("plain", stream)
    view.start()
    view.transition(Transition(12.345, "Main/CloseGripper", "RUNNING", "FAILURE", "jaws met\nat 2 %"))
    view.transition(Transition(12.4, "Main", "RUNNING", "FAILURE"))
    view.publish(Snapshot("t", ROWS))
    view.stop()
    assert stream.getvalue() == (
        "   12.35 s  Main/CloseGripper  RUNNING -> FAILURE  jaws met at 2 %\n   12.40 s  Main  RUNNING -> FAILURE\n"
    )


def test_live_shows_status_elapsed_feedback_ports_and_the_robot() -> None:
    view = LiveView(io.StringIO(), no_colour=True)
    view.publish(Snapshot("grasp_bottle", ROWS, 12.5, 19.8, "gripper 57 %"))
    lines = drawn(view).splitlines()
    assert "grasp_bottle" in lines[0]
    for words in ("12.50 s on the robot", "19.8 ticks/s", "gripper 57 %"):
        assert words in lines[0]
    assert "▶ GraspBottle (Sequence)" in lines[1]
    for words in ("  ✓ Find the bottle (DetectObject)", "0.05 s", "bottle 0.93", "labels=bottle"):
        assert words in lines[2]
    assert "jaws met at 2 % (object missed)" in lines[3]
    assert "· LiftHand " in lines[4]


def test_text_from_a_tree_is_never_markup() -> None:
    view = LiveView(io.StringIO(), no_colour=True)
    view.publish(Snapshot("[red]t[/]", (Row("[bold]x[/bold]", "A", 0, "RUNNING", None, "[/nonsense]", "a=[b]"),)))
    text = drawn(view)
    for words in ("[red]t[/]", "[bold]x[/bold]", "[/nonsense]", "a=[b]"):
        assert words in text


def test_live_starts_draws_and_stops_and_stop_is_safe_twice() -> None:
    stream = io.StringIO()
    view = LiveView(stream)
    view.stop()
    view.start()
    view.stage("starting the robot")
    view.publish(Snapshot("t", ROWS, 1.0))
    view.stop()
    view.stop()
    assert "GraspBottle" in stream.getvalue()


@given(st.integers(0, 60), st.integers(0, 30), st.data())
def test_the_window_keeps_the_running_row(count: int, room: int, data: st.DataObject) -> None:
    running = data.draw(st.integers(0, count - 1)) if count else None
    rows = [Row(str(i), "A", 0, "RUNNING" if i == running else "IDLE") for i in range(count)]
    window = visible_rows(rows, room)
    assert len(window) == min(count, max(room, 1))
    if running is not None:
        assert rows[running] in window
        first = int(window[0].name)
        assert [row.name for row in window] == [str(i) for i in range(first, first + len(window))]


def test_the_throttle_lets_through_ten_a_second() -> None:
    now = [0.0]
    throttle = Throttle(10.0, lambda: now[0])
    passed = 0
    for step in range(1000):
        now[0] = step * 0.01
        passed += throttle.due()
    assert 90 <= passed <= 101
