"""The same function over many jobs: in processes of this machine, or over Ray.

A job is a small picklable value that says everything, seeds among them, so that a result depends on its job alone and
not on where or when it was made: local processes and Ray give the same bytes. Results come as they are ready. Workers
only compute; the caller writes the files.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from perception.errors import ConfigError

Job = TypeVar("Job")
Result = TypeVar("Result")
JOBS_PER_PROCESS = 25
"""A worker process is replaced after this many: each rebuilt physics scene leaves some 30 MB behind."""


class Mapper(Protocol):
    """How jobs are done."""

    def map(
        self, function: Callable[[Job], Result], jobs: Sequence[Job], start: Callable[[], None]
    ) -> Iterator[Result]:
        """Results in any order. start: called once in each worker process before its first job.
        An exception of a job is raised here, and ends the map."""


class LocalMapper:
    """Processes of this machine."""

    def __init__(self, workers: int = 1, jobs_per_process: int = JOBS_PER_PROCESS) -> None:
        if workers < 1:
            raise ConfigError(f"--workers {workers} must be at least 1")
        self._workers, self._share = workers, jobs_per_process

    def map(
        self, function: Callable[[Job], Result], jobs: Sequence[Job], start: Callable[[], None]
    ) -> Iterator[Result]:
        if not jobs:
            return
        context = multiprocessing.get_context("spawn")
        with context.Pool(min(self._workers, len(jobs)), _restart, (start,), maxtasksperchild=self._share) as pool:
            yield from pool.imap_unordered(function, jobs, chunksize=1)


class RayMapper:
    """A Ray cluster. address: of its head; None starts Ray on this machine. ConfigError if Ray is not installed or
    cannot be reached."""

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        try:
            import ray
        except ImportError as error:
            raise ConfigError("--ray needs Ray: pip install 'spot-grasp[ray]'") from error
        self._ray: Any = ray
        self._options = {"max_calls": JOBS_PER_PROCESS, "num_cpus": 1}
        if not ray.is_initialized():
            local = {"num_cpus": workers, "include_dashboard": False} if address is None else {"address": address}
            try:
                ray.init(log_to_driver=False, logging_level=logging.ERROR, **local)
            except (ConnectionError, ValueError, RuntimeError, OSError) as error:
                raise ConfigError(f"--ray {address or ''}: cannot reach Ray: {error}") from error

    def map(
        self, function: Callable[[Job], Result], jobs: Sequence[Job], start: Callable[[], None]
    ) -> Iterator[Result]:
        task = self._ray.remote(**self._options)(_started)
        waiting = [task.remote(function, job, start) for job in jobs]
        try:
            while waiting:
                ready, waiting = self._ray.wait(waiting, num_returns=1)
                for reference in ready:
                    try:
                        yield self._ray.get(reference)
                    except self._ray.exceptions.RayTaskError as error:
                        raise error.cause if isinstance(error.cause, Exception) else error from None
        finally:
            for reference in waiting:
                self._ray.cancel(reference, force=True)

    def close(self) -> None:
        self._ray.shutdown()


_ready = False


def _restart(start: Callable[[], None]) -> None:
    start()


def _started(function: Callable[[Job], Result], job: Job, start: Callable[[], None]) -> Result:
    """One job in a Ray worker, which is made ready before its first."""
    global _ready
    if not _ready:
        start()
        _ready = True
    return function(job)


def nothing_to_start() -> None:
    """For jobs that need no simulator."""
