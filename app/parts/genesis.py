"""`--robot genesis`: a Spot in the physics simulation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from perception.base.errors import ConfigError
from perception.base.extras import require
from simulation.genesis.devices import DEVICES, check_device
from simulation.genesis.legs.gait_file import gait_file

if TYPE_CHECKING:
    from simulation.genesis.robot import GenesisRobot

BaseKind = Literal["legs", "rails"]
DEFAULT_SCENE: Final = "bottle"
BASES: Final = ("legs", "rails")


def add_base(options: argparse._ActionsContainer) -> None:
    """What moves the body: --base, --gait."""
    options.add_argument("--base", choices=BASES, help="what moves the body: legs (default), or rails")
    options.add_argument(
        "--gait",
        metavar="FILE|judo",
        help="another gait policy of the legs (.onnx), or that of the package judo-rai",
    )


def policy_of(gait: str | None) -> Path | None:
    """The file that --gait names, None without it. ConfigError for a package that is not there."""
    return None if gait is None else gait_file(gait)


class GenesisKind:
    """Implements `behaviours.robot_kind.RobotKind`."""

    def add_options(self, options: argparse._ArgumentGroup) -> None:
        options.add_argument(
            "--scene", metavar="S", help="name or TOML file of a scene (default bottle); for fake, too"
        )
        options.add_argument("--video", action="store_true", help="film the run from an outside camera")
        options.add_argument("--device", choices=DEVICES, help="what the physics computes on (default cpu)")
        options.add_argument("--ideal-depth", action="store_true", help="depth without the sensor's faults, for tests")
        options.add_argument("--robot-file", type=Path, metavar="FILE", help="your own URDF or MJCF of the robot")

        add_base(options)

    def make(self, options: argparse.Namespace, *, seed: int, folder: Path | None) -> GenesisRobot:
        require("--robot genesis", "sim")
        if options.video:
            if folder is None:
                raise ConfigError("--video: only a run has a folder for it; leave it out")
            require("--video", "sim", "imageio_ffmpeg")
        if options.robot_file is not None:
            from simulation.robot_files.user_robot import check_robot

            check_robot(options.robot_file)
        device = options.device or "cpu"
        check_device(device)
        from simulation.genesis.robot import GenesisRobot

        return GenesisRobot(
            options.scene or DEFAULT_SCENE,
            seed,
            video=folder / "video.mp4" if options.video and folder else None,
            ideal_depth=options.ideal_depth,
            robot_file=options.robot_file,
            device=device,
            base=options.base,
            gait=policy_of(options.gait),
        )
