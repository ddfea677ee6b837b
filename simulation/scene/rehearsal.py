"""A scene on the fake robot: its objects and tables, as far as the fake's world has them.

Objects become cylinders of their size, standing or lying; tables and places become square tops. Rims of bins, boards
and sides of shelves, walls, boxes on the floor, furniture, textures and light are left out, and the ground is flat. A
person pulls at what is held out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from behaviours.robots.fake.script import FakeScript
from behaviours.robots.fake.stage import FakeItem, Top, stage
from behaviours.robots.fake.world import LABELS, FakeShape, FakeWorld
from perception.geometry import Pose
from simulation.scene.build import SceneSample, sample_scene
from simulation.scene.objects import LABELS as NAMES
from simulation.scene.placing import Box, Placed
from simulation.scene.spec import GroundSpec, load_scene

PULL_AFTER_S: Final = 4.0
"""Held still for so long: longer than the check of a grip, in which nobody pulls."""
STANDS: Final = 0.9
"""A body whose axis points up by more than this stands."""


def fake_scene(name_or_path: str, seed: int, script: FakeScript | None = None) -> tuple[FakeWorld, FakeScript]:
    """The world of a scene and what goes wrong in it. script: what goes wrong besides. ConfigError for a scene that
    cannot be used."""
    sample = sample_scene(replace(load_scene(name_or_path), ground=GroundSpec()), seed)
    script = script or FakeScript()
    if sample.person is not None and sample.person.pull_n > 0.0 and script.pull_after_s is None:
        script = replace(script, pull_after_s=PULL_AFTER_S)
    return fake_world(sample), script


def fake_world(sample: SceneSample) -> FakeWorld:
    """The fake's world, in the frame of the robot's start."""
    x, y, yaw = sample.robot_xy_yaw
    start_from_world = Pose.from_rpy((0.0, 0.0, yaw), (x, y, 0.0)).inverse()
    placed = ([sample.target] if sample.target else []) + list(sample.clutter)
    tables = [_top(box, start_from_world) for box in sample.supports if _is_table(box)]
    return stage([_item(item, start_from_world) for item in placed], tables)


def _is_table(box: Box) -> bool:
    """Whether a box has a square top and stands on the floor, as supports do, and neither rims nor boards."""
    return box.half_m[0] == box.half_m[1] and box.half_m[2] > 0.0 and abs(box.center_m[2] - box.half_m[2]) < 1e-6


def _top(box: Box, start_from_world: Pose) -> Top:
    """The top of a box; of one that is turned, the square around it."""
    x, y, z = start_from_world.transform(np.array([*box.center_m[:2], box.center_m[2] + box.half_m[2]]))
    turn = box.yaw_rad + start_from_world.yaw_rad
    return float(x), float(y), float(z), float(box.half_m[0] * (abs(np.cos(turn)) + abs(np.sin(turn))))


def _item(placed: Placed, start_from_world: Pose) -> FakeItem:
    pose = start_from_world @ placed.world_from_object
    points = pose.transform(placed.object.vertices)
    low, high = points.min(axis=0), points.max(axis=0)
    foot = (*(0.5 * (low + high))[:2].tolist(), float(low[2]))
    label = NAMES.get(placed.object.family, "other")
    label = label if label in LABELS else "other"
    if abs(pose.rotation[2, 2]) > STANDS:
        return FakeItem(foot, FakeShape(label, float((high - low)[:2].min()) / 2, float(high[2] - low[2])))
    level = points[:, :2] - points[:, :2].mean(axis=0)
    along = np.linalg.svd(level, full_matrices=False)[2][0]
    length = float(np.ptp(level @ along))
    heading = float(np.arctan2(along[1], along[0]))
    return FakeItem(foot, FakeShape(label, float(high[2] - low[2]) / 2, length, heading))
