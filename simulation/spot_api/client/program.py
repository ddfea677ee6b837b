"""Starts a program written for a Spot against the simulator, with its environment and clock."""

from __future__ import annotations

import contextlib
import mmap
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.base.plain_json import json_text
from simulation.spot_api.client import redirect
from simulation.spot_api.server import SpotServer

PYTHONS = ("python", "python3")
LEAVE_S = 5.0
"""Wall seconds between asking a program to end and killing it."""


class ClockFile:
    """Writes the robot's clock to a file that other processes read."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(redirect.CLOCK.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), redirect.CLOCK.size)
        self._sequence = 0

    def __call__(self, robot_s: float, wall_s: float, speed: float, ahead_s: float) -> None:
        self._sequence += 2
        self._memory[:] = redirect.CLOCK.pack(self._sequence - 1, robot_s, wall_s, speed, ahead_s)
        self._memory[:8] = self._sequence.to_bytes(8, "little")


def client_environment(
    server: SpotServer, folder: Path, base: Mapping[str, str], *, simulated_clock: bool = True, click: bool = False
) -> dict[str, str]:
    """The environment of a program that connects to the simulator instead of a robot.

    folder: an empty folder that exists as long as the program. base: the environment to add to. simulated_clock: the
    program's time follows the simulation. click: windows that wait for a click get one on the target. The environment
    holds the password: pass it to the program only.
    """
    shutil.copyfile(redirect.__file__, folder / "sitecustomize.py")
    environment = {
        **base,
        "PYTHONPATH": os.pathsep.join(part for part in (str(folder), base.get("PYTHONPATH", "")) if part),
        "SPOT_GRASP_SIM_PORT": str(server.port),
        "SPOT_GRASP_SIM_CA": str(server.ca_file),
        "BOSDYN_CLIENT_USERNAME": server.username,
        "BOSDYN_CLIENT_PASSWORD": server.password,
    }
    if simulated_clock:
        clock = folder / "clock"
        server.world.clock.listen(ClockFile(clock))
        server.world.call(lambda robot: None)  # the clock has been written once
        environment["SPOT_GRASP_SIM_CLOCK"] = str(clock)
    if click:
        pixel = folder / "click.json"
        write_click(pixel, (320.0, 240.0))
        server.on_target_seen = lambda uv: write_click(pixel, uv)
        environment["SPOT_GRASP_SIM_CLICK"] = str(pixel)
    return environment


def write_click(path: Path, pixel_uv: tuple[float, float]) -> None:
    """Write a pixel to the file that `redirect` reads."""
    write_atomic(path, json_text(pixel_uv).encode(), sync=False)


def program_words(command: str) -> list[str]:
    """The words of a command line, split as by a shell. `python` is the Python that runs the simulator.

    ConfigError if it cannot be split.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"--exec {command!r}: {str(error).lower()}; put what belongs together into quotes") from error
    if not words:
        raise ConfigError("--exec needs a command, e.g. --exec 'python hello_spot.py 127.0.0.1'")
    return [sys.executable, *words[1:]] if words[0] in PYTHONS else words


_running: list[subprocess.Popen[Any]] = []


def run_program(words: Sequence[str], environment: Mapping[str, str], **options: Any) -> int:
    """Run a program, not through a shell, until it ends; returns its exit code. ConfigError if it cannot be started.

    It has its own process group, which is ended with it. If this process has the terminal, the program gets it, with
    keys and Ctrl-C.
    """
    try:
        child = subprocess.Popen(words, env=dict(environment), process_group=0, **options)
    except OSError as error:
        raise ConfigError(f"--exec: cannot start {words[0]!r}: {error.strerror}") from error
    _running.append(child)
    try:
        with _terminal_given_to(child.pid) as again:
            while True:
                _, status = os.waitpid(child.pid, os.WUNTRACED)
                if not os.WIFSTOPPED(status):
                    child.returncode = os.waitstatus_to_exitcode(status)
                    return child.returncode
                again()
    finally:
        end_programs()


@contextlib.contextmanager
def _terminal_given_to(group: int) -> Iterator[Callable[[], None]]:
    """Give the terminal to a process group; the yielded function follows a Ctrl-Z of the group and gives it back."""
    try:
        ours = os.tcgetpgrp(0) == os.getpgrp()
    except OSError:  # stdin is no terminal
        ours = False

    def give(to: int) -> None:
        if ours:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
            os.tcsetpgrp(0, to)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            if to == group:
                os.killpg(group, signal.SIGCONT)  # it may have been stopped for reading while the terminal was ours

    def again() -> None:
        if not ours:
            return
        give(os.getpgrp())
        os.kill(os.getpid(), signal.SIGSTOP)
        give(group)

    give(group)
    try:
        yield again
    finally:
        with contextlib.suppress(OSError):  # the terminal is gone
            give(os.getpgrp())


def end_programs(leave_s: float = LEAVE_S) -> None:
    """End all running programs with their process groups: ask them, and kill them `leave_s` later."""
    while _running:
        child = _running[-1]
        with contextlib.suppress(ProcessLookupError, PermissionError):  # none is left in its group
            os.killpg(child.pid, signal.SIGTERM)
            os.killpg(child.pid, signal.SIGCONT)
            end_s = time.monotonic() + leave_s
            while time.monotonic() < end_s:
                child.poll()
                os.killpg(child.pid, 0)
                time.sleep(0.02)
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        with contextlib.suppress(ValueError):  # another thread was here
            _running.remove(child)
