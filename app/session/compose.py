"""Puts a run together from its options: the networks and the robot. Everything heavy is imported where it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.parts.fake import FakeKind
from app.parts.networks import networks
from app.parts.options import with_defaults
from app.parts.robots import plugins, robot_kind
from app.session.options import RunOptions

if TYPE_CHECKING:
    from behaviours.robot import Robot
    from behaviours.settings import Settings
    from perception.networks.protocols import Detector, HeatmapModel

    Networks = tuple[Detector, HeatmapModel, dict[str, str]]


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


def compose(options: RunOptions, folder: Path | None = None, opened: Networks | None = None) -> Parts:
    """Open networks and robot; everything that can be wrong is found before a simulator starts.

    folder: of the run, where the robot may write files of its own. opened: the networks of these options, if they are
    open already. ConfigError or ModelError for what cannot be used. A robot with a method `ground_truth` is its own
    judge.
    """
    kind = robot_kind(options.robot)
    robot = kind.make(with_defaults(kind, options.robot_options), seed=options.seed, folder=folder)
    detector, heatmap, hashes = opened or open_networks(
        options.robot, options.detector, options.heatmap, options.settings
    )
    return Parts(robot, detector, heatmap, getattr(robot, "ground_truth", dict), hashes)


def open_networks(
    robot: str, detector: Path | str | None, heatmap: Path | None, settings: Path | None = None
) -> Networks:
    """The networks for a robot of this name, see `app.parts.networks.networks`. settings: the file of its names."""
    from behaviours.settings import read_settings

    kind = robot_kind(robot)
    find = kind.networks if isinstance(kind, FakeKind) else networks
    return find(detector, heatmap, None if settings is None else read_settings(settings).names)


def description(options: RunOptions, parts: Parts, settings: Settings) -> dict[str, Any]:
    """The options and parts of a run, for config.json."""
    return {
        "options": options.as_json(),
        "networks_sha256": parts.networks,
        "plugins": plugins(options.robot, options.detector),
        "settings": asdict(settings),
    }
