"""Worker processes of this machine. A worker that dies is noticed at once, and workers end with their parent."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection, resource_tracker
from typing import Any, Final

from perception.base.errors import SpotGraspError

Progress = Callable[[str, int, int], None]
"""Called after each finished job with (stage, number of jobs done, number of all jobs)."""
TERMINAL_SIGNALS: Final = (signal.SIGINT, signal.SIGHUP)
"""Sent by a terminal to all its processes. Only the parent acts on them, and ends its workers."""
LEAVE_S: Final = 10.0
"""Time for a worker to end by itself before it is killed."""


class WorkerError(SpotGraspError):
    """Two worker processes died on the same job. The message names the job."""


class LostError(Exception):
    """A worker process died; the message says how."""


class Worker:
    """A process that runs one job at a time. job: the last job. done: number of finished jobs."""

    def __init__(self, function: Callable[[Any], Any], start: Callable[[], None]) -> None:
        """start: called in the new process before its first job."""
        self.job: Any = None
        self.done = 0
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        resource_tracker.ensure_running()  # its first start would unblock the signals that are blocked next
        with _blocked(TERMINAL_SIGNALS):
            self._process = context.Process(target=_work, args=(theirs,), daemon=True)
            self._process.start()
        theirs.close()
        self._send((function, start))

    def give(self, job: Any) -> None:
        """Start a job. `wait_for_any` tells when its result is ready."""
        self.job = job
        self._send(job)

    def result(self) -> Any:
        """The result of the job. Raises what the job or the start of the worker raised; LostError if it died."""
        try:
            if not self._link.poll():
                raise EOFError
            value, error = self._link.recv()
        except (EOFError, OSError):  # also in the middle of a result
            self.kill()
            raise LostError(_reason(self._process.exitcode)) from None
        if error is not None:
            raise error
        self.done += 1
        return value

    def dismiss(self) -> None:
        """Let an idle worker end by itself; `join` waits for that."""
        self._link.close()

    def join(self) -> None:
        """Wait for the end of a dismissed worker, and kill it after LEAVE_S."""
        self._process.join(LEAVE_S)
        self.kill()

    def kill(self) -> None:
        """End the worker at once. May be called again."""
        self._process.kill()
        self._process.join()
        self._link.close()

    def _send(self, value: Any) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it died: `result` reports it
            self._link.send(value)

    @staticmethod
    def wait_for_any(workers: Sequence[Worker]) -> list[Worker]:
        """Wait for workers that have a result or have died; returns them."""
        handles = [handle for worker in workers for handle in (worker._link, worker._process.sentinel)]
        ready = connection.wait(handles)
        return [worker for worker in workers if worker._link in ready or worker._process.sentinel in ready]


def _reason(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    hint = ", as the system does when memory runs out; fewer --workers need less" if name == "SIGKILL" else ""
    return f"was killed by {name}{hint}"


@contextlib.contextmanager
def _blocked(signals: Sequence[signal.Signals]) -> Iterator[None]:
    """Processes started inside never get these signals; this process gets them afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(link: connection.Connection) -> None:
    """The worker's main function: receives function and start, then jobs, until the other end is closed."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            function, start = link.recv()
            start()
        except EOFError:
            raise
        except BaseException as error:  # also of an import that fails while the function is unpickled
            link.send((None, _portable(error)))
            return
        while True:
            job = link.recv()
            try:
                answer: tuple[Any, Exception | None] = (function(job), None)
            except BaseException as error:  # also SystemExit, from a library
                answer = (None, _portable(error))
            link.send(answer)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _portable(error: BaseException) -> Exception:
    """A copy of the error that the parent can receive and raise, with its traceback as a note."""
    copy: Exception = RuntimeError(f"{type(error).__name__}: {error}")
    with contextlib.suppress(Exception):  # an exception's own class may fail to be copied
        received = pickle.loads(pickle.dumps(error))
        if isinstance(received, Exception):
            copy = received
    copy.add_note("in a worker process:\n" + "".join(traceback.format_exception(error)))
    return copy
