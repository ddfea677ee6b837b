"""For every port of every leaf: what it must not take, and what it takes of the rest, beside a robot."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

import numpy as np
from py_trees.common import Status

import trees
from behaviours.leaves.choosing import Views
from behaviours.leaves.failing import Failures
from behaviours.leaves.picking import PickInImage
from behaviours.registry import LEAVES
from behaviours.robot import Command, GripperState, Robot, picking
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot
from behaviours.services import Services
from behaviours.vocabulary import robot_names
from behaviours.worker import Worker
from perception.base.errors import ContractError, LimitError
from perception.geometry import Pose
from perception.surface.locate import ObjectLocation
from perception.types import Grasp, Heatmap, RgbdFrame
from perception.view import View
from trees.data.ports import Direction, Names, Port, Vocabulary
from trees.engine.leaf import Leaf

EXHAUSTIVE: Final = int(os.environ.get("SPOT_GRASP_EXHAUSTIVE", "0"))
"""So many random values for each number, beside those at its bounds."""
KNOWN: Final[Vocabulary] = {
    "label": Names(FakeDetector.labels, "the detector"),
    **robot_names(("hand",), picks=True, whose="the robot"),
}
PORTS: Final = [
    (leaf, port) for leaf in LEAVES.values() for port in leaf.PORTS if port.direction is not Direction.OUTPUT
]
UNKNOWN: Final = ("cup", "can,mug", "can mug", "botle", "hand;front", "Hand")
UNREAD: Final = {("AwaitPull", "forgive_s")}
"""Not asked as long as something is held, and nothing moves."""
MOTIONS: Final = ("walk_to", "move_arm", "move_hand", "set_gripper", "pick_in_image", "set_body", "self_right")


def bad_numbers(port: Port) -> list[float]:
    """Below, above, no number, infinite."""
    low, high, dice = port.bounds.minimum, port.bounds.maximum, random.Random(port.name)
    step = 1.0 if port.type is int else 1e-6
    found = [math.nan, math.inf, -math.inf, low - step, high + step, -1e308, 1e308]
    if port.bounds.above:
        found.append(low)
    for _ in range(EXHAUSTIVE):
        away = step + dice.expovariate(1) * 10 ** dice.uniform(-6, 12)
        found.append(dice.choice((low - away, high + away)))
    return found


def bad_texts(port: Port) -> list[str]:
    """Literals that the port must not take."""
    if port.type in (int, float):
        words = ["", " ", *["fast", "1,5", "1m", "0_1", "١", "{", "1e999"]]
        return [*words, *map(repr, bad_numbers(port)), *(["0.5"] if port.type is int else [])]
    if port.type is bool:
        return ["", "yes", "2", "tru", "0.5"]
    if port.names:
        return ["", " ; ", *UNKNOWN]
    if port.type is str:
        return [""]
    if issubclass(port.type, Enum):
        return ["", "up", "Stow", "0", "stow;ready"]
    return ["x", "0"]


def bad_values(port: Port) -> list[Any]:
    """Values on the blackboard that the port must not take."""
    if port.type in (int, float):
        return [*bad_numbers(port), "fast", "", "nan", "-inf", (1.0,), Pose.identity()]
    if port.type is bool:
        return ["", "yes", "2", 2, 1.5, math.nan, Pose.identity()]
    if port.names:
        return ["", *UNKNOWN, 7, 1.5]
    if port.type is str:
        return ["", Pose.identity()]
    if isinstance(port.type, type) and issubclass(port.type, Enum):
        return ["", "up", 0, Pose.identity()]
    return ["x", 0, 1.5, math.nan]


class Watched:
    """A robot that holds something, and every command that it took."""

    def __init__(self, robot: Robot) -> None:
        self.robot, self.taken = robot, list[Any]()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.robot, name)
        if name not in MOTIONS:
            return value

        def command(*given: Any, **limits: Any) -> Command:
            taken: Command = value(*given, **limits)
            self.taken.append((name, given, limits))
            return taken

        return command

    def gripper(self) -> GripperState:
        return GripperState(0.5, 1.0, True)


def good_values(robot: Robot) -> dict[str, Any]:
    """What every port of an opaque type takes, as the robot stands: an object a metre ahead of it, and all about it."""
    with FakeRobot() as fake:
        fake.move_arm("ready", max_joint_speed_radps=2.0)
        fake.sleep(3.0)
        seen = fake.capture("hand")
    frame = RgbdFrame(seen.rgb, seen.depth, seen.intrinsics, robot.hand_pose(), robot.now(), "hand")
    detection = FakeDetector().detect(frame, ("bottle",), 0.1)[0]
    middle = robot.body_pose().transform(np.array([1.0, 0.0, 0.1]))
    location = ObjectLocation("bottle", middle, middle - [0.03, 0.0, 0.0], 0.06, middle[2] - 0.1, middle[2] + 0.1)
    hand = Pose(robot.body_pose().rotation, middle)
    grasp = Grasp((1, 1), 0.5, middle, np.array([-1.0, 0.0, 0.0]), hand, 0.06, 0.9)
    place = Pose(np.eye(3), middle - [0.0, 0.0, 0.3])
    objects = dict.fromkeys(("object", "before"), location)
    heatmap = Heatmap(detection.mask.astype(np.float32))
    return {
        **objects, "frame": frame, "detection": View(frame, detection), "grasp": grasp, "place": place, "pose": place,
        "heatmap": heatmap, "views": Views(((0.0, 0.5),)), "known": location,
        "failures": Failures(), "gone": Failures(),
    }  # fmt: skip


def wired(leaf: type[Leaf]) -> Iterator[tuple[Port, str]]:
    """Every port that is read, with what to write for it: a literal that it takes, or a key of its own name."""
    for port in leaf.PORTS:
        if port.type in (int, float) and port.direction is Direction.INPUT:
            yield port, f"{0.1 * port.bounds.maximum if port.required else port.default}"
        elif port.direction is Direction.INPUT and port.names:
            yield port, KNOWN[port.names].choices[0]
        elif isinstance(port.type, type) and issubclass(port.type, Enum):
            yield port, next(iter(port.type)).name
        else:
            yield port, "words" if port.type is str else f"{{{port.name}}}"


def tag_with(leaf: type[Leaf], port: Port, text: str) -> str:
    """The leaf's tag with this text for one port, escaped, and what is fine for all others."""
    from xml.sax.saxutils import quoteattr

    texts = {each.name: good for each, good in wired(leaf)} | {port.name: text}
    return f"<{leaf.tag()} {' '.join(f'{name}={quoteattr(value)}' for name, value in texts.items())}/>"


def tick(document: trees.Document, robot: Any, values: dict[str, Any]) -> str:
    """Tick a tree to its end, with these values on the blackboard: what it raised, or its status."""
    with Worker() as worker:
        services = Services(robot, FakeDetector(), FakeHeatmap(), worker)
        tree = trees.build(document, services, robot.now)
        for key, value in values.items():
            tree.blackboard.declare(key).write(value)
        try:
            for _ in range(4):
                status = tree.tick()
                worker.wait()
                if status is not Status.RUNNING:
                    return status.name
        except (LimitError, ContractError) as error:
            return str(error)
        finally:
            tree.halt()
    return "RUNNING"


def refuses_whatever_comes_from_the_blackboard(robot: Robot, folder: Path) -> int:
    """Every bad value of every port of every leaf; how many there were."""
    values, count = good_values(robot), 0
    file = folder / "tree.xml"
    for leaf, port in PORTS:
        if leaf is PickInImage and picking(robot) is None:
            continue  # refused before any value is read
        body = tag_with(leaf, port, "{bad}")
        file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="T">{body}</BehaviorTree></root>', encoding="utf-8")
        document = trees.load(file, LEAVES, unwritten=True, known=KNOWN)
        for value in bad_values(port):
            watched = Watched(robot)
            answer = tick(document, watched, values | {"bad": value})
            what = f"{leaf.tag()} {port.name} {value!r}: {answer}"
            assert watched.taken == [], what
            assert (leaf.tag(), port.name) in UNREAD or f"T/{leaf.tag()}: port '{port.name}'" in answer, what
            count += 1
            if count % 20 == 0:
                robot.sleep(0.001)  # a program that only computes is taken for one that hangs
    return count
