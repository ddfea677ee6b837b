"""`run --rerun`: the run in rerun's viewer while it goes on, through the mapping that exports use."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Mapping
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from app.base.output import warn
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from app.export.rerun_stream import RerunStream
    from app.export.story import Story
    from behaviours.recording.session import RunSession

WAITING: Final = 20_000
"""Lines and states that may wait to be shown; what comes while so many wait is not shown."""
LEAVE_S: Final = 5.0
"""How long a viewer that does not take what it is sent may keep a run from being closed."""


class Rerun:
    """Opens the viewer at once, before the robot starts. address: of a viewer, "" starts one, None for none.

    Lines and states are handed to a thread, so a tick never waits for the viewer. ConfigError without rerun or viewer.
    """

    def __init__(self, address: str | None, title: str) -> None:
        self._stream: RerunStream | None = None
        self._thread: Thread | None = None
        self._waiting: queue.Queue[tuple[str, Mapping[str, Any]]] = queue.Queue(WAITING)
        if address is not None:
            from app.export.rerun_stream import RerunStream

            self._stream = RerunStream(title, "--rerun")
            self._stream.to_viewer(address or None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._thread is not None:
            self._take("end", {})
            self._thread.join(LEAVE_S)

    def follow(self, session: RunSession) -> None:
        """Show this run from now on, if there is a viewer."""
        if self._stream is None:
            return
        from app.export.story import Story

        story = Story(session.record.path, session.monitor.nodes)
        self._thread = Thread(target=self._show, args=(self._stream, story), name="rerun", daemon=True)
        self._thread.start()
        session.record.follow(lambda line: self._take("line", line))
        session.states.follow(lambda state: self._take("state", state))

    def _take(self, kind: str, value: Mapping[str, Any]) -> None:
        with contextlib.suppress(queue.Full):  # what is not shown is in the run folder all the same
            self._waiting.put_nowait((kind, dict(value)))

    def _show(self, stream: RerunStream, story: Story) -> None:
        now_s = 0.0
        try:
            for item in story.beginning():
                stream.write(now_s, item)
            while True:
                kind, value = self._waiting.get()
                if kind == "end":
                    break
                time_s = value.get("t_s" if kind == "state" else "t")
                now_s = now_s if time_s is None else max(now_s, float(time_s))
                for item in story.state(value) if kind == "state" else story.line(value):
                    stream.write(now_s, item)
            stream.close()
        except (ConfigError, RuntimeError, ValueError, OSError) as error:
            warn(f"--rerun: rerun shows no more of this run: {error}")
