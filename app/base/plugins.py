"""Robots and detectors from other packages, by entry points: name = what one types, value = what makes it.

    [project.entry-points."spot_grasp.robots"]
    rover = "my_package.robot:Rover"
    [project.entry-points."spot_grasp.detectors"]
    colour = "my_package.detector:ColourDetector"

The value is called without arguments. A robot is made but not connected: cameras and limits are known from then on. A
plug-in is imported when its name is used and never otherwise. The built-in robots keep their names.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from dataclasses import astuple
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.session.options import ROBOTS
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from behaviours.robot import Robot
    from perception.networks.protocols import Detector

ROBOT_GROUP: Final = "spot_grasp.robots"
DETECTOR_GROUP: Final = "spot_grasp.detectors"


def offered(group: str) -> list[str]:
    """The names that installed packages offer in a group, working or not."""
    return sorted({entry.name for entry in entry_points(group=group)})


def robot_name(text: str) -> str:
    """The value of --robot. argparse.ArgumentTypeError, with the choices, for a robot that nobody offers."""
    if text not in ROBOTS and text not in offered(ROBOT_GROUP):
        choices = ", ".join([*ROBOTS, *offered(ROBOT_GROUP)])
        raise argparse.ArgumentTypeError(f"invalid choice: {text!r} (choose from {choices})")
    return text


def detector_name(text: str) -> str | Path:
    """The value of --detector: the name of one that a package offers, else a file; ./NAME is a file always."""
    return text if text in offered(DETECTOR_GROUP) else Path(text)


def make_robot(name: str) -> Robot:
    """A robot of another package, not entered. ConfigError, naming the plug-in, if it is none."""
    robot: Robot = _make(ROBOT_GROUP, name, "robot", wrong_robot)
    return robot


def make_detector(name: str) -> Detector:
    """A detector of another package. ConfigError, naming the plug-in, if it is none."""
    detector: Detector = _make(DETECTOR_GROUP, name, "detector", wrong_detector)
    return detector


def plugins(robot: str, detector: str | Path | None) -> dict[str, str]:
    """Which packages give the robot and the detector of a run, for its record; built-in ones and files are not in."""
    named = {"robot": (ROBOT_GROUP, robot, robot not in ROBOTS)}
    named["detector"] = (DETECTOR_GROUP, str(detector), isinstance(detector, str))
    return {what: " and ".join(_found(group, name)) for what, (group, name, given) in named.items() if given}


def _found(group: str, name: str) -> dict[str, EntryPoint]:
    """The entry points of a name by their words; one package can be found twice on the path."""
    from trees.plugins import described

    return {described(entry): entry for entry in entry_points(group=group, name=name)}


def _make(group: str, name: str, what: str, wrong: Any) -> Any:
    found = _found(group, name)
    where = " and ".join(found)
    if not found:
        raise ConfigError(f"no installed package offers the {what} '{name}'; choose from: {', '.join(offered(group))}")
    if len(found) > 1:
        raise ConfigError(f"the {what} '{name}' is given by {where}; uninstall one")
    (entry,) = found.values()
    try:
        make = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it is foreign code: whatever goes wrong in it is told by its name
        raise ConfigError(f"{what} '{name}': {where} cannot be imported: {_words(error)}") from error
    try:
        made = make()
        reason = wrong(made)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ConfigError(f"{what} '{name}': {where} cannot be made: {_words(error)}") from error
    if reason:
        raise ConfigError(f"{what} '{name}': {where} {reason}")
    return made


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def wrong_robot(robot: Any) -> str:
    """Why a value is no robot, "" if it is one."""
    from behaviours.limits import RobotLimits
    from behaviours.model import RobotModel
    from behaviours.robot import Robot

    members = [name for name in vars(Robot) if not name.startswith("_")]
    if missing := _missing(robot, [*members, "__enter__", "__exit__"]):
        return f"is no robot: it lacks {missing}; see behaviours.robot.Robot"
    if not isinstance(robot.limits, RobotLimits) or not all(0 < one < math.inf for one in astuple(robot.limits)):
        return f"has limits that are no RobotLimits of positive numbers: {robot.limits!r}"
    if not isinstance(robot.model, RobotModel):
        return f"has a model that is no RobotModel: {type(robot.model).__name__}"
    if not _names(robot.cameras) or "hand" not in robot.cameras:
        return f"has cameras that are no tuple of names with 'hand' among them: {robot.cameras!r}"
    return ""


def wrong_detector(detector: Any) -> str:
    """Why a value is no detector, "" if it is one."""
    if missing := _missing(detector, ["labels", "detect"]):
        return f"is no detector: it lacks {missing}; see perception.networks.protocols.Detector"
    return "" if _names(detector.labels) else f"has labels that are no tuple of names: {detector.labels!r}"


def _missing(value: Any, names: Iterable[str]) -> str:
    return ", ".join(name for name in names if not hasattr(value, name))


def _names(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(name, str) and name for name in value)
