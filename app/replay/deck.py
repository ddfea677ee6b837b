"""The position in a replay and the state there: forward, backward, in steps, at any speed. No terminal, no clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from app.views.model import Snapshot
from app.views.state import RunState
from behaviours.recording.events import OVERRUN, TRANSITION, Event
from behaviours.recording.recording import Recording
from behaviours.recording.tick_times import Ticks

EVERY: Final = 500
"""Events from one kept state to the next; going back replays at most so many."""
FASTEST: Final = 1024.0
JUMP_S: Final = 10.0
HELP: Final = "space: pause  ←/→: one change  ↑/↓: 10 s  +/-: speed  b: backwards  q: quit"


@dataclass
class _Seen:
    """The state after the first `index` events."""

    state: RunState
    ticks: Ticks = field(default_factory=Ticks)
    index: int = 0

    def copy(self) -> _Seen:
        return _Seen(self.state.copy(), self.ticks, self.index)


class Deck:
    """Plays a recording. from_s, to_s: the part to play, on the robot's clock; None is the start or end of the run.
    speed: robot seconds a second, negative for backwards. watch: blackboard keys, `key` or `Subtree/key`."""

    def __init__(
        self,
        recording: Recording,
        *,
        speed: float = 1.0,
        from_s: float | None = None,
        to_s: float | None = None,
        watch: Sequence[str] = (),
    ) -> None:
        self._recording, self.speed = recording, speed
        begin_s, end_s = recording.span_s
        self.from_s = begin_s if from_s is None else from_s
        self.to_s = max(end_s if to_s is None else to_s, self.from_s)
        self._times = [event.time_s for event in recording.events]
        self._changes = [event.time_s for event in recording.events if event.kind == TRANSITION]
        first = _Seen(RunState(recording.title, recording.nodes, watch))
        self._kept = [first.copy()]
        self._seen = first
        self.time_s = self.to_s if speed < 0 else self.from_s
        self.paused = False
        self.done = False

    def advance(self, wall_s: float) -> None:
        """Play on by this wall time."""
        if not self.paused:
            self.go(self.time_s + self.speed * wall_s)
            if self.time_s == (self.to_s if self.speed > 0 else self.from_s):
                self.paused = True

    def go(self, time_s: float) -> None:
        self.time_s = min(max(time_s, self.from_s), self.to_s)

    def key(self, name: str) -> None:
        """A key was pressed: space, left, right, up, down, home, end, +, -, b or q; others do nothing."""
        match name:
            case "space":
                self.paused = not self.paused
            case "left" | "right":
                self.paused = True
                self._step(back=name == "left")
            case "up":
                self.go(self.time_s + JUMP_S)
            case "down":
                self.go(self.time_s - JUMP_S)
            case "home":
                self.go(self.from_s)
            case "end":
                self.go(self.to_s)
            case "+" | "-":
                faster = self.speed * (2.0 if name == "+" else 0.5)
                self.speed = faster if 1 / FASTEST <= abs(faster) <= FASTEST else self.speed
            case "b":
                self.speed, self.paused = -self.speed, False
            case "q":
                self.done = True

    def _step(self, *, back: bool) -> None:
        place = bisect_left(self._changes, self.time_s) - 1 if back else bisect_right(self._changes, self.time_s)
        if 0 <= place < len(self._changes):
            self.go(self._changes[place])

    def snapshot(self) -> Snapshot:
        """The state at the present position."""
        played = bisect_right(self._times, self.time_s)
        if played < self._seen.index:
            self._seen = self._kept[played // EVERY].copy()
        while self._seen.index < played:
            self._play(self._recording.events[self._seen.index])
        return self._seen.state.snapshot(self.time_s, self._seen.ticks, note=self._note())

    def _play(self, event: Event) -> None:
        seen, data = self._seen, event.data
        seen.state.play(event)
        if event.kind == OVERRUN:
            worst_s = max(seen.ticks.worst_s, data["wall_ms"] / 1000.0)
            slowest = f"{data.get('leaf')} ({data['leaf_ms']:.0f} ms)" if data.get("leaf") else ""
            seen.ticks = replace(seen.ticks, overruns=seen.ticks.overruns + 1, worst_s=worst_s, slowest=slowest)
        seen.index += 1
        if seen.index == EVERY * len(self._kept):
            self._kept.append(seen.copy())

    def _note(self) -> str:
        how = "paused" if self.paused else f"×{self.speed:g}"
        parts = [f"{self.time_s:.2f} of {self.to_s:.2f} s, {how}"]
        if self.time_s >= self.to_s:
            parts += [text for text in (self._recording.end or "killed", self._recording.cut) if text]
        return "   ".join([*parts, HELP])
