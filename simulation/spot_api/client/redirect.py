"""Redirects an unchanged program written for a Spot to the simulator.

The simulator copies this file as `sitecustomize.py` into a folder on the PYTHONPATH of the program that it starts. It
may therefore import only light modules of the standard library. It changes in that process:

    SPOT_GRASP_SIM_PORT   the port that the vendor's client connects to, instead of 443
    SPOT_GRASP_SIM_CA     the authority that it trusts, instead of the vendor's
    SPOT_GRASP_SIM_CLOCK  a file with the simulated clock: time.time and time.sleep follow it, so that sleeps and end
                          times fit a simulation of any speed
    SPOT_GRASP_SIM_CLICK  a file with a pixel: if the program waits for a click in a window, that pixel is clicked
"""

from __future__ import annotations

import importlib.machinery
import json
import mmap
import os
import struct
import sys
import time
import types
from collections.abc import Callable
from typing import Any

CLOCK = struct.Struct("<qdddd")
"""Sequence number (odd during a write), robot's time, monotonic time at that moment, simulated seconds per second, and
how far the clock may run from there."""
NAP_S = 0.005
DEAD_S = 60.0
"""A clock that has not been written for this long belongs to a simulator that has ended."""
_real_time, _real_sleep = time.time, time.sleep
_wall_clock = types.ModuleType("time")
_wall_clock.__dict__.update(time.__dict__)
"""The original module `time`."""


class ClockReader:
    """The simulated clock, from the file that the simulator writes."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            self._memory = mmap.mmap(file.fileno(), CLOCK.size, access=mmap.ACCESS_READ)
        self._last = 0.0

    def now(self) -> float:
        """Robot seconds, never decreasing; the wall clock after the simulator has ended."""
        while True:
            before, robot_s, wall_s, speed, ahead_s = CLOCK.unpack(self._memory[:])
            if before % 2 == 0 and before == CLOCK.unpack(self._memory[:])[0]:
                break
        since = time.monotonic() - wall_s
        if since > DEAD_S:
            return _real_time()
        self._last = max(self._last, robot_s + min(since * speed, ahead_s))
        return self._last

    def sleep(self, seconds: float) -> None:
        """Wait until the robot's clock has advanced by `seconds`."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        end = self.now() + seconds
        _real_sleep(0)
        while (left := end - self.now()) > 0:
            _real_sleep(min(left, NAP_S))


def patch_robot(module: Any) -> None:
    """bosdyn.client.robot: the port."""
    module._DEFAULT_SECURE_CHANNEL_PORT = int(os.environ["SPOT_GRASP_SIM_PORT"])


def patch_sdk(module: Any) -> None:
    """bosdyn.client.sdk: the trusted certificate, if the program names none."""
    load = module.Sdk.load_robot_cert

    def load_robot_cert(self: Any, resource_path_glob: str | None = None) -> None:
        load(self, resource_path_glob or os.environ["SPOT_GRASP_SIM_CA"])

    module.Sdk.load_robot_cert = load_robot_cert


def patch_cv2(module: Any) -> None:
    """cv2: invisible windows, in which the simulator clicks."""

    waiting: list[tuple[Callable[..., Any], Any]] = []

    def ask(_title: str, callback: Callable[..., Any], parameter: Any = None) -> None:
        waiting.append((callback, parameter))

    def click(*_: Any) -> int:
        while waiting:
            callback, parameter = waiting.pop()
            with open(os.environ["SPOT_GRASP_SIM_CLICK"]) as file:
                u, v = json.load(file)
            callback(module.EVENT_LBUTTONDOWN, int(u), int(v), 0, parameter)
            callback(module.EVENT_LBUTTONUP, int(u), int(v), 0, parameter)
        return -1

    module.setMouseCallback, module.waitKey = ask, click
    for name in ("namedWindow", "imshow", "destroyAllWindows", "destroyWindow", "moveWindow"):
        setattr(module, name, lambda *_a, **_k: None)


def patch_numpy(module: Any) -> None:
    """numpy: the vendor's examples decode pictures with `fromstring`, which numpy 2.3 has dropped for bytes."""
    original = module.fromstring

    def fromstring(string: Any, dtype: Any = float, count: int = -1, sep: str = "", **more: Any) -> Any:
        if sep == "" and isinstance(string, bytes):
            return module.frombuffer(string, dtype=dtype, count=count).copy()
        return original(string, dtype, count, sep=sep, **more)

    module.fromstring = fromstring


def patch_grpc(module: Any) -> None:
    """grpc: its deadlines are computed from time.time but kept on the wall clock."""
    module.time = _wall_clock


class Patcher:
    """An import hook that changes a module after it has been loaded."""

    def __init__(self, patches: dict[str, Callable[[Any], None]]) -> None:
        self._patches = patches

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        patch = self._patches.pop(name, None)
        if patch is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            patch(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Apply the changes that the environment asks for."""
    patches: dict[str, Callable[[Any], None]] = {"numpy": patch_numpy}
    if "SPOT_GRASP_SIM_PORT" in os.environ:
        patches |= {"bosdyn.client.robot": patch_robot, "bosdyn.client.sdk": patch_sdk}
    if "SPOT_GRASP_SIM_CLICK" in os.environ:
        patches["cv2"] = patch_cv2
    sys.meta_path.insert(0, Patcher(patches))
    if "SPOT_GRASP_SIM_CLOCK" in os.environ:
        clock = ClockReader(os.environ["SPOT_GRASP_SIM_CLOCK"])
        patches |= dict.fromkeys(("grpc._channel", "grpc._common", "grpc._server", "grpc._utilities"), patch_grpc)
        time.time, time.sleep = clock.now, clock.sleep  # type: ignore[assignment]  # an index too is a number


def next_sitecustomize() -> None:
    """Run another sitecustomize that this one hides, if there is one."""
    here = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [place for place in sys.path if os.path.abspath(place or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None and spec.origin != __file__:
        spec.loader.exec_module(sys.modules["sitecustomize"])


if __name__ == "sitecustomize":
    install()
    next_sitecustomize()
