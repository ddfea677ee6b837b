"""The one mapping from a record to items: line by line, for an export as well as for a run that is going on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from app.export.items import (
    WORLD,
    Box,
    Camera,
    Item,
    Joints,
    Number,
    Picture,
    Record,
    Status,
    Transform,
    Words,
)  # fmt: skip
from app.export.robot_shape import BODY, spot_links, spot_meshes, spot_transforms
from behaviours.recording.pictures import file_of
from behaviours.recording.states import JAWS, TRUTH, State
from behaviours.recording.statuses import WORDS, StatusBoard
from behaviours.robots.spot import arm
from perception.base.array_files import read_picture
from perception.base.errors import ConfigError
from perception.base.files import read_bytes
from perception.base.plain_json import json_text
from perception.geometry import Pose, quaternion_of
from perception.types import Intrinsics

if TYPE_CHECKING:
    from behaviours.recording.recording import Recording
    from trees import NodeView

Moment = tuple[float, Item]
"""Seconds on the robot's clock, and what there is then."""
PICTURE_BYTES: Final = 50_000_000
PNG: Final = b"\x89PNG\r\n\x1a\n"
FOLLOWING: Final = 4
"""Steps of the inverse kinematics for each state: from one to the next the hand moves little."""
TOLD: Final = ("transition", "blackboard", "command", "outcome", "result")
"""The lines of the log that are kept as they are."""
STANDING: Final = {f"{leg}_{joint}": angle for leg in ("fl", "fr", "hl", "hr") for joint, angle in
                   (("hx", 0.0), ("hy", 0.8), ("kn", -1.5))}  # fmt: skip
"""Of the legs of a robot that tells no joints, radians."""


class Story:
    """Turns the lines and states of one run into items. folder: of the run. nodes: of its tree.

    trouble: what could not be read, in words, one for each line that was left out.
    """

    def __init__(self, folder: Path, nodes: Sequence[NodeView]) -> None:
        self.trouble: list[str] = []
        self._folder, self._nodes = folder, nodes
        self._board = StatusBoard(nodes)
        self._paths = {node.uid: node.path for node in nodes}
        self._angles: dict[str, float] = {}
        self._arm = np.array(arm.STOW)

    def beginning(self) -> Iterator[Item]:
        """What holds from the start: the robot's shape, and the status of every node."""
        yield from spot_transforms({link.joint: 0.0 for link in spot_links()})
        yield from spot_meshes()
        for path in self._paths.values():
            yield Status(path, "IDLE")

    def line(self, line: Mapping[str, Any]) -> list[Item]:
        """The items of a line of the log. One that is damaged, or whose picture lacks, gives none and is `trouble`."""
        kind = str(line.get("event"))
        tell = getattr(self, f"_of_{kind}", None)
        try:
            items = [] if tell is None else list(tell(line))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, ConfigError) as error:
            self.trouble.append(f"a line {kind!r} at {line.get('t')} s is left out: {type(error).__name__}: {error}")
            return []
        if kind in TOLD:
            items.append(Record(kind, {key: value for key, value in line.items() if key not in ("event", "level")}))
        return [*items, Words(str(line.get("level", "info")), kind, _sentence(kind, line))]

    def state(self, state: State) -> list[Item]:
        """The items of a row of states.csv."""
        items: list[Item] = []
        for part in (BODY, "hand"):
            if (pose := _pose(state, part)) is not None:
                items.append(Transform(WORLD, part, *pose))
        items += [Number(f"gripper/{name}", state[name]) for name in JAWS if math.isfinite(state[name])]
        for name in state:
            if name.startswith(TRUTH) and name.endswith("_x_m"):
                what = name[len(TRUTH) : -len("_x_m")]
                if (pose := _pose(state, TRUTH + what)) is not None:
                    items.append(Transform(WORLD, f"truth/{what}", *pose))
        return [*items, *self._links(state)]

    def _links(self, state: State) -> Iterator[Item]:
        """Where the links of a Spot are; only those that have moved."""
        start, end = "joint_", "_rad"
        measured = {
            name[len(start) : -len(end)]: angle
            for name, angle in state.items()
            if name.startswith(start) and math.isfinite(angle)
        }
        if measured:
            yield Joints(measured)
        known = {link.joint for link in spot_links()}
        angles = measured if measured.keys() & known else self._guessed(state)
        moved = {name: angle for name, angle in angles.items() if abs(self._angles.get(name, math.inf) - angle) > 1e-6}
        self._angles |= moved
        yield from spot_transforms(moved)

    def _guessed(self, state: State) -> dict[str, float]:
        """The joints of a Spot that puts its hand there."""
        body, hand = _pose(state, BODY), _pose(state, "hand")
        if body is None or hand is None:
            return {}
        world_from_body, world_from_hand = (Pose.from_quaternion(turn, place) for place, turn in (body, hand))
        self._arm = arm.approach(world_from_body.inverse() @ world_from_hand, self._arm, steps=FOLLOWING)
        opening = state.get("opening", 0.0)
        names = (joint.name for joint in arm.JOINTS)
        return {**STANDING, **dict(zip(names, self._arm.tolist(), strict=True)), "f1x": -opening * math.pi / 2}

    def _of_transition(self, line: Mapping[str, Any]) -> Iterator[Item]:
        for uid, code in self._board.transition(line["uid"], line["new"]):
            yield Status(self._paths[uid], WORDS[code])

    def _of_capture(self, line: Mapping[str, Any]) -> Iterator[Item]:
        frame = f"camera/{line['camera']}"
        colour = self._picture("frames", line, "colour")
        depth = self._picture("depth", line, "depth")
        width, height = _size(colour.png)
        matrix = np.asarray(line["world_from_camera"], np.float64)
        yield Transform(WORLD, frame, tuple(matrix[:3, 3].tolist()), tuple(quaternion_of(matrix[:3, :3]).tolist()))
        yield Camera(str(line["camera"]), frame, Intrinsics(width, height, *map(float, line["intrinsics"])))
        yield colour
        yield depth

    def _of_detection(self, line: Mapping[str, Any]) -> Iterator[Item]:
        yield self._picture("masks", line, "mask")

    def _of_heatmap(self, line: Mapping[str, Any]) -> Iterator[Item]:
        yield self._picture("quality", line, "quality")
        yield self._picture("heatmaps", line, "heatmap")

    def _picture(self, folder: str, line: Mapping[str, Any], kind: Any) -> Picture:
        name = str(line.get("camera", "hand"))
        path = self._folder / folder / file_of(self._folder, line)
        png = read_bytes(path, "picture of a run", PICTURE_BYTES)
        if not png.startswith(PNG):
            raise ConfigError(f"{path}: not a PNG file")
        read_picture(path, "picture of a run", cv2.IMREAD_UNCHANGED)  # it is whole, and not larger than it says
        return Picture(name, f"camera/{name}", kind, png)

    def _of_blackboard(self, line: Mapping[str, Any]) -> Iterator[Item]:
        value = line.get("value")
        if line.get("type") == "ObjectLocation" and isinstance(value, Mapping):
            frame, width = f"object/{value['label']}", float(value["width_m"])
            height = float(value["top_z_m"]) - float(value["bottom_z_m"])
            yield Transform(WORLD, frame, _three(value["position_m"]), (1.0, 0.0, 0.0, 0.0))
            yield Box(str(value["label"]), frame, (width, width, height))
        if line.get("type") == "Grasp" and isinstance(value, Mapping):
            hand = value["world_from_hand"]
            turn = quaternion_of(np.asarray(hand["rotation"], np.float64)).tolist()
            yield Transform(WORLD, "grasp", _three(hand["position_m"]), tuple(turn))
            yield Number("grasp/score", float(value["score"]))
            yield Number("grasp/width_m", float(value["width_m"]))


def moments(recording: Recording, story: Story) -> Iterator[Moment]:
    """Everything of a run in the order of time, as far as it was written. story: of this run."""
    states: Iterable[dict[str, float]] = ()
    try:
        states = recording.states().rows()
    except ConfigError as error:
        story.trouble.append(str(error))
    for item in story.beginning():
        yield 0.0, item
    lines = ((time_s, 0, line) for time_s, line in recording.timed_lines())
    rows = ((state["t_s"], 1, state) for state in states)
    for time_s, kind, value in merge(lines, rows, key=lambda moment: moment[:2]):
        for item in story.state(value) if kind else story.line(value):
            yield time_s, item


def _pose(state: State, part: str) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """(position, quaternion) of a part, None where it is unknown."""
    place = tuple(state.get(f"{part}_{value}", math.nan) for value in ("x_m", "y_m", "z_m"))
    turn = tuple(state.get(f"{part}_{value}", math.nan) for value in ("qw", "qx", "qy", "qz"))
    length = math.hypot(*turn)
    if not (all(map(math.isfinite, place)) and 0.5 < length < 2.0):
        return None
    return place, tuple(value / length for value in turn)


def _three(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _size(png: bytes) -> tuple[int, int]:
    """(width, height) of a PNG file."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def _sentence(kind: str, line: Mapping[str, Any]) -> str:
    """A line of the log for people."""
    if kind == "transition":
        return f"{line['path']}: {line['old']} -> {line['new']}  {line.get('feedback', '')}".rstrip()
    if kind == "feedback":
        return f"{line.get('path')}: {line.get('feedback')}"
    if kind == "report":
        return str(line.get("text"))
    if kind == "tree":
        return f"tree {line.get('title')}, {len(line.get('nodes') or ())} nodes"
    rest = {key: value for key, value in line.items() if key not in ("event", "level", "t")}
    return f"{kind} {json_text(rest, ensure_ascii=False, default=str)}"
