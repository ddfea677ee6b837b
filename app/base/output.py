"""Text on stdout and stderr: control characters are filtered, and a slow reader cannot block a robot.

In `app` only `tell`, `tell_json`, `tell_file`, `note` and `warn` write. `install` puts an `Outlet`, which has a writing
thread, behind both streams, also for what libraries and leaves print. A command that only informs waits for its reader.
One that moves a robot calls `hurry`: the oldest lines are dropped, and the program's end waits READER_S at most.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import select
import sys
import threading
import time
from collections import deque
from typing import Any, Final

from perception.base.plain_json import json_text

LIMIT: Final = 1 << 18
"""Bytes that are kept for a reader."""
READER_S: Final = 3.0
"""Wall seconds that the end of a run waits for readers."""


class Outlet(io.RawIOBase):
    """A stream whose bytes a thread writes to `descriptor`.

    failed: the first error; after it everything is discarded. hurried: `write` and `flush` never wait, see above.
    """

    def __init__(self, descriptor: int) -> None:
        self.hurried = False
        self.failed: OSError | None = None
        self._descriptor = descriptor
        self._changed = threading.Condition()  # reentrant: a signal's handler may write, too
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._busy = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"output {descriptor}", daemon=True)
        self._thread.start()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        piece = bytes(data)
        with self._changed:
            while self._size > LIMIT and not self.hurried and self.failed is None:
                self._changed.wait()
            if self.failed is None:
                self._waiting.append(piece)
                self._size += len(piece)
            while self.hurried and self._size > LIMIT and len(self._waiting) > 1:
                old = self._waiting.popleft()
                self._size -= len(old)
                self._dropped += max(old.count(b"\n"), 1)
            self._changed.notify_all()
        return len(piece)

    def flush(self) -> None:
        if not self.hurried:
            self.drain(None)

    def drain(self, limit_s: float | None) -> bool:
        """Wait until all is written or discarded, at most `limit_s` (None: no limit); whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._busy) or self.failed is not None, limit_s)

    def _run(self) -> None:
        while self.failed is None:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                piece, dropped, self._dropped, self._busy = self._waiting.popleft(), self._dropped, 0, True
                self._size -= len(piece)
            if dropped and self._descriptor == 2:
                piece = b"spot-grasp: %d lines were not read in time and are left out here\n" % dropped + piece
            try:
                _write_all(self._descriptor, piece)
            except OSError as error:
                self.failed = error
            with self._changed:
                self._busy = False
                self._changed.notify_all()


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:  # another process that shares the file has set it to non-blocking
            select.select([], [descriptor], [])


_outlets: list[Outlet] = []


def install() -> None:
    """Put an outlet behind stdout and stderr. A closed stream, stdin too, becomes /dev/null."""
    for descriptor in (0, 1, 2):  # what is opened next must not get the number of a stream
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  (lives as long as the program)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        before = getattr(sys, name)
        outlet = Outlet(descriptor)
        encoding = getattr(before, "encoding", None) or "utf-8"
        stream = io.TextIOWrapper(outlet, encoding, errors="backslashreplace", write_through=True)  # type: ignore[type-var]
        setattr(sys, name, stream)
        _outlets.append(outlet)
    os.register_at_fork(after_in_child=_take_out)
    logging.getLogger("behaviours").addHandler(_Warnings())


class _Warnings(logging.Handler):
    """Warnings of robots, as lines on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        warn(record.getMessage())


def _take_out() -> None:
    """Give a forked child, which has no writing threads, the original streams."""
    if _outlets:
        _outlets.clear()
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


def hurry() -> None:
    """Stop waiting for readers: a robot moves, or the program was told to end."""
    for outlet in _outlets:
        outlet.hurried = True
        with outlet._changed:
            outlet._changed.notify_all()


def is_read() -> bool:
    """Whether stdout still has a reader."""
    return not _outlets or _outlets[0].failed is None


def settle(code: int) -> int:
    """Wait for what is still to be written; the exit code of the program.

    If stdout cannot be written to, a command that only informs ends with 2 in place of 0. A closed pipe changes
    nothing. Neither does a full disk if a robot moved (`hurry`): writing was not the work of that command.
    """
    end_s = time.monotonic() + READER_S
    for outlet in _outlets:
        outlet.drain(max(end_s - time.monotonic(), 0.0) if outlet.hurried else None)
    if _outlets and (failed := _outlets[0].failed) is not None and failed.errno not in (errno.EPIPE, errno.EIO):
        warn(f"cannot write to stdout: {failed.strerror}")
        _outlets[1].drain(READER_S)
        return code if _outlets[0].hurried else code or 2
    return code


def printable(text: str) -> str:
    """The text on one line, without control characters."""
    return _safe(" ".join(text.split()))


def _safe(text: str) -> str:
    """The text without control characters other than line ends and tabs."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in text)


def tell(text: str) -> None:
    """Whole lines to stdout, for people."""
    sys.stdout.write(_safe(text))


def tell_json(value: Any, *, indent: int | None = None) -> None:
    """A value as JSON to stdout, on one line unless `indent` says else; ASCII, so that any encoding holds it."""
    sys.stdout.write(json_text(value, indent=indent) + "\n")


def tell_result(value: Any, text: str, *, as_json: bool) -> None:
    """A result to stdout: the value as one line of JSON, or whole lines of text for people."""
    if as_json:
        tell_json(value)
    else:
        tell(text)


def tell_file(text: str) -> None:
    """The content of a file to stdout: unchanged, but on a terminal without control characters."""
    sys.stdout.write(_safe(text) if sys.stdout.isatty() else text)


def warn(text: str) -> None:
    """One line to stderr, after the program's name."""
    sys.stderr.write(f"spot-grasp: {printable(text)}\n")


def note(text: str) -> None:
    """Whole lines to stderr, for people."""
    sys.stderr.write(_safe(text))
