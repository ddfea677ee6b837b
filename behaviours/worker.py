"""One thread for what takes longer than a tick: inference and image processing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
LEAVE_S = 10.0
"""How long a job that does not end may keep a run from being closed, wall seconds."""


class Job(Generic[T]):
    """Work that a `Worker` does. future: of its executor."""

    def __init__(self, future: Future[T]) -> None:
        self._future = future

    @property
    def done(self) -> bool:
        """True once there is a result or an error; never blocks."""
        return self._future.done()

    def result(self) -> T:
        """The value, or the work's own exception, raised here. Only once `done`."""
        return self._future.result(timeout=0)

    def cancel(self) -> None:
        """Drop work that has not begun; work in progress runs on and its result is not used. Safe twice."""
        self._future.cancel()


class Worker:
    """Runs jobs one after another on its own thread. A context manager: leaving it waits for the job in progress,
    LEAVE_S at most."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker")
        self._pending: list[Future[object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait_for(self._pending, timeout=LEAVE_S)

    def submit(self, work: Callable[[], T]) -> Job[T]:
        """Queue the work; returns at once."""
        future = self._pool.submit(work)
        self._pending = [other for other in self._pending if not other.done()] + [future]  # type: ignore[list-item]
        return Job(future)

    def wait(self) -> None:
        """Block until nothing is queued. The run loop calls it after each tick where time is simulated: then every
        job takes one tick of the robot's time, and runs repeat exactly."""
        wait_for(self._pending)
        self._pending = []


__all__ = ["CancelledError", "Job", "Worker"]
