"""Whether a value that others made is a robot or a detector: it has the members that are used, of the right types."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import Any

from behaviours.limits import RobotLimits
from behaviours.model import RobotModel
from behaviours.robot import Robot
from perception.base.errors import ConfigError
from trees import Leaf


def wrong_robot(robot: Any) -> str:
    """Why a value is no robot, "" if it is one."""
    if isinstance(robot, type):
        return "is a class of robots: make one of it"
    members = [name for name in vars(Robot) if not name.startswith("_")]
    if missing := _missing(robot, [*members, "__enter__", "__exit__"]):
        return f"is no robot: it lacks {missing}; see behaviours.robot.Robot"
    if not isinstance(robot.limits, RobotLimits) or not all(0 < limit < math.inf for limit in astuple(robot.limits)):
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


def leaf_classes(leaves: Any) -> tuple[type[Leaf], ...]:
    """The classes of leaves that were given. ConfigError for a value that is no list of them."""
    if isinstance(leaves, Mapping) or not isinstance(leaves, Iterable):
        raise ConfigError(f"leaves is {type(leaves).__name__}: expected a list of Leaf classes, as leaves=[MyLeaf]")
    classes = tuple(leaves)
    for each in classes:
        if not (isinstance(each, type) and issubclass(each, Leaf)):
            raise ConfigError(f"leaves has {each!r}: expected a class derived from trees.Leaf")
    return classes


def _missing(value: Any, names: Iterable[str]) -> str:
    return ", ".join(name for name in names if not hasattr(value, name))


def _names(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(name, str) and name for name in value)
