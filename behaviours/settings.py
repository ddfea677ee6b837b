"""The numbers that leaves use and no port gives: of the robot and its sensors, not of the task.

A TOML file can change them, see `read_settings`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from perception.base.errors import ConfigError
from perception.base.files import read_toml, shown
from perception.detection.aliases import ALIASES, Aliases
from perception.detection.settings import JudgeSettings, ThingSettings
from perception.grasping.settings import GraspSettings
from perception.surface.settings import SurfaceSettings

LARGEST: Final = 10_000
"""No number of a settings file is larger."""


@dataclass(frozen=True)
class LookingSettings:
    """How the hand camera is held before an object, and how a view is judged.

    tilts_rad: added to the angle at which the camera shall look down, tried in this order. offsets_m: then added to the
    distance, one after the other. best_share, best_px: the quality of a view is the mean of its best pixels: this share
    of the object's, but at least so many. No single pixel decides.
    """

    tilts_rad: tuple[float, ...] = tuple(math.radians(angle) for angle in (0.0, -6.0, 7.0, -13.0, 14.0))
    offsets_m: tuple[float, ...] = (0.0, -0.05, 0.05, 0.1, -0.1)
    best_share: float = 0.01
    best_px: int = 20


@dataclass(frozen=True)
class PlacingSettings:
    """How an object is held out and put down.

    turns_rad: how far to the side the hand may point, tried in this order. begun_m, rest_s, rest_m: a hand that has
    gone down by the first and then, in the second, by less than the third has met something.
    """

    turns_rad: tuple[float, ...] = (0.0, 0.3, -0.3, 0.6, -0.6, 0.9, -0.9)
    begun_m: float = 0.005
    rest_s: float = 0.3
    rest_m: float = 0.0015


@dataclass(frozen=True)
class Settings:
    """surface: what is read from depth and outline. things: what counts as a thing. judging: how depth judges what a
    detector found. grasp: how a grasp is chosen.
    looking, placing: see there. motion_timeout_s: the longest time for any one motion. names: for words that trees ask
    for, the names of detectors that count as them; see `perception.detection.aliases`."""

    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    things: ThingSettings = field(default_factory=ThingSettings)
    judging: JudgeSettings = field(default_factory=JudgeSettings)
    grasp: GraspSettings = field(default_factory=GraspSettings)
    looking: LookingSettings = field(default_factory=LookingSettings)
    placing: PlacingSettings = field(default_factory=PlacingSettings)
    motion_timeout_s: float = 40.0
    names: Aliases = field(default_factory=lambda: dict(ALIASES))


def read_settings(path: Path) -> Settings:
    """The settings of a TOML file; what it does not name keeps its default. ConfigError, one line, for any error in it.

    Tables are named like the attributes: `[grasp]`, `[surface.depth]`. A number is above 0 and at most LARGEST; those
    of a list may have either sign. `[names]` has lists of names; a word that it has is no longer the built-in one.
    """
    made: Settings = _filled(Settings(), read_toml(path, "settings file"), shown(path))
    return made


def _filled(defaults: Any, table: dict[str, Any], where: str) -> Any:
    """A dataclass like `defaults`, with the values of a table."""
    types = {entry.name: str(entry.type) for entry in fields(defaults)}
    values = {}
    for key, value in table.items():
        if key not in types:
            raise ConfigError(f"{where}: unknown key {key!r}; choose from: {', '.join(types)}")
        values[key] = _value(getattr(defaults, key), types[key], value, f"{where}: {key}")
    return type(defaults)(**{name: getattr(defaults, name) for name in types} | values)


def _value(default: Any, kind: str, value: Any, where: str) -> Any:
    if is_dataclass(default):
        if not isinstance(value, dict):
            raise ConfigError(f"{where} is a table; write [{where.rpartition(' ')[2]}] and its keys below")
        return _filled(default, value, where)
    if isinstance(default, Mapping):
        if not isinstance(value, dict):
            raise ConfigError(f'{where} is a table; write [names] and below it words, as mug = ["cup"]')
        return {**default, **{word: _names(names, f"{where}: {word}") for word, names in value.items()}}
    if isinstance(default, tuple):
        count = None if "..." in kind else len(default)
        if not isinstance(value, list) or not value or len(value) != (count or len(value)):
            raise ConfigError(f"{where}: {value!r} is no list of {count or 'some'} numbers")
        return tuple(_number(item, float, where, -LARGEST) for item in value)
    return _number(value, type(default), where, 0)


def _names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ConfigError(f'{where}: {value!r} is no list of names, such as ["cup", "vase"]')
    return tuple(value)


def _number(value: Any, kind: type[int] | type[float], where: str, low: float) -> int | float:
    numbers = (int,) if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, numbers):
        raise ConfigError(f"{where}: {value!r} is no {'whole number' if kind is int else 'number'}")
    if not low < value <= LARGEST:
        raise ConfigError(f"{where}: {value!r} must be above {low} and at most {LARGEST}")
    return kind(value)
