"""Maps a function over many jobs, in processes of this machine or over Ray.

A job is a small picklable value with all that its result depends on, seeds included. Local processes and Ray therefore
give the same bytes. Its `str` names it in messages. Results come in any order. Workers only compute; the caller writes
the files.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol, TypeVar

from perception.base.errors import ConfigError
from perception.base.extras import require
from training.common.workers import LostError, Worker, WorkerError

Job = TypeVar("Job")
Result = TypeVar("Result")
JOBS_PER_PROCESS = 25
"""A worker process is replaced after this many jobs, because each rebuilt physics scene leaks memory."""


class Mapper(Protocol):
    """A way to run jobs."""

    def map(
        self,
        function: Callable[[Job], Result],
        jobs: Sequence[Job],
        start: Callable[[], None],
        lost: Callable[[Job, str], Result] | None = None,
    ) -> Generator[Result, None, None]:
        """Results in any order; closing the generator ends the workers.

        start: called once in each worker process before its first job. lost: gives the result of a job whose process
        dies, from the reason in words; without it such a job is done once more. An exception of a job, or of the start,
        is raised here and ends the map. WorkerError if the job's process dies twice.
        """


class LocalMapper:
    """Processes of this machine. workers: how many. jobs_per_process: after so many jobs a process is replaced. A job
    whose process dies is repeated once, in a new one."""

    def __init__(self, workers: int = 1, jobs_per_process: int = JOBS_PER_PROCESS) -> None:
        if workers < 1:
            raise ConfigError(f"--workers {workers} must be at least 1")
        self._workers, self._share = workers, jobs_per_process

    def map(
        self,
        function: Callable[[Job], Result],
        jobs: Sequence[Job],
        start: Callable[[], None],
        lost: Callable[[Job, str], Result] | None = None,
    ) -> Generator[Result, None, None]:
        todo = list(reversed(jobs))
        again: list[Job] = []
        busy: list[Worker] = []
        idle: list[Worker] = []
        try:
            while todo or busy:
                while todo and len(busy) < self._workers:
                    busy.append(idle.pop() if idle else Worker(function, start))
                    busy[-1].give(todo.pop())
                for worker in Worker.wait_for_any(busy):
                    try:
                        result: Result = worker.result()
                    except LostError as reason:
                        busy.remove(worker)
                        if lost is not None:
                            yield lost(worker.job, str(reason))
                            continue
                        if worker.job in again:
                            raise _died_again(worker.job, str(reason)) from None
                        sys.stderr.write(f"{worker.job}: its worker {reason}; the job is done again\n")
                        again.append(worker.job)
                        todo.append(worker.job)
                        continue
                    busy.remove(worker)
                    if worker.done < self._share:
                        idle.append(worker)
                    else:
                        worker.dismiss()
                        worker.join()
                    yield result
            for worker in idle:
                worker.dismiss()
            for worker in idle:
                worker.join()
        finally:
            for worker in (*busy, *idle):
                worker.kill()


class RayMapper:
    """A Ray cluster. address: of its head; None starts Ray on this machine. workers: then the number of processes.
    ConfigError if Ray is not installed or cannot be reached."""

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        require("--ray", "ray")
        import ray

        self._ray: Any = ray
        self._options = {"max_calls": JOBS_PER_PROCESS, "num_cpus": 1}
        if not ray.is_initialized():
            local = {"num_cpus": workers, "include_dashboard": False} if address is None else {"address": address}
            try:
                ray.init(log_to_driver=False, logging_level=logging.ERROR, **local)
            except (ConnectionError, ValueError, RuntimeError, OSError) as error:
                raise ConfigError(f"--ray {address or ''}: cannot reach Ray: {error}") from error

    def map(
        self,
        function: Callable[[Job], Result],
        jobs: Sequence[Job],
        start: Callable[[], None],
        lost: Callable[[Job, str], Result] | None = None,
    ) -> Generator[Result, None, None]:
        again = 1 if lost is None else 0
        task = self._ray.remote(**self._options, max_retries=again)(_started)
        waiting = {task.remote(function, job, start): job for job in jobs}
        errors = self._ray.exceptions
        try:
            while waiting:
                ready, _ = self._ray.wait(list(waiting), num_returns=1)
                for reference in ready:
                    job = waiting.pop(reference)
                    try:
                        result = self._ray.get(reference)
                    except errors.RayTaskError as error:
                        raise error.cause if isinstance(error.cause, Exception) else error from None
                    except errors.RayError as error:  # the worker crashed, ran out of memory, or its node was lost
                        words = f"died: {' '.join(str(error).split())}"
                        if lost is None:
                            raise _died_again(job, words) from error
                        result = lost(job, words)
                    yield result
        finally:
            for reference in waiting:
                self._ray.cancel(reference, force=True)

    def close(self) -> None:
        self._ray.shutdown()


_ready = False


def _died_again(job: object, reason: str) -> WorkerError:
    again = "its worker was replaced and died again"
    return WorkerError(f"{job}: {again}: it {reason}; what is finished stays, run the same command to go on")


def _started(function: Callable[[Job], Result], job: Job, start: Callable[[], None]) -> Result:
    """One job in a Ray worker, which is made ready before its first."""
    global _ready
    if not _ready:
        start()
        _ready = True
    return function(job)
