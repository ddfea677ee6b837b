"""The terminal view: which one is chosen, what it shows, and that it never needs a terminal to be correct."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.output import printable
from app.views.choose import make_view
from app.views.feed import Throttle
from app.views.layout import fit, fold
from app.views.live import LiveView
from app.views.model import NoView, Row, Snapshot, Ticks, Transition
from app.views.picture import picture
from app.views.plain import PlainView

ROWS = (
    Row("GraspBottle", "Sequence", 0, "RUNNING", 3.0),
    Row("FindObject", "SubTree", 1, "SUCCESS", 0.05),
    Row("Find the bottle", "DetectObject", 2, "SUCCESS", 0.05, "bottle 0.93", "labels=bottle", past=True),
    Row("Once", "Sequence", 1, "FAILURE", 2.5),
    Row("LookAt", "LookAt", 2, "FAILURE", 0.5, "an older try", past=True),
    Row(
        "CloseGripper", "CloseGripper", 2, "FAILURE", 1.5, "jaws met at 2 %\n(object missed)", "max_torque_nm=3.0", True
    ),
    Row("LiftHand", "LiftHand", 1, "RUNNING", 0.25, "0.05 m", "height_m=0.15"),
    Row("Later", "Fallback", 1, "IDLE"),
    Row("Stow", "MoveArm", 2, "IDLE"),
    Row("Undo", "MoveArm", 1, "HALTED", 1.0, "", "", True),
)
WHOLE = Snapshot(
    "grasp_bottle",
    ROWS,
    12.5,
    Ticks(250, 19.8, 0.0123, 0.080, 2, "Main/CloseGripper (78 ms)"),
    "gripper 57 %",
    (("object", "{label: bottle}"), ("grasp", "not written yet")),
    (
        Transition(12.25, "Main/LiftHand", "IDLE", "RUNNING", "0.00 m"),
        Transition(12.0, "Main/Once", "RUNNING", "FAILURE"),
    ),
)
GOLDEN = """\
grasp_bottle   12.50 s on the robot   tick 250, 12.3 ms, 19.8 a second
gripper 57 %
! a tick took longer than its period 2 times, at most 80 ms, last because of Main/CloseGripper (78 ms)
 ▶ GraspBottle (Sequence)                   3.00 s
   ✓ FindObject (SubTree) +1                0.05 s
   ✗ Once (Sequence) +2                     2.50 s  CloseGripper: jaws met at 2 % (object…
   ▶ LiftHand                               0.25 s  0.05 m                                  height_m=0.15
   · Later (Fallback) +1
   ■ Undo (MoveArm)                         1.00 s
{object} = {label: bottle}
{grasp} = not written yet
   12.25 s  Main/LiftHand  IDLE -> RUNNING  0.00 m
   12.00 s  Main/Once  RUNNING -> FAILURE
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(snapshot: Snapshot, room: int = 100, width: int = 120, **options: bool) -> str:
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream, width=width).print(picture(snapshot, room, **options))
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines())


def test_the_picture_of_a_whole_snapshot() -> None:
    assert drawn(WHOLE) == GOLDEN


@pytest.mark.parametrize("width", [80, 60, 48])
def test_names_stay_whole_on_a_narrow_terminal(width: int) -> None:
    """As deep and as long as in the library's trees."""
    rows = tuple(
        Row(f"DetectObject{depth}", "DetectObject", depth, "RUNNING", 1.0, "words " * 9, "port=1 " * 9)
        for depth in range(12)
    )
    lines = drawn(replace(WHOLE, rows=rows, watched=(), recent=()), width=width).splitlines()
    assert all(any(f"DetectObject{depth} " in line for line in lines) for depth in range(12))
    assert all(len(line) <= width for line in lines)
    assert width == 48 or sum("words" in line for line in lines) == 12


def test_without_a_unicode_terminal_the_marks_are_ascii() -> None:
    text = drawn(replace(WHOLE, rows=ROWS[:4]), ascii_only=True)
    assert "> GraspBottle" in text
    assert "v FindObject" in text
    assert not set("▶✓✗·") & set(text)


@pytest.mark.parametrize("room", [1, 8, 11, 13])
def test_where_there_is_no_room_transitions_give_way_first_then_the_tree(room: int) -> None:
    lines = drawn(WHOLE, room).splitlines()
    assert len(lines) <= max(room, 10)
    assert "▶ LiftHand" in "\n".join(lines)
    assert "{object}" in "\n".join(lines)


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
    from rich.console import Console

    monkeypatch.setenv("NO_COLOR", value)
    view = make_view("live", Terminal())
    assert isinstance(view, LiveView)
    view.publish(lambda: WHOLE)
    stream = io.StringIO()
    Console(file=stream, force_terminal=True, no_color=view.no_colour).print(view.render())
    assert ("\x1b[32m" not in stream.getvalue()) is plain


def test_plain_is_one_line_per_transition() -> None:
    stream = io.StringIO()
    view = make_view("plain", stream)
    view.start()
    view.transition(Transition(12.345, "Main/CloseGripper", "RUNNING", "FAILURE", "jaws met\nat 2 %"))
    view.transition(Transition(12.4, "Main", "RUNNING", "FAILURE"))
    view.publish(lambda: WHOLE)
    view.stop()
    assert stream.getvalue() == (
        "   12.35 s  Main/CloseGripper  RUNNING -> FAILURE  jaws met at 2 %\n   12.40 s  Main  RUNNING -> FAILURE\n"
    )


HOSTILE = "[red]a[/] [/nonsense] \x1b]0;title\x07\x1b[2J\r\u202e"


def test_text_from_a_tree_is_neither_markup_nor_obeyed_by_the_terminal() -> None:
    row = Row(HOSTILE, HOSTILE, 0, "RUNNING", None, HOSTILE, HOSTILE)
    change = Transition(0.0, HOSTILE, "IDLE", "RUNNING", HOSTILE)
    text = drawn(Snapshot(HOSTILE, (row,), 0.0, Ticks(), HOSTILE, ((HOSTILE, HOSTILE),), (change,)), width=400)
    assert "[red]a[/] [/nonsense]" in text
    stream = io.StringIO()
    view = PlainView(stream)
    view.transition(change)
    for shown in (text, stream.getvalue()):
        assert not set("\x1b\x07\r\u202e") & set(shown)


@given(st.text())
def test_what_is_printed_is_one_printable_line(text: str) -> None:
    assert all(letter.isprintable() for letter in printable(text))


def test_live_starts_draws_and_stops_and_stop_is_safe_twice() -> None:
    stream = io.StringIO()
    view = LiveView(stream)
    view.stop()
    view.start()
    view.stage("starting the robot")
    view.publish(lambda: WHOLE)
    view.stop()
    view.stop()
    assert "GraspBottle" in stream.getvalue()


def test_before_the_first_tick_the_stage_is_shown() -> None:
    view = LiveView(io.StringIO())
    view.stage("starting the robot: fake")
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream).print(view.render())
    assert stream.getvalue().strip() == "starting the robot: fake"


def test_where_nothing_runs_the_children_of_the_root_are_seen() -> None:
    rows = [replace(row, status="SUCCESS" if row.status == "RUNNING" else row.status) for row in ROWS]
    assert [row.name for row in fold(rows)] == ["GraspBottle", "FindObject", "Once", "LiftHand", "Later", "Undo"]


TREES = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["RUNNING", "IDLE", "FAILURE", "SUCCESS"])), max_size=30)


@given(TREES)
def test_folding_keeps_every_running_node_and_counts_what_it_hides(steps: list[tuple[int, str]]) -> None:
    rows: list[Row] = []
    for number, (step, status) in enumerate(steps):
        depth = 0 if not rows else max(1, min(rows[-1].depth + 1, step))
        rows.append(Row(str(number), "A", depth, status))
    shown = fold(rows)
    assert [row.name for row in rows if row.status == "RUNNING"] == [
        row.name for row in shown if row.status == "RUNNING"
    ]
    assert len(shown) + sum(row.hidden for row in shown) == len(rows)
    assert all(not row.hidden for row in shown if row.status == "RUNNING" and row.depth == 0)


@given(st.integers(0, 60), st.integers(0, 30), st.data())
def test_the_window_keeps_the_running_row(count: int, room: int, data: st.DataObject) -> None:
    running = data.draw(st.integers(0, count - 1)) if count else None
    rows = [Row(str(i), "A", 0, "RUNNING" if i == running else "IDLE") for i in range(count)]
    window = fit(rows, room)
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
