"""What a file of cases says, as values; `file.py` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.session.substitution_file import Rule
from behaviours.robots.fake.script import FakeScript
from behaviours.robots.fake.stage import FakeItem, Top

ENDS: Final = ("success", "failure", "error")
OUTCOMES: Final = ("SUCCESS", "FAILURE")


@dataclass(frozen=True)
class Expected:
    """What must come of a case.

    status: success, failure or error. reason: a part of the reason. visited, unvisited: patterns of nodes that are, or
    are not, ticked. order: patterns of nodes; one is entered first, later the next, and so on. reports: patterns of all
    reports; None for any. attempts: how often the grasp is tried. seconds: least and most on the robot's clock.
    """

    status: str = "success"
    reason: str = ""
    visited: tuple[str, ...] = ()
    unvisited: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    reports: tuple[str, ...] | None = None
    attempts: int | None = None
    seconds: tuple[float, float] = (0.0, float("inf"))


@dataclass(frozen=True)
class Case:
    """One run of the tree on the fake robot.

    name: of the case. scene, seed: a scene file that the world is taken from. objects, tables: the world, in place of
    the usual one. script: what goes wrong in the world. fail: how many of its first executions a node fails without
    being ticked, by pattern or uid. fail_each: patterns of leaves and SubTrees: the case is run once for each of them
    that it ticks, and that one fails once. substitutions: leaves that are replaced. time_limit_s: on the robot's clock.
    """

    name: str
    scene: str = ""
    seed: int = 0
    objects: tuple[FakeItem, ...] | None = None
    tables: tuple[Top, ...] | None = None
    script: FakeScript = field(default_factory=FakeScript)
    fail: Mapping[str | int, int] = field(default_factory=dict)
    fail_each: tuple[str, ...] = ()
    substitutions: tuple[Rule, ...] = ()
    time_limit_s: float = 600.0
    expected: Expected = field(default_factory=Expected)


@dataclass(frozen=True)
class Unseen:
    """What the cases need not see, and why. node: a pattern. outcomes: of OUTCOMES; both without any."""

    node: str
    reason: str
    outcomes: tuple[str, ...] = OUTCOMES


@dataclass(frozen=True)
class CaseFile:
    """The content of a file. tree: file or name. main: ID of the tree to run, None for the file's own. complete: what
    was never seen is a failure unless it is listed in `unseen`."""

    file: Path
    tree: str
    cases: tuple[Case, ...]
    main: str | None = None
    complete: bool = False
    unseen: tuple[Unseen, ...] = ()
