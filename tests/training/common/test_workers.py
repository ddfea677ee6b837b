"""Workers that die, cannot start, or lose their parent: the map ends or goes on, and never hangs."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from perception.base import extras
from perception.base.errors import ConfigError
from tests.support import light_jobs
from tests.support.places import ROOT
from training.common.mapping import LocalMapper, RayMapper
from training.common.workers import WorkerError

MOMENTS = int(os.environ.get("SPOT_GRASP_EXHAUSTIVE", "6"))
"""Moments at which a worker is killed."""
LONG_S = 60.0
"""More than a machine needs that is busy with other things."""


def results(function: Callable[[Any], Any], jobs: list[Any], start: Callable[[], None] = light_jobs.nothing) -> Any:
    return list(LocalMapper(2).map(function, jobs, start))


@contextlib.contextmanager
def killer(moments: int, rng: random.Random, struck: list[int]) -> Iterator[None]:
    """Kills a worker at each of so many random moments, as long as there are workers."""
    ended = threading.Event()

    def strike() -> None:
        while len(struck) < moments and not ended.wait(rng.uniform(0.0, 0.6)):
            children = multiprocessing.active_children()
            if children:
                process = rng.choice(children)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid or 0, signal.SIGKILL)
                    struck.append(process.pid or 0)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.slow
def test_workers_killed_at_random_moments_end_the_map_or_are_replaced_and_nothing_is_lost() -> None:
    rng, jobs = random.Random(5), list(range(60))
    expected = {job: light_jobs.number(job) for job in jobs}
    struck: list[int] = []
    ended = rounds = 0
    while len(struck) < MOMENTS:
        done: dict[int, bytes] = {}
        with killer(MOMENTS, rng, struck):
            while True:  # a study that is started again does what is missing
                try:
                    for result in LocalMapper(2, jobs_per_process=7).map(
                        numbered, [job for job in jobs if job not in done], light_jobs.nothing
                    ):
                        done[result[0]] = result[1]
                    break
                except WorkerError:
                    ended += 1
        rounds += 1
        assert done == expected
        assert not multiprocessing.active_children()
    print(f"{len(struck)} workers killed in {rounds} maps: {ended} ended with an error and were resumed")


def numbered(job: int) -> tuple[int, bytes]:
    return job, light_jobs.number(job)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("SIGKILL", "was killed by SIGKILL, as the system does when memory runs out; fewer --workers need less"),
        ("SIGSEGV", "was killed by SIGSEGV;"),
        ("exit", "ended with exit code 7;"),
    ],
)
def test_a_job_that_kills_its_worker_twice_is_named_with_the_reason(how: str, reason: str) -> None:
    with pytest.raises(WorkerError, match=f"{how}: its worker was replaced and died again: it {reason}") as caught:
        results(light_jobs.die, [how])
    assert "run the same command to go on" in str(caught.value)
    assert not multiprocessing.active_children()


def test_a_job_whose_worker_dies_once_is_done_again(tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in "abc"]
    assert sorted(results(light_jobs.die_once, files)) == files


def test_a_worker_that_cannot_start_ends_the_map() -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'genesis'"):
        results(light_jobs.number, [1, 2, 3], light_jobs.cannot_start)
    with pytest.raises(WorkerError, match=r"1: its worker .* SIGSEGV"):
        results(light_jobs.number, [1], light_jobs.dies_at_start)
    assert not multiprocessing.active_children()


def test_what_a_job_raises_arrives_also_if_it_cannot_be_copied() -> None:
    with pytest.raises(RuntimeError, match="OddError: an oddity"):
        results(light_jobs.odd, [1])
    with pytest.raises(RuntimeError, match="SystemExit: 0"):
        results(light_jobs.leave, [1])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    """Killed, or interrupted together with its workers as by Ctrl-C in a terminal."""
    code = (
        "import signal, sys; from training.common.mapping import LocalMapper\n"
        "from tests.support.light_jobs import forever, nothing\n"
        "def interrupted(*_): raise KeyboardInterrupt\n"
        "if __name__ == '__main__':\n"
        "    for number in signal.SIGTERM, signal.SIGINT: signal.signal(number, interrupted)\n"
        "    try: list(LocalMapper(2).map(forever, [sys.argv[1]] * 2, nothing))\n"
        "    except KeyboardInterrupt: sys.exit(130)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    folder = tmp_path / "pids"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + LONG_S
    while len(list(folder.iterdir())) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    if number == signal.SIGINT:
        os.killpg(parent.pid, number)
    else:
        parent.send_signal(number)
    assert parent.wait(LONG_S) == (130 if number != signal.SIGKILL else -signal.SIGKILL)
    for file in folder.iterdir():
        while running(int(file.name)):
            assert time.monotonic() < deadline, "a worker outlives its parent"
            time.sleep(0.02)
    assert parent.stderr is not None
    assert parent.stderr.read() == "", "nobody complains"
    parent.stderr.close()


def running(pid: int) -> bool:
    """Not gone, and no zombie that waits for an init process to take it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize(
    "command",
    [
        ["dataset", "generate", "--out", "X"],
        ["dataset", "rehearse", "--out", "X"],
        ["evaluate", "grasp", "--out", "X"],
        ["evaluate", "packed", "--out", "X"],
        ["run", "grasp_bottle", "--robot", "genesis"],
        ["simulate"],
    ],
    ids=" ".join,
)
def test_a_missing_extra_is_told_by_every_command_in_the_same_words(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.base.interrupts import Interrupts
    from app.commands.dispatch import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extras, "_is_there", lambda package: package != "genesis")
    monkeypatch.setattr(LocalMapper, "map", None)
    assert main(command, Interrupts()) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"needs the package 'genesis', which is not installed: {extras.install_line('sim')}" in said
    assert not (tmp_path / "X").exists()


@pytest.mark.parametrize(
    ("who", "extra", "package", "command"),
    [
        ("train heatmap", "train", "torch", ["train", "heatmap", "--data", "X", "--out", "Y"]),
        ("evaluate grasp", "train", "matplotlib", ["evaluate", "grasp", "--out", "X"]),
        ("--ray", "ray", "ray", ["dataset", "generate", "--out", "X", "--ray"]),
        ("gif", "sim", "imageio_ffmpeg", ["gif", "video.mp4", "x.gif"]),
        ("--groot", "groot", "zmq", ["run", "grasp_bottle", "--robot", "fake", "--groot"]),
        ("simulate", "spot", "bosdyn.client", ["simulate", "--robot", "fake"]),
    ],
)
def test_the_other_extras_are_told_in_these_words_too(
    who: str,
    extra: str,
    package: str,
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from app.base.interrupts import Interrupts
    from app.commands.dispatch import main

    (tmp_path / "video.mp4").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extras, "_is_there", lambda name: name != package)
    assert main(command, Interrupts()) == 2
    words = f"{who} needs the package {package!r}, which is not installed: {extras.install_line(extra)}\n"
    assert capsys.readouterr().err == f"spot-grasp: {words}"


def test_what_is_there_and_what_is_not() -> None:
    extras.require("this test", "train", "json", "importlib.util")
    for package in ("no_such_package", "no_such_package.part", "json.no_such_part"):
        with pytest.raises(ConfigError, match=f"this test needs the package '{package}', which is not installed"):
            extras.require("this test", "train", package)
    broken = extras.unusable("this test", "spot", ImportError("cannot import name 'x'", name="bosdyn"))
    assert "this test needs the package 'bosdyn', which does not import (cannot import name 'x')" in str(broken)


class CrashedError(Exception):
    """Ray's error for a worker that died."""


def test_a_ray_worker_that_dies_names_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for Ray: its own test needs the package."""
    asked: dict[str, Any] = {}
    cancelled: list[int] = []

    def remote(**options: Any) -> Any:
        asked.update(options)
        numbers = iter(range(9))
        return lambda function: SimpleNamespace(remote=lambda *job: next(numbers))

    def get(reference: int) -> str:
        if reference == 1:
            raise CrashedError("The worker died\nunexpectedly.")
        return f"result {reference}"

    ray = SimpleNamespace(
        exceptions=SimpleNamespace(RayError=CrashedError, RayTaskError=KeyError),
        is_initialized=lambda: True,
        remote=remote,
        wait=lambda waiting, num_returns: (waiting[:1], waiting[1:]),
        get=get,
        cancel=lambda reference, force: cancelled.append(reference),
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    results = RayMapper().map(light_jobs.number, [10, 11, 12], light_jobs.nothing)
    assert next(results) == "result 0"
    with pytest.raises(
        WorkerError, match=r"^11: its worker was replaced and died again: it died: The worker died unexp"
    ):
        next(results)
    assert asked["max_retries"] == 1
    assert cancelled == [2]
