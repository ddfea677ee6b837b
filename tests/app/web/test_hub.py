"""Messages for pages: whoever has missed some sees the same as whoever has all, and nobody is waited for."""

from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.web import hub as hubs
from app.web.hub import MOST_PAGES, Hub, _message
from app.web.source import Look
from tests.app.web.sources import Still

ROWS = st.lists(
    st.tuples(st.sampled_from(["IDLE", "RUNNING"]), st.none() | st.floats(0, 9), st.text(max_size=3)),
    min_size=3,
    max_size=3,
)


class Page:
    """Keeps what a page would show."""

    def __init__(self) -> None:
        self.rows: dict[int, list[Any]] = {}
        self.log: list[Any] = []
        self.now: Any = None

    def take(self, data: bytes) -> None:
        message = json.loads(data)
        if message.get("whole"):
            self.rows, self.log = {}, []
        self.rows |= {index: row for index, *row in message["rows"]}
        self.log += message["grown"]["log"]
        self.now = message["now"]


@given(st.lists(st.tuples(ROWS, st.integers(0, 3), st.integers(1, 2)), min_size=1, max_size=12), st.data())
def test_changes_add_up_to_the_whole(steps: list[tuple[Any, int, int]], data: st.DataObject) -> None:
    """A page that gets each message, and one that joins or misses messages, show the newest look."""
    page, late, log = Page(), Page(), []
    before: Look | None = None
    for rows, lines, epoch in steps:
        log = [*log, *([len(log) + n] for n in range(lines))]
        look = Look(epoch, rows, {"t": len(log)}, {"log": log[-4:]})
        page.take(_message(look, before, 1))
        if data.draw(st.booleans()):
            late.take(_message(look, None, 1))
            assert late.rows == {index: list(row) for index, row in enumerate(rows)}
            assert late.log == log[-4:]
        before = look
    assert page.rows == {index: list(row) for index, row in enumerate(steps[-1][0])}
    assert page.log[-4:] == log[-4:]
    assert page.now == {"t": len(log)}


def test_nothing_is_looked_at_while_no_page_is_open() -> None:
    source = Still()
    with Hub(source, period_s=0.001) as hub:
        time.sleep(0.05)  # if it looked, it would by now
        assert source.looks == 0
        page = hub.join()
        version, message = hub.wait(page, 0, 30.0) or (0, b"")
        assert json.loads(message)["whole"]
        assert version >= 1
        hub.leave(page)


def test_a_page_that_sleeps_gets_the_newest_only_and_holds_nothing() -> None:
    source = Still()
    with Hub(source, period_s=0.001) as hub:
        slow, quick = hub.join(), hub.join()
        first = hub.wait(slow, 0, 30.0)
        assert first is not None
        version = 0
        for _ in range(50):
            version, _ = hub.wait(quick, version, 30.0) or (0, b"")
        source.rows[1] = ("RUNNING", 1.0, "now")
        seen = source.looks
        while source.looks < seen + 3:
            version, _ = hub.wait(quick, version, 30.0) or (0, b"")
        news = hub.wait(slow, first[0], 30.0)
        assert news is not None
        assert json.loads(news[1])["whole"]
        assert ["RUNNING", 1.0, "now"] in [row[1:] for row in json.loads(news[1])["rows"]]
        for page in (slow, quick):
            hub.leave(page)


def test_the_oldest_of_too_many_pages_is_told_to_close() -> None:
    with Hub(Still(), period_s=0.001) as hub:
        pages = [hub.join() for _ in range(MOST_PAGES + 1)]
        assert hub.wait(pages[0], 0, 30.0) is None
        assert all(hub.wait(page, 0, 30.0) is not None for page in pages[1:])
        for page in pages:
            hub.leave(page)


def test_the_last_message_says_how_it_ended_and_a_page_that_never_reads_is_not_waited_for() -> None:
    source = Still()
    hub = Hub(source, period_s=0.001)
    with hub:
        page, dead = hub.join(), hub.join()
        hub.wait(page, 0, 30.0)
        source.now["ended"] = ["success", ""]
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 2 * hubs.LAST_S + 5.0
    version, message = hub.wait(page, 0, 30.0) or (0, b"")
    assert json.loads(message)["now"]["ended"] == ["success", ""]
    assert hub.wait(page, version, 30.0) is None
    hub.leave(dead)


def test_an_error_of_the_source_is_said_and_the_next_look_goes_on() -> None:
    class Fails(Still):
        def look(self) -> Look:
            look = super().look()
            if self.looks < 3:
                raise ValueError("the disk is gone")
            return look

    with Hub(Fails(), period_s=0.001) as hub:
        page, version, errors = hub.join(), 0, []
        while not errors or errors[-1] is not None:
            version, message = hub.wait(page, version, 30.0) or (0, b"")
            errors.append(json.loads(message)["now"].get("error"))
        assert errors[0] == "ValueError: the disk is gone"
        hub.leave(page)
