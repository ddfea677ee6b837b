"""`spot-grasp replay --web`: a recorded run as a source of pages. All pages show the same place in it."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app.base.interrupts import Interrupts
from app.base.output import hurry, note
from app.drawing.tree_view import tree_view
from app.replay.deck import Deck
from app.views.robot_track import robot_track
from app.views.state import transition_of
from app.web.pictures import Pictures, picture_lines
from app.web.server import Pages
from app.web.shape import shape
from app.web.source import Look, log_line, now_of, rows_of
from behaviours.recording.events import TRANSITION
from behaviours.recording.recording import Recording

KEYS: Final = ("space", "left", "right", "home", "end", "+", "-", "b")
LONGEST_STEP_S: Final = 0.3
"""Wall seconds that a replay plays on at most from one look to the next; without a page it stands still."""
LINES: Final = 200
MOST_GRIPS: Final = 2000
LOOK_S: Final = 0.2


class ReplayPages:
    """Shows a recording at the place of a deck; the buttons of the page are the keys of the terminal."""

    def __init__(self, recording: Recording, deck: Deck) -> None:
        self._recording, self._deck = recording, deck
        self._lock = threading.Lock()
        self._before_s = time.monotonic()
        changes = [event for event in recording.events if event.kind == TRANSITION]
        self._times = [event.time_s for event in changes]
        self._lines = [log_line(number, transition_of(event)) for number, event in enumerate(changes)]
        self._track = robot_track(recording)
        self._pictures = Pictures(recording.path.parent)
        for line in picture_lines(recording):
            self._pictures.take(line)

    def look(self) -> Look:
        with self._lock:
            now_s = time.monotonic()
            self._deck.advance(min(now_s - self._before_s, LONGEST_STEP_S))
            self._before_s = now_s
            snapshot = self._deck.snapshot()
            snapshot = replace(snapshot, robot=self._track.at(snapshot.robot_s))
            speed, paused, to_s = self._deck.speed, self._deck.paused, self._deck.to_s
        result = self._recording.result
        ended = ("killed", "it has no result: it was killed") if result is None else (result.status, result.reason)
        cut = f" ({self._recording.cut})" if self._recording.cut else ""
        played = bisect_right(self._times, snapshot.robot_s)
        now = now_of(snapshot) | {
            "paused": paused, "speed": f"{speed:g}", "to": to_s, "ended": (ended[0], ended[1] + cut),
            "log": self._lines[max(played - LINES, 0) : played],
            "reports": [] if result is None or snapshot.robot_s < to_s else result.reports,
        }  # fmt: skip
        return Look(1, rows_of(snapshot), now, {"pictures": self._pictures.items})

    def about(self) -> Mapping[str, Any]:
        from behaviours.robots.spot.model import SPOT

        return {
            "title": self._recording.title,
            "replay": True,
            "actions": [],
            "run": str(self._recording.path.parent),
            "robot": shape(SPOT),
            "from": self._deck.from_s,
            "to": self._deck.to_s,
            "samples": self._track.grips(MOST_GRIPS),
        }

    def tree(self) -> str:
        return tree_view(self._recording.nodes, self._recording.title, follow=True)

    def act(self, name: str, value: float) -> bool:
        with self._lock:
            if name == "seek":
                self._deck.go(value)
            elif name in KEYS:
                self._deck.key(name)
            else:
                return False
        return True

    def picture(self, name: str) -> bytes | None:
        return self._pictures.picture(name)

    def cloud(self, name: str) -> bytes | None:
        return self._pictures.cloud(name)


def serve(recording: Recording, deck: Deck, port: int, interrupts: Interrupts) -> None:
    """Show the recording in a browser until a signal comes, which is raised as KeyboardInterrupt. ConfigError for a
    port in use."""
    hurry()
    with Pages(ReplayPages(recording, deck), port) as pages:
        note(f"replay: {pages.address}\nCtrl-C ends it\n")
        interrupts.between_ticks()
        while True:
            interrupts.check()
            time.sleep(LOOK_S)
