"""A package that offers robots and detectors, for the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CODE = """
from behaviours.limits import RobotLimits
from behaviours.robots.fake.robot import FakeDetector, FakeRobot

class Rover(FakeRobot):
    cameras = ("hand", "tail")
    def ground_truth(self):
        return {"object_lift_m": 0.125}

class Colour(FakeDetector):
    labels = ("bottle", "ball")

class Nothing:
    pass

class Blind(FakeRobot):
    cameras = ("eye",)

class Boundless(FakeRobot):
    limits = RobotLimits(1.0, 1.0, 1.0, 1.0, float("inf"), 0.1, 0.1, 0.1, 0.1)

class Limitless(FakeRobot):
    limits = None

class Shapeless(FakeRobot):
    model = None

class Absent(FakeRobot):
    def __init__(self):
        raise SystemExit("no such robot on the bus")

class Labelless(FakeDetector):
    labels = "bottle"

class Interrupted(FakeRobot):
    def capture(self, camera):
        raise KeyboardInterrupt

class Configured(FakeRobot):
    @staticmethod
    def add_options(options):
        options.add_argument("--port", type=int, default=7)
        options.add_argument("--speed", type=float, default=1.0)
    @classmethod
    def make(cls, options, *, seed, folder):
        made = cls()
        made.ground_truth = lambda: {"object_lift_m": options.port + options.speed, "held_s": float(seed)}
        return made

class Greedy(Configured):
    @staticmethod
    def add_options(options):
        options.add_argument("--seed", type=int)

class Clumsy(Configured):
    @staticmethod
    def add_options(options):
        options.add_argument("no dashes", action="what")

class Rude(FakeRobot):
    def capture(self, camera):
        raise ValueError("no picture")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes an installed package of a name that offers robots and detectors, given as name = class."""

    def install(name: str = "parts", robots: str = "", detectors: str = "") -> None:
        site = tmp_path / name
        facts = site / f"{name}-1.0.dist-info"
        facts.mkdir(parents=True)
        (site / f"{name}_of_tests.py").write_text(CODE)
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        groups = {"spot_grasp.robots": robots, "spot_grasp.detectors": detectors}
        lines = [f"[{group}]\n{offers.replace('=', f'={name}_of_tests:')}\n" for group, offers in groups.items()]
        (facts / "entry_points.txt").write_text("".join(lines))
        monkeypatch.syspath_prepend(site)

    return install
