"""Robots and detectors from other packages, by entry points: name = what one types, value = what makes it.

    [project.entry-points."spot_grasp.robots"]
    rover = "my_package.robot:Rover"
    [project.entry-points."spot_grasp.detectors"]
    colour = "my_package.detector:ColourDetector"

A detector is called without arguments. So is a robot, unless it is a `behaviours.robot_kind.RobotKind`, which declares
options and takes a seed. A robot is made but not connected: cameras and limits are known from then on. A plug-in is
imported when its name is used, or when an option that nobody knows is to be explained. The built-in robots keep their
names.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from perception.base.errors import ConfigError, SpotGraspError

if TYPE_CHECKING:
    from behaviours.robot import Robot
    from perception.networks.protocols import Detector

ROBOT_GROUP: Final = "spot_grasp.robots"
DETECTOR_GROUP: Final = "spot_grasp.detectors"
DETECTOR: Final = "a network (.onnx), or the name of a detector that an installed package offers"
"""The help of --detector."""


def offered(group: str) -> list[str]:
    """The names that installed packages offer in a group. Nothing is imported."""
    return sorted({entry.name for entry in entry_points(group=group)})


def detector_name(text: str) -> str | Path:
    """The value of --detector: the name of one that a package offers, else a file; ./NAME is a file always.

    argparse.ArgumentTypeError, with the choices, for a bare word that is neither.
    """
    names, file = offered(DETECTOR_GROUP), Path(text)
    if text in names:
        return text
    if names and not file.suffix and os.sep not in text and not file.exists():
        raise argparse.ArgumentTypeError(
            f"no file and no detector of a package: {text!r} (choose from {', '.join(names)})"
        )
    return file


class PluginKind:
    """A robot of another package. Implements `behaviours.robot_kind.RobotKind`; each error is a ConfigError that names
    the plug-in."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._where, self._value = _load(ROBOT_GROUP, name, "robot")
        self._is_kind = hasattr(self._value, "add_options") and hasattr(self._value, "make")

    def add_options(self, options: argparse._ArgumentGroup) -> None:
        if self._is_kind:
            with self._named("has options that cannot be used"):
                self._value.add_options(options)

    def make(self, options: argparse.Namespace, *, seed: int, folder: Path | None) -> Robot:
        from behaviours.part_checks import wrong_robot

        with self._named("cannot be made"):
            robot: Robot = self._value.make(options, seed=seed, folder=folder) if self._is_kind else self._value()
            reason = wrong_robot(robot)
        if reason:
            raise ConfigError(f"robot '{self._name}': {self._where} {reason}")
        return robot

    def make_onlooker(self, options: argparse.Namespace, *, seed: int) -> Robot | None:
        """See `behaviours.robot_kind.LooksOn`; None if the plug-in offers none."""
        if not hasattr(self._value, "make_onlooker"):
            return None
        with self._named("cannot be made to look on"):
            robot: Robot = self._value.make_onlooker(options, seed=seed)
            return robot

    def _named(self, what: str) -> AbstractContextManager[None]:
        return _named_errors(f"robot '{self._name}': {self._where} {what}")


def make_detector(name: str) -> Detector:
    """A detector of another package. ConfigError, naming the plug-in, if it is none."""
    from behaviours.part_checks import wrong_detector

    where, make = _load(DETECTOR_GROUP, name, "detector")
    with _named_errors(f"detector '{name}': {where} cannot be made"):
        detector: Detector = make()
        reason = wrong_detector(detector)
    if reason:
        raise ConfigError(f"detector '{name}': {where} {reason}")
    return detector


def words_of(group: str, name: str) -> str:
    """Which package offers a name, in words."""
    return " and ".join(_entries(group, name))


def _entries(group: str, name: str) -> dict[str, EntryPoint]:
    """The entry points of a name, by their description; one package can be on the path twice."""
    from trees.plugins import described

    return {described(entry): entry for entry in entry_points(group=group, name=name)}


def _load(group: str, name: str, what: str) -> tuple[str, Any]:
    """(description of the plug-in, the object that its entry point names). ConfigError if there is not exactly one."""
    entries = _entries(group, name)
    where = " and ".join(entries)
    if not entries:
        raise ConfigError(f"no installed package offers the {what} '{name}'; choose from: {', '.join(offered(group))}")
    if len(entries) > 1:
        raise ConfigError(f"the {what} '{name}' is given by {where}; uninstall one")
    (entry,) = entries.values()
    with _named_errors(f"{what} '{name}': {where} cannot be imported"):
        return where, entry.load()


@contextmanager
def _named_errors(subject: str) -> Iterator[None]:
    """Run foreign code: every error in it becomes a ConfigError that begins with `subject`."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ConfigError(f"{subject}: {_words(error)}") from error


def _words(error: BaseException) -> str:
    """The message of an error, with its type unless it is one of ours."""
    if isinstance(error, SpotGraspError):
        return str(error)
    return f"{type(error).__name__}: {error}"
