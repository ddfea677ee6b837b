"""Sparse targets of the ways in a picture, and the pictures that are made without a simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, looking_along
from perception.hand.family import WAYS
from perception.quality.preprocess import Crop
from simulation.scene.build import SceneSample
from simulation.scene.objects import GraspObject
from training.dataset.ways.raster import photograph_scene
from training.dataset.ways.scenes import Lying, way_scene
from training.dataset.ways.targets import pack, targets, unpack

pytest.importorskip("trimesh")

HALF = np.array([0.02, 0.1, 0.025])
TOP = [index for index, way in enumerate(WAYS) if (way.approach, way.depth) == ("top", "tips")]
UP = np.eye(4)
UP[2, 3] = HALF[2]


def labels_of_a_bar() -> dict[str, np.ndarray]:
    """A bar along y, gripped from above all over: what closes across it holds, what closes along it does not."""
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(-0.02, 0.02, 300), rng.uniform(-0.1, 0.1, 300), np.full(300, HALF[2])], axis=1)
    yaw = rng.uniform(-np.pi, np.pi, 300)
    axes = np.stack([np.cos(yaw), np.sin(yaw), np.zeros(300)], axis=1)
    across = np.abs(axes[:, 0]) > np.cos(np.radians(30.0))
    return {
        "rests": UP[None],
        "points": points[None],
        "normals": np.tile([0.0, 0.0, 1.0], (1, 300, 1)),
        "rest": np.zeros(300, int),
        "sample": np.arange(300),
        "way": np.full(300, TOP[0]),
        "axis": axes,
        "asked": np.flatnonzero(across),
        "held": np.ones(int(across.sum()), bool),
    }


def bar() -> GraspObject:
    import trimesh

    mesh = trimesh.creation.box(2 * HALF)
    uv, texture = np.zeros((len(mesh.vertices), 2)), np.full((4, 4, 3), 200, np.uint8)
    return GraspObject("mesh", 0, np.asarray(mesh.vertices), np.asarray(mesh.faces), uv, texture, 0.3, 0.7)


def scene(seed: int = 0) -> SceneSample:
    return way_scene(Lying(bar(), labels_of_a_bar(), 0), [], seed)[0]


def seen_from(sample: SceneSample, off: tuple[float, float, float]) -> tuple[Pose, np.ndarray, np.ndarray]:
    """(world_from_camera, depth, mask) of the bar from a place relative to it."""
    assert sample.target is not None
    middle = sample.target.world_from_object.transform([0.0, 0.0, HALF[2]])
    pose = looking_along(middle + off, -np.array(off))
    picture = photograph_scene(sample, SPOT.hand_camera, pose)
    return pose, picture.depth, picture.instances == 1


def test_a_picture_without_a_simulator_shows_every_point_where_it_is() -> None:
    sample = scene(3)
    assert sample.target is not None
    pose, depth, mask = seen_from(sample, (-0.4, 0.1, 0.4))
    v, u = np.nonzero(mask)
    camera = SPOT.hand_camera
    points = pose.transform(camera.back_project(u + 0.5, v + 0.5, depth[mask]))
    local = np.abs(sample.target.world_from_object.inverse().transform(points) - [0.0, 0.0, HALF[2]]) - HALF
    assert mask.sum() > 2000
    assert np.abs(local.max(axis=1)).max() < 1e-4, "all on the bar's surface"


@pytest.mark.parametrize("turn", [0.0, 1.0, 2.5])
def test_targets_stand_where_a_sample_is_seen_for_the_way_nearest_to_its_jaw_axis(turn: float) -> None:
    sample, labels = scene(), labels_of_a_bar()
    assert sample.target is not None
    yaw = Pose.from_rpy((0.0, 0.0, turn))
    placed = sample.target.world_from_object
    sample = replace(sample, target=replace(sample.target, world_from_object=Pose(yaw.rotation, placed.position_m)))
    assert sample.target is not None
    away = yaw.rotation @ [-0.35, 0.0, 0.45]  # the camera looks across the bar
    pose, depth, mask = seen_from(sample, (away[0], away[1], away[2]))
    crop = replace(Crop.around(mask), size_px=192)
    packed = targets(labels, 0, sample.target.world_from_object, pose, SPOT.hand_camera, depth, mask, crop)
    known = unpack(packed)
    counts = (known >= 0).sum(axis=(1, 2))
    assert (counts[TOP] > 300).all()
    assert counts.sum() == counts[TOP].sum(), "no other kind of way was tried"
    shares = [(known[index] == 1).sum() / counts[index] for index in TOP]
    assert shares[0] > 0.95, "across"
    assert shares[2] < 0.05, "along"
    inside = crop.cut(mask.astype(np.uint8), smooth=False) > 0
    assert not packed[~inside].any()


def test_what_is_hidden_is_unknown() -> None:
    sample, labels = scene(), labels_of_a_bar()
    labels["points"][:, :, 2], labels["normals"][:, :, 2] = -HALF[2], -1.0  # under the bar
    assert sample.target is not None
    pose, depth, mask = seen_from(sample, (-0.35, 0.0, 0.45))
    crop = replace(Crop.around(mask), size_px=192)
    assert not targets(labels, 0, sample.target.world_from_object, pose, SPOT.hand_camera, depth, mask, crop).any()


def test_packed_targets_come_out_as_they_went_in() -> None:
    rng = np.random.default_rng(0)
    known, good = rng.random((2, len(WAYS), 8, 8)) < 0.4
    assert np.array_equal(unpack(pack(known, good)), np.where(known, good.astype(int), -1))


def test_neighbours_lie_beside_the_target_and_never_in_it() -> None:
    lying = Lying(bar(), labels_of_a_bar(), 0)
    counts = []
    for seed in range(30):
        sample, chosen = way_scene(lying, [lying], seed)
        assert sample.target is not None
        placed = [sample.target, *sample.clutter]
        assert len(placed) == len(chosen)
        counts.append(len(placed))
        middle = placed[0].world_from_object.position_m
        pose = looking_along(middle + np.array([0.01, 0.0, 0.8]), np.array([-0.01, 0.0, -0.8]))
        instances = photograph_scene(sample, SPOT.hand_camera, pose).instances
        assert (instances == 1).sum() > 500, "nothing covers it"
    assert min(counts) == 1
    assert max(counts) > 2
