"""Makes the messages for the pages, ten a second, once for all of them; nothing is made while no page is open.

A page that has the message before gets what changed, every other one the whole. Only the newest message is kept, so a
slow page misses some and nothing grows.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self

from app.web.source import Look, Source
from perception.base.plain_json import json_text

PERIOD_S: Final = 0.1
LAST_S: Final = 0.5
"""How long the end of a run waits for the pages to get the last message."""
MOST_PAGES: Final = 4
"""A browser opens six connections to a server; the rest is for pictures and buttons."""


class Hub:
    """Threads of the server call `join`, `wait` and `leave`; a thread of its own looks at the source."""

    def __init__(self, source: Source, period_s: float = PERIOD_S) -> None:
        self.source, self._period_s = source, period_s
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._pages: dict[int, int] = {}  # by number: the version that was sent last
        self._count = 0
        self._version = 0
        self._look = Look(-1)
        self._step = b""
        self._whole: bytes | None = None
        self._thread = threading.Thread(target=self._run, name="web pages", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(LAST_S)
        with self._changed:
            self._changed.notify_all()  # pages that have the last message are told that it was the last
            newest = self._version
            self._changed.wait_for(lambda: all(sent >= newest for sent in self._pages.values()), LAST_S)

    def join(self) -> int:
        """A page opens: its number. If there are too many, the oldest is told to close."""
        with self._changed:
            self._count += 1
            self._pages[self._count] = 0
            if len(self._pages) > MOST_PAGES:
                del self._pages[min(self._pages)]
            self._changed.notify_all()
            return self._count

    def leave(self, page: int) -> None:
        """A page has closed; safe twice."""
        with self._changed:
            self._pages.pop(page, None)
            self._changed.notify_all()

    def wait(self, page: int, version: int, limit_s: float) -> tuple[int, bytes] | None:
        """The newest message and its version once that is not `version`, b"" after `limit_s` without one. None when the
        run has ended and all is said, or the page is to close. version: what the page got last, 0 for nothing."""
        with self._changed:
            if page in self._pages:
                self._pages[page] = version
                self._changed.notify_all()

            def ready() -> bool:
                return page not in self._pages or self._version not in (0, version) or not self._thread.is_alive()

            self._changed.wait_for(ready, limit_s)
            if page not in self._pages:
                return None
            if self._version in (0, version):
                return (version, b"") if self._thread.is_alive() else None
            if version and version == self._version - 1:
                return self._version, self._step
            if self._whole is None:
                self._whole = _message(self._look, None, self._version)
            return self._version, self._whole

    def _run(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._pages or self._closed.is_set())
            self._put()
            self._closed.wait(self._period_s)
        self._put()

    def _put(self) -> None:
        try:
            look = self.source.look()
        except Exception as error:  # the boundary of the thread: the pages say it and stay as they are
            words = f"{type(error).__name__}: {error}"
            look = replace(self._look, now={**self._look.now, "error": words})
        step = _message(look, self._look, self._version + 1)
        with self._changed:
            self._version += 1
            self._look, self._step, self._whole = look, step, None
            self._changed.notify_all()


def _message(look: Look, before: Look | None, version: int) -> bytes:
    """What changed since `before`; all if that is None or of another epoch."""
    message: dict[str, Any] = {"v": version, "epoch": look.epoch, "now": look.now}
    if before is None or before.epoch != look.epoch or len(before.rows) != len(look.rows):
        message["whole"] = True
        message["rows"] = [[index, *row] for index, row in enumerate(look.rows)]
        message["grown"] = {name: list(items) for name, items in look.grown.items()}
    else:
        message["rows"] = [
            [index, *row]
            for index, (row, old) in enumerate(zip(look.rows, before.rows, strict=True))
            if row != old
        ]  # fmt: skip
        message["grown"] = {name: _new(items, before.grown.get(name, ())) for name, items in look.grown.items()}
    return json_text(message, separators=(",", ":")).encode()


def _new(items: Sequence[Sequence[Any]], before: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """The items whose numbers are above those of before."""
    last = before[-1][0] if before else -1
    count = 0
    for item in reversed(items):
        if item[0] <= last:
            break
        count += 1
    return list(items[len(items) - count :])
