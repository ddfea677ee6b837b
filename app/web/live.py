"""A run that goes on, as a source of pages. It is a view like that of the terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from app.drawing.tree_view import tree_view
from app.views.model import NoView, RobotSample, Snapshot, Transition
from app.web.controls import Controls
from app.web.pictures import LogTail, Pictures
from app.web.shape import shape
from app.web.source import Look, log_line, now_of, rows_of

if TYPE_CHECKING:
    from behaviours.model import RobotModel
    from behaviours.recording.session import RunSession

MOST_LINES: Final = 400
"""Of the log, for a page that opens."""
MOST_SAMPLES: Final = 3000
"""Of torque and opening: 5 minutes."""


class LiveRun(NoView):
    """Shows one run. controls: what its buttons do. The tick thread calls `publish`, `robot` and `transition`, which
    only keep what they are given."""

    def __init__(self, title: str, controls: Controls) -> None:
        self._title, self._stage = title, "starting"
        self._ended: tuple[str, str] | None = None
        self._controls = controls
        self._newest: Callable[[], Snapshot] | None = None
        self._lines: deque[list[Any]] = deque(maxlen=MOST_LINES)
        self._count = 0
        self._samples: deque[list[Any]] = deque(maxlen=MOST_SAMPLES)
        self._sampled = 0
        self._session: RunSession | None = None
        self._model: RobotModel | None = None
        self._pictures: Pictures | None = None
        self._tail: LogTail | None = None

    def follow(self, session: RunSession, model: RobotModel) -> None:
        """The tree is built: show it from now on."""
        folder = session.record.path
        self._pictures, self._tail = Pictures(folder), LogTail(folder / "log.jsonl")
        self._model, self._session = model, session

    def stage(self, text: str) -> None:
        self._stage = text

    def transition(self, change: Transition) -> None:
        self._lines.append(log_line(self._count, change))
        self._count += 1

    def robot(self, sample: RobotSample) -> None:
        self._sampled += 1
        numbers = [round(sample.robot_s, 2), round(sample.opening, 4), round(sample.torque_nm, 3)]
        self._samples.append([self._sampled, *numbers])

    def publish(self, newest: Callable[[], Snapshot]) -> None:
        self._newest, self._stage = newest, ""

    def end(self, status: str, reason: str) -> None:
        """The run has ended; nothing more will come. status, reason: of its result."""
        self._ended, self._stage = (status, reason), ""

    def look(self) -> Look:
        newest, session = self._newest, self._session
        now: dict[str, Any] = {
            "stage": self._stage,
            "ended": self._ended,
            "paused": self._controls.paused,
            "stopping": self._controls.stopping,
        }
        if session is None or newest is None:
            return Look(0, (), now)
        snapshot = newest()
        assert self._pictures is not None
        assert self._tail is not None
        for line in self._tail.lines():
            self._pictures.take(line)
        now |= now_of(snapshot) | {"reports": list(self._pictures.reports)}
        lines, samples = _kept(self._lines), _kept(self._samples)
        grown = {"log": lines, "samples": samples, "pictures": list(self._pictures.items)}
        return Look(1, rows_of(snapshot), now, grown)

    def about(self) -> Mapping[str, Any]:
        actions = ["stop", "pause"] if self._controls.can_pause else ["stop"]
        folder = "" if self._session is None else str(self._session.record.path)
        robot = None if self._model is None else shape(self._model)
        return {"title": self._title, "replay": False, "actions": actions, "run": folder, "robot": robot}

    def tree(self) -> str:
        return "" if self._session is None else tree_view(self._session.monitor.nodes, self._title, follow=True)

    def act(self, name: str, value: float) -> bool:
        del value
        return self._controls.act(name)

    def picture(self, name: str) -> bytes | None:
        return None if self._pictures is None else self._pictures.picture(name)

    def cloud(self, name: str) -> bytes | None:
        return None if self._pictures is None else self._pictures.cloud(name)


def _kept(items: deque[list[Any]]) -> list[list[Any]]:
    """A copy of what the tick thread keeps, repeated if it adds something meanwhile."""
    while True:
        try:
            return list(items)
        except RuntimeError:  # the deque changed during the iteration
            continue
