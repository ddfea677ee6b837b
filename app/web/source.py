"""What a page shows: the value that a run or a replay hands to the pages, and what it answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.views.model import RobotSample, Snapshot, Transition

Row = tuple[str, float | None, str]
"""Of a node: status, seconds of its present or last run, message."""


@dataclass(frozen=True)
class Look:
    """A moment of a run as plain values.

    epoch: grows when the constant part (`Source.about`, `Source.tree`) has changed, or when what grew is to be
    replaced. rows: of all nodes, in pre-order. now: what is sent with every message. grown: lists that only grow within
    an epoch; each item begins with its number.
    """

    epoch: int
    rows: Sequence[Row] = ()
    now: Mapping[str, Any] = field(default_factory=dict)
    grown: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)


class Source(Protocol):
    """Called by threads of the page's server, `act` as well."""

    def look(self) -> Look:
        """The present moment; one thread calls it, at most ten times a second, while a page is open."""

    def about(self) -> Mapping[str, Any]:
        """What does not change: title, actions, the robot's shape."""

    def tree(self) -> str:
        """The tree as HTML, "" before there is one."""

    def act(self, name: str, value: float) -> bool:
        """A button was pressed; whether there is such a button."""

    def picture(self, name: str) -> bytes | None:
        """The PNG file of a picture that was announced; None for another name."""

    def cloud(self, name: str) -> bytes | None:
        """The points of a picture that was announced, see `app.web.pictures.cloud`; None for another name."""


def rows_of(snapshot: Snapshot) -> list[Row]:
    """The rows of a snapshot."""
    return [
        (row.status, None if row.elapsed_s is None else round(row.elapsed_s, 2), row.feedback) for row in snapshot.rows
    ]


def now_of(snapshot: Snapshot) -> dict[str, Any]:
    """What is sent of a snapshot beside its rows."""
    ticks = snapshot.ticks
    return {
        "t": round(snapshot.robot_s, 3),
        "ticks": [ticks.count, round(ticks.hertz, 1), round(1000 * ticks.last_s, 2), ticks.overruns],
        "state": snapshot.state,
        "watched": snapshot.watched,
        "robot": _robot(snapshot.robot),
        "placed": [item for key, value in snapshot.placed if (item := _placed(key, value)) is not None],
    }


def log_line(number: int, change: Transition) -> list[Any]:
    """A transition as an item of a list that grows."""
    return [number, round(change.robot_s, 3), change.path, change.old, change.new, change.feedback]


def _robot(sample: RobotSample | None) -> dict[str, Any] | None:
    if sample is None:
        return None
    return {
        "body": _matrix(sample.world_from_body),
        "hand": _matrix(sample.world_from_hand),
        "opening": round(sample.opening, 4),
        "torque": round(sample.torque_nm, 4),
        "holding": sample.holding,
    }


def _matrix(pose: Any) -> list[float]:
    """The 12 numbers of a pose: rotation by rows, then position."""
    return [round(float(value), 5) for value in (*pose.rotation.ravel(), *pose.position_m)]


def _placed(key: str, value: Mapping[str, Any]) -> dict[str, Any] | None:
    """An entry of the blackboard as something to draw; None if it is none. The log may be damaged."""
    try:
        label = str(value.get("label", key))
        if "world_from_hand" in value:
            pose = value["world_from_hand"]
            numbers = [*(float(cell) for row in pose["rotation"] for cell in row), *map(float, pose["position_m"])]
            at, width = [float(part) for part in value["point_world_m"]], float(value["width_m"])
            whole = len(numbers) == 12 and len(at) == 3
            return {"kind": "grasp", "label": label, "hand": numbers, "at": at, "width": width} if whole else None
        at = [float(part) for part in value["position_m"]]
        sizes = [float(value.get(name, 0.0)) for name in ("width_m", "bottom_z_m", "top_z_m")]
        return {"kind": "object", "label": label, "at": at, "size": sizes} if len(at) == 3 else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
