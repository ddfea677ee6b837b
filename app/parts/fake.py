"""`--robot fake`: the fake robot, which needs no simulator."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.parts.networks import open_detector
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from behaviours.robots.fake.robot import FakeRobot
    from perception.detection.aliases import Aliases
    from perception.networks.protocols import Detector, HeatmapModel


class SceneOption:
    """--scene, which the simulation declares."""

    def add_options(self, options: argparse._ArgumentGroup) -> None:
        options.add_argument("--scene")


class FakeKind:
    """Implements `behaviours.robot_kind.RobotKind`. borrows: options of another kind that are taken too."""

    borrows = SceneOption()

    def add_options(self, options: argparse._ArgumentGroup) -> None:
        options.add_argument("--real-time", action="store_true", help="keep pace with the wall clock")

    def make(self, options: argparse.Namespace, *, seed: int, folder: Path | None) -> FakeRobot:
        from behaviours.robots.fake.robot import FakeRobot

        if options.scene is None:
            return FakeRobot(real_time=options.real_time)
        from simulation.scene.rehearsal import fake_scene

        world, script = fake_scene(options.scene, seed)
        return FakeRobot(script, world=world, real_time=options.real_time)

    def networks(
        self, detector: Path | str | None, heatmap: Path | None, names: Aliases | None = None
    ) -> tuple[Detector, HeatmapModel, dict[str, str]]:
        """Models that know its world, in place of the shipped networks; see `app.parts.networks.networks`."""
        flags = {"--detector": isinstance(detector, Path), "--heatmap": heatmap is not None}
        if unused := [flag for flag, is_given in flags.items() if is_given]:
            raise ConfigError(f"{', '.join(unused)}: not for --robot fake; leave it out or take --robot genesis")
        from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap

        return FakeDetector() if detector is None else open_detector(detector, names), FakeHeatmap(), {}
