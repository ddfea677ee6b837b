"""The frozen values that views draw, and what a view is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from behaviours.recording.tick_times import Ticks

if TYPE_CHECKING:
    from perception.geometry import Pose

ViewKind = Literal["live", "plain", "none"]
VIEWS: Final[tuple[ViewKind, ...]] = ("live", "plain", "none")


@dataclass(frozen=True)
class Row:
    """One node as it is drawn. status: a word. elapsed_s: robot seconds of its present or last run, None if it never
    ran. past: the status is the one before it went back to idle. hidden: number of folded nodes below it."""

    name: str
    tag: str
    depth: int
    status: str
    elapsed_s: float | None = None
    feedback: str = ""
    ports: str = ""
    past: bool = False
    hidden: int = 0


@dataclass(frozen=True)
class Transition:
    """A node changed its status. robot_s: when, on the robot's clock."""

    robot_s: float
    path: str
    old: str
    new: str
    feedback: str = ""


@dataclass(frozen=True)
class RobotSample:
    """The robot at one time of its clock. opening: of the jaws, 0 closed .. 1 open. torque_nm: of the jaw motor."""

    robot_s: float
    world_from_body: Pose
    world_from_hand: Pose
    opening: float
    torque_nm: float
    holding: bool


@dataclass(frozen=True)
class Snapshot:
    """What a view shows. robot_s: the robot's clock. state: the robot in words. watched: key and value in words of
    the watched blackboard keys. recent: the last transitions, oldest first. note: of a replay, its position. robot:
    where it is, None if that is not known. placed: key and plain value of blackboard entries that have a place."""

    title: str = ""
    rows: tuple[Row, ...] = ()
    robot_s: float = 0.0
    ticks: Ticks = field(default_factory=Ticks)
    state: str = ""
    watched: tuple[tuple[str, str], ...] = ()
    recent: tuple[Transition, ...] = ()
    note: str = ""
    robot: RobotSample | None = None
    placed: tuple[tuple[str, Mapping[str, Any]], ...] = ()


class View(Protocol):
    """start and stop are called once each, stop also after an error. stage: what happens before the first tick.

    publish takes a function that makes the newest snapshot; a view calls it when it draws, on its own thread.
    """

    def start(self) -> None: ...
    def stage(self, text: str) -> None: ...
    def transition(self, change: Transition) -> None: ...
    def robot(self, sample: RobotSample) -> None: ...
    def publish(self, newest: Callable[[], Snapshot]) -> None: ...
    def stop(self) -> None: ...


class NoView:
    """Shows nothing."""

    def start(self) -> None:
        pass

    def stage(self, text: str) -> None:
        pass

    def transition(self, change: Transition) -> None:
        pass

    def robot(self, sample: RobotSample) -> None:
        pass

    def publish(self, newest: Callable[[], Snapshot]) -> None:
        pass

    def stop(self) -> None:
        pass
