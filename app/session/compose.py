"""Puts a run together from its options: the networks and the robot. Everything heavy is imported where it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.session.options import ROBOTS, RunOptions
from perception.base.digest import sha256_of
from perception.base.errors import ConfigError
from perception.base.extras import require
from simulation.genesis.devices import check_device

if TYPE_CHECKING:
    from behaviours.robot import Robot
    from perception.networks.protocols import Detector, HeatmapModel
    from simulation.genesis.robot import GenesisRobot

DEFAULT_SCENE: Final = "bottle"


@dataclass(frozen=True)
class Parts:
    """What the options ask for, ready to run.

    robot: not entered yet. ground_truth: what a judge outside the tree knows after the run; absent keys are unknown.
    networks: hash of each network file, for the record.
    """

    robot: Robot
    detector: Detector
    heatmap_model: HeatmapModel
    ground_truth: Callable[[], dict[str, float]]
    networks: dict[str, str]


def compose(options: RunOptions, video: Path | None, folder: Path | None = None) -> Parts:
    """Open networks and robot; everything that can be wrong is found before a simulator starts.

    video: where to film, or None. folder: of the run, for what the robot writes itself. ConfigError or ModelError for
    what cannot be used.
    """
    if options.robot == "spot":
        return _spot(options, video, folder)
    given = {
        "--hostname": options.hostname,
        "--port": options.port,
        "--certificate": options.certificate,
        "--take-lease": options.take_lease or None,
        "--own-estop": options.own_estop or None,
        "--clear-faults": options.clear_faults or None,
        "--undock": options.undock or None,
    }
    _refuse(given, f"not for --robot {options.robot}; leave it out or take --robot spot")
    if options.robot not in ROBOTS:
        return _other(options)
    return _fake(options) if options.robot == "fake" else _genesis(options, video)


def _refuse(given: dict[str, Any], why: str) -> None:
    """ConfigError for options that are given but have no meaning here; a silent one would be missed."""
    unused = [flag for flag, value in given.items() if value is not None]
    if unused:
        raise ConfigError(f"{', '.join(unused)}: {why}")


def _spot(options: RunOptions, video: Path | None, folder: Path | None) -> Parts:
    from behaviours.robots.spot.link.connection import HTTPS_PORT, Target
    from behaviours.robots.spot.options import SpotOptions

    if options.hostname is None:
        raise ConfigError("--robot spot needs --hostname: the robot's name or address, or `sim` for a simulated one")
    asked = SpotOptions(options.take_lease, options.own_estop, options.clear_faults, options.undock, options.at_end)
    if options.hostname == "sim":
        from app.session.simulated_spot import SimulatedSpot

        _refuse({"--port": options.port, "--certificate": options.certificate}, "a simulated Spot chooses its own")
        require("--robot spot", "spot")
        body = _genesis_robot(options, video)
        detector, heatmap, hashes = _networks(options)
        log = None if folder is None else folder / "spot_api.jsonl"
        robot = SimulatedSpot(body, asked, log=log)
        return Parts(robot, detector, heatmap, robot.ground_truth, hashes)
    given = {
        "--scene": options.scene,
        "--robot-file": options.robot_file,
        "--video": video,
        "--device": options.device,
        "--ideal-depth": options.ideal_depth or None,
        "--real-time": options.real_time or None,
    }
    _refuse(given, "not for a real Spot; leave it out or take --hostname sim")
    require("--robot spot", "spot", "bosdyn.client")
    from behaviours.robots.spot.robot import SpotRobot

    detector, heatmap, hashes = _networks(options)
    target = Target(options.hostname, options.port or HTTPS_PORT, options.certificate)
    return Parts(SpotRobot(target, asked), detector, heatmap, dict, hashes)


def weights_folder() -> Path:
    """Where the shipped networks lie."""
    import perception

    return Path(perception.__path__[0]) / "weights"


def _genesis(options: RunOptions, video: Path | None) -> Parts:
    robot = _genesis_robot(options, video)
    detector, heatmap, hashes = _networks(options)
    return Parts(robot, detector, heatmap, robot.ground_truth, hashes)


def _genesis_robot(options: RunOptions, video: Path | None) -> GenesisRobot:
    if options.real_time:
        raise ConfigError("--real-time is for --robot fake; the simulation runs as fast as it can")
    require("--robot genesis", "sim")
    if video is not None:
        require("--video", "sim", "imageio_ffmpeg")
    if options.robot_file is not None:
        _check_robot_file(options.robot_file)
    device = options.device or "cpu"
    check_device(device)
    from simulation.genesis.robot import GenesisRobot

    return GenesisRobot(
        options.scene or DEFAULT_SCENE,
        options.seed,
        video=video,
        ideal_depth=options.ideal_depth,
        robot_file=options.robot_file,
        device=device,
    )


def _other(options: RunOptions) -> Parts:
    """A robot of another package. If it has a method `ground_truth`, like Genesis', that is the judge."""
    given = {
        "--scene": options.scene,
        "--robot-file": options.robot_file,
        "--video": options.video or None,
        "--device": options.device,
        "--ideal-depth": options.ideal_depth or None,
        "--real-time": options.real_time or None,
    }
    _refuse(given, f"not for --robot {options.robot}; leave it out or take --robot genesis")
    from app.base.plugins import make_robot

    robot = make_robot(options.robot)
    detector, heatmap, hashes = _networks(options)
    return Parts(robot, detector, heatmap, getattr(robot, "ground_truth", dict), hashes)


def _networks(options: RunOptions) -> tuple[Detector, HeatmapModel, dict[str, str]]:
    return networks(options.detector, options.heatmap)


def networks(detector: Path | str | None, heatmap: Path | None) -> tuple[Detector, HeatmapModel, dict[str, str]]:
    """Detector and heatmap, the shipped ones where None is given, and the hashes of their files. ModelError, and
    ConfigError for a detector of another package."""
    from perception.grasping.heatmap import OnnxHeatmap

    heatmap = heatmap or weights_folder() / "heatmap.onnx"
    parts = open_detector(detector), OnnxHeatmap(heatmap)
    hashes = {"heatmap": file_hash(heatmap, "heatmap")}
    if not isinstance(detector, str):
        hashes = {"detector": file_hash(detector or weights_folder() / "detector.onnx", "detector"), **hashes}
    return *parts, hashes


def open_detector(which: Path | str | None) -> Detector:
    """The shipped detector, one of a file (a path), or one that a package offers (a name). ModelError, ConfigError."""
    if isinstance(which, str):
        from app.base.plugins import make_detector

        return make_detector(which)
    from perception.detection.detector import OnnxDetector

    return OnnxDetector(which or weights_folder() / "detector.onnx")


def file_hash(file: Path, what: str) -> str:
    """SHA-256 of a network file. ModelError if it cannot be read."""
    from perception.networks.onnx_session import read_network

    return sha256_of([read_network(file, what)])


def _fake(options: RunOptions) -> Parts:
    given = {
        "--scene": options.scene,
        "--detector": options.detector if isinstance(options.detector, Path) else None,
        "--heatmap": options.heatmap,
        "--robot-file": options.robot_file,
        "--video": options.video or None,
        "--device": options.device,
        "--ideal-depth": options.ideal_depth or None,
    }
    _refuse(given, "not for --robot fake; leave it out or take --robot genesis")
    from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot

    robot = FakeRobot(real_time=options.real_time)
    detector = FakeDetector() if options.detector is None else open_detector(options.detector)
    return Parts(robot, detector, FakeHeatmap(), dict, {})


def _check_robot_file(file: Path) -> None:
    from simulation.robot_files.user_robot import check_robot

    check_robot(file)
