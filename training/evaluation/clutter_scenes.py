"""The scenes, views and noise of VGN's and GIGA's benchmark, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from perception.geometry import Pose, looking_along
from perception.types import Intrinsics, RgbdFrame
from simulation.scene.build import SceneSample, sample_scene
from simulation.scene.objects import GraspObject
from simulation.scene.placing import Box, Placed
from simulation.trials.clutter_table import GONE_GAP_M, GONE_M, ClutterProtocol, ClutterTable
from training.dataset.views import SEED_BASE, SPEC, photograph
from training.evaluation.clutter_names import Kind, Noise, View
from training.evaluation.methods.interface import Look
from training.heatmap.build_arrays import MIN_MASK_PX, detection_of, noisy_depth

CAMERA = Intrinsics(640, 480, 540.0, 540.0, 320.0, 240.0)
FAR_M = 2.0
TABLE_HALF_M, TABLE_HEIGHT_M = 0.30, 0.45
PACKED_XY_M = 0.07
"""From the cube's middle, in x and in y."""
TRIES = 12
ABOVE_M = 0.002
PROTOCOL = ClutterProtocol()

Maker = Callable[[float, int], GraspObject]
"""An object from its scale and its number in the scene."""


@dataclass(frozen=True, eq=False)
class ClutterScene:
    """What a round's table is built from. drops: world_from_middle of each object that falls; none if it is packed.
    chosen: index among all objects, and scale, of each object in the sample."""

    sample: SceneSample
    drops: tuple[Pose, ...]
    chosen: tuple[tuple[int, float], ...]


def clutter_scene(
    kind: Kind, makers: Sequence[Maker], count: int, scale: tuple[float, float], seed: int, number: int
) -> ClutterScene:
    """Round `number` of a seed: up to `count` objects, drawn with replacement."""
    rng = np.random.default_rng([seed, number, 31])
    make = _packed if kind == "packed" else _pile
    placed, drops, chosen = make(makers, count, scale, rng)
    base = sample_scene(SPEC, SEED_BASE + 7_000_000 + 10_000 * seed + number)
    half = (TABLE_HALF_M, TABLE_HALF_M, TABLE_HEIGHT_M / 2)
    table = Box((0.0, 0.0, TABLE_HEIGHT_M / 2), half, 0.0, base.supports[0].texture)
    sample = replace(
        base, target=placed[0], clutter=tuple(placed[1:]), supports=(table,), walls=(), place=None, person=None
    )
    return ClutterScene(sample, tuple(drops), tuple(chosen))


Drawn = tuple[list[Placed], list[Pose], list[tuple[int, float]]]


def _packed(makers: Sequence[Maker], count: int, scale: tuple[float, float], rng: np.random.Generator) -> Drawn:
    """Upright, each where its hull meets no other's."""
    placed: list[Placed] = []
    hulls: list[NDArray[np.float64]] = []
    chosen: list[tuple[int, float]] = []
    for _ in range(TRIES):
        if len(placed) == count:
            break
        index, xy = int(rng.integers(len(makers))), rng.uniform(-PACKED_XY_M, PACKED_XY_M, 2)
        yaw, size = float(rng.uniform(0.0, 2 * np.pi)), float(rng.uniform(*scale))
        item = makers[index](size, len(placed))
        world_from_object = Pose.from_rpy((0.0, 0.0, yaw), (xy[0], xy[1], TABLE_HEIGHT_M + ABOVE_M))
        hull = world_from_object.transform(np.asarray(item.mesh().convex_hull.vertices))
        if any(_meet(hull, other) for other in hulls):
            continue
        placed.append(Placed(item, world_from_object))
        hulls.append(hull)
        chosen.append((index, size))
    return placed, [], chosen


def _pile(makers: Sequence[Maker], count: int, scale: tuple[float, float], rng: np.random.Generator) -> Drawn:
    """Each from above with a random rotation, above the middle third of the cube."""
    indices = rng.integers(len(makers), size=count).tolist()
    third = PROTOCOL.cube_m / 6
    placed: list[Placed] = []
    drops: list[Pose] = []
    chosen: list[tuple[int, float]] = []
    for number, index in enumerate(indices):
        rotation = Rotation.random(random_state=np.random.RandomState(int(rng.integers(2**31)))).as_matrix()
        x, y = rng.uniform(-third, third, 2)
        size = float(rng.uniform(*scale))
        away = np.array([GONE_M[0], GONE_M[1] + GONE_GAP_M * number, 0.001])
        placed.append(Placed(makers[index](size, number), Pose(np.eye(3), away)))
        drops.append(Pose(rotation, np.array([x, y, TABLE_HEIGHT_M + PROTOCOL.drop_m])))
        chosen.append((index, size))
    return placed, drops, chosen


def _meet(one: NDArray[np.float64], two: NDArray[np.float64]) -> bool:
    """Whether the hulls of two clouds (N, 3) have a point in common."""
    if (one.max(axis=0) < two.min(axis=0)).any() or (two.max(axis=0) < one.min(axis=0)).any():
        return False
    planes: Any = np.vstack([ConvexHull(cloud).equations for cloud in (one, two)])
    common = linprog(np.zeros(3), A_ub=planes[:, :3], b_ub=-planes[:, 3], bounds=(None, None), method="highs")
    return bool(common.status == 0)


def camera_of(view: View, cube_center_m: NDArray[np.float64], rng: np.random.Generator) -> Pose:
    """world_from_camera. The side view looks along +y from 0.60 m, 60 degrees off the vertical; a random one from 0.48
    to 0.72 m, 15 to 75 degrees, all round. Both look at a point 0.05 m below the cube's middle."""
    target = cube_center_m - [0.0, 0.0, PROTOCOL.cube_m / 6]
    distance, off_vertical, around = 0.60, np.pi / 3, -np.pi / 2
    if view == "random":
        distance, around = rng.uniform(0.48, 0.72), rng.uniform(0.0, 2 * np.pi)
        off_vertical = np.radians(rng.uniform(15.0, 75.0))
    level = np.sin(off_vertical)
    toward = np.array([level * np.cos(around), level * np.sin(around), np.cos(off_vertical)])
    eye = target + distance * toward
    return looking_along(eye, target - eye)


def measured(clean: NDArray[np.float32], noise: Noise, rng: np.random.Generator) -> NDArray[np.float32]:
    """(H, W) metres, 0 = no return, as a sensor would give the clean depth; nothing is seen beyond FAR_M.

    dex: the depth times gamma(1000, 0.001), and in half of the pictures 5 mm of noise that is smooth over 4 px.
    spot: the model of the hand camera's sensor. none: clean.
    """
    depth = np.where(clean < FAR_M, clean, np.float32(0.0)).astype(np.float32)
    if noise == "spot":
        return noisy_depth(depth, CAMERA, rng)
    if noise == "dex":
        factor, rough = rng.gamma(1000.0, 0.001), rng.random() < 0.5
        height, width = depth.shape
        coarse = rng.normal(0.0, 0.005, (height // 4, width // 4)).astype(np.float32)
        smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR) if rough else np.float32(0.0)
        depth = np.where(depth > 0, np.maximum(depth * np.float32(factor) + smooth, 0.0), 0.0).astype(np.float32)
    return depth


def on_known_table(
    depth: NDArray[np.float32], camera: Intrinsics, world_from_camera: Pose, table_z_m: float
) -> NDArray[np.float32]:
    """The depth (H, W) metres, scaled so that the table, which fills most of the picture, lies at its known height."""
    v, u = np.nonzero(depth)
    rays = camera.back_project(u, v, 1.0) @ world_from_camera.rotation.T
    with np.errstate(divide="ignore"):
        expected = (table_z_m - world_from_camera.position_m[2]) / rays[:, 2]
    place = world_from_camera.position_m[:2] + expected[:, None] * rays[:, :2]
    on_table = (expected > 0) & (np.abs(place) < TABLE_HALF_M).all(axis=1)
    factor = np.median(expected[on_table] / depth[v, u][on_table]) if on_table.any() else 1.0
    return np.asarray(depth * np.float32(factor))


def look(
    table: ClutterTable, view: View, noise: Noise, masks: bool, known_table: bool, rng: np.random.Generator
) -> Look:
    """What a method sees of the table. masks: with the objects' true masks, their edges wrong by up to 2 px.
    known_table: the table's height is known, and the depth is scaled to it."""
    center = table.cube_center_m()
    world_from_camera = camera_of(view, center, rng)
    picture = table.take(world_from_camera)
    rgb, depth = photograph(picture.rgb, rng), measured(picture.depth, noise, rng)
    if known_table:
        depth = on_known_table(depth, CAMERA, world_from_camera, table.table_z_m)
    frame = RgbdFrame(rgb, depth, CAMERA, world_from_camera, 0.0, registered=noise != "spot")
    half = PROTOCOL.cube_m / 2
    detections = []
    for index in sorted(table.left) if masks else ():
        mask = picture.instances == index + 1
        if mask.sum() >= MIN_MASK_PX:
            detections.append(detection_of(mask, rng))
    return Look(frame, tuple(detections), np.array([center - half, center + half]))


def scaled(make: Callable[[], GraspObject], scale: float, number: int) -> GraspObject:
    """One of the project's objects, larger or smaller, as number `number` of a scene. Its mass is kept."""
    item = make()
    return replace(item, vertices=item.vertices * scale, seed=number)
