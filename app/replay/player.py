"""`spot-grasp replay`: a run played back from its log, in place with keys on a terminal, else line by line."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from app.base.exit_codes import SUCCESS
from app.base.output import hurry, is_read, printable
from app.replay.deck import Deck
from app.views.live import LiveView
from app.views.plain import transition_line
from app.views.state import transition_of
from behaviours.recording.recording import Recording, read_recording

FRAME_S: Final = 0.05
KEYS: Final = {
    " ": "space", "\x1b[C": "right", "\x1b[D": "left", "\x1b[A": "up", "\x1b[B": "down", "\x1b[H": "home",
    "\x1b[F": "end", "\x1bOC": "right", "\x1bOD": "left", "\x1bOA": "up", "\x1bOB": "down", "\x1bOH": "home",
    "\x1bOF": "end", "=": "+", "_": "-", "Q": "q", "\x04": "q",
}  # fmt: skip
"""Key names by what terminals send; other characters are their own names."""


def replay(
    run: Path,
    *,
    speed: float | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
    watch: Sequence[str] = (),
    plain: bool = False,
) -> int:
    """Play a run; returns 0.

    speed: robot seconds a second, negative for backwards; None is 1 on a terminal, elsewhere without waiting. from_s,
    to_s: the part to play, on the robot's clock. watch: blackboard keys to show. plain: lines also on a terminal.
    ConfigError if there is no log."""
    recording = read_recording(run)
    if plain or not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        print_lines(recording, speed, from_s, to_s, sys.stdout)
    else:
        _play(Deck(recording, speed=speed or 1.0, from_s=from_s, to_s=to_s, watch=watch))
    return SUCCESS


def print_lines(
    recording: Recording,
    speed: float | None,
    from_s: float | None,
    to_s: float | None,
    out: IO[str],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """A line for each transition in the part, and the result if the part reaches the end."""
    changes = [event for event in recording.events if event.kind == "transition"]
    last_s = recording.span_s[1] if to_s is None else to_s
    part = [event for event in changes if (from_s or 0.0) <= event.time_s <= last_s]
    ordered = part if speed is None or speed > 0 else part[::-1]
    before_s = ordered[0].time_s if ordered else 0.0
    for event in ordered:
        if speed is not None and event.time_s != before_s:
            sleep(abs((event.time_s - before_s) / speed))
            before_s = event.time_s
        if not is_read():  # the reader has gone, e.g. `| head`
            return
        out.write(transition_line(transition_of(event)) + "\n")
        out.flush()
    if last_s >= recording.span_s[1]:
        out.write("".join(f"{printable(text)}\n" for text in (recording.end or "killed", recording.cut) if text))


def _play(deck: Deck) -> None:
    hurry()  # a paused terminal must not hold the keys
    view = LiveView(sys.stdout, no_colour=bool(os.environ.get("NO_COLOR")))
    _draw(view, deck)
    with _keys_at_once(sys.stdin.fileno()):
        view.start()
        try:
            before_s = time.monotonic()
            while not deck.done:
                for name in read_keys(sys.stdin.fileno(), FRAME_S):
                    deck.key(name)
                now_s = time.monotonic()
                deck.advance(now_s - before_s)
                before_s = now_s
                _draw(view, deck)
        finally:
            view.stop()


def _draw(view: LiveView, deck: Deck) -> None:
    snapshot = deck.snapshot()  # made here, because the view's thread reads it later
    view.publish(lambda: snapshot)


@contextlib.contextmanager
def _keys_at_once(terminal: int) -> Iterator[None]:
    """Read keys as they are pressed, without echo; the terminal is restored afterwards."""
    import termios
    import tty

    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield
    finally:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(terminal, termios.TCSANOW, before)


def read_keys(terminal: int, wait_s: float) -> list[str]:
    """The names of the keys pressed, after at most `wait_s` without one. A closed terminal counts as `q`."""
    if not select.select([terminal], [], [], wait_s)[0]:
        return []
    try:
        data = os.read(terminal, 1024)
    except OSError:
        data = b""
    return names_of(data.decode("utf-8", "replace")) if data else ["q"]


def names_of(text: str) -> list[str]:
    """The names of the keys in what a terminal sent."""
    names, at = [], 0
    while at < len(text):
        size = 3 if text[at : at + 3] in KEYS else 1
        names.append(KEYS.get(text[at : at + size], text[at : at + size]))
        at += size
    return names
