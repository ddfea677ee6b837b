"""Starts a program written for a Spot against the simulator: its environment, and the clock it lives by."""

from __future__ import annotations

import mmap
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perception.errors import ConfigError
from perception.plain_json import json_text
from simulation.spot_api import redirect
from simulation.spot_api.server import SpotServer

PYTHONS = ("python", "python3")


class ClockFile:
    """Writes the robot's clock where other processes can read it without asking."""

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
    """The environment of a program that shall meet the simulator instead of a robot.

    folder: an empty one that lives as long as the program. click: answer windows that wait for a click with one on
    the target. The password is in it: it is for the program alone.
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
    """Store a pixel where `redirect` finds it."""
    part = path.with_suffix(".part")
    part.write_text(json_text(pixel_uv))
    part.replace(path)


def run_program(command: str, environment: Mapping[str, str], **options: Any) -> int:
    """Run a command, not through a shell, until it ends; its exit code. ConfigError if it cannot be started.

    `python` means the Python that runs the simulator.
    """
    words = shlex.split(command)
    if not words:
        raise ConfigError("--exec needs a command, e.g. --exec 'python hello_spot.py 127.0.0.1'")
    if words[0] in PYTHONS:
        words[0] = sys.executable
    try:
        child = subprocess.Popen(words, env=dict(environment), **options)
    except OSError as error:
        raise ConfigError(f"--exec: cannot start {words[0]!r}: {error.strerror}") from error
    try:
        return child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(timeout=5.0)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
