"""Scenes whose objects lie: on the floor, and together in a bin."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.scene.build import SceneSample, load_scene, sample_scene
from simulation.scene.placing import DROP_M, RIM_HALF_M, Placed, rim

pytestmark = pytest.mark.slow

SEEDS = st.integers(0, 10_000)


def things(sample: SceneSample) -> list[Placed]:
    assert sample.target is not None
    return [sample.target, *sample.clutter]


def points_m(thing: Placed) -> np.ndarray:
    return np.asarray(thing.world_from_object.transform(thing.object.vertices))


def apart_m(one: Placed, other: Placed) -> float:
    """Between the hulls on the floor plan, by sampled points."""
    hulls = [trimesh.convex.hull_points(thing.outline_m()) for thing in (one, other)]
    return min(float(np.linalg.norm(hulls[0] - point, axis=1).min()) for point in hulls[1])


@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_on_the_floor_everything_lies_near_the_robot_and_apart(seed: int) -> None:
    sample = sample_scene(load_scene("floor"), seed)
    target, *others = things(sample)
    points = points_m(target)
    middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
    assert 0.9 - 1e-6 <= np.linalg.norm(middle[:2] - sample.robot_xy_yaw[:2]) <= 2.2 + 1e-6
    assert np.ptp(points[:, 2]) < 0.5 * target.object.height_m, "it lies"
    for thing in (target, *others):
        assert points_m(thing)[:, 2].min() == pytest.approx(DROP_M, abs=1e-6)
    for one, other in combinations((target, *others), 2):
        assert apart_m(one, other) > 0.0


@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_in_a_bin_things_lie_on_its_floor_inside_its_rim_and_apart(seed: int) -> None:
    spec = load_scene("bin")
    sample = sample_scene(spec, seed)
    floor, top_m = sample.supports[0], 2 * sample.supports[0].half_m[2]
    assert len(things(sample)) >= 2
    for thing in things(sample):
        points = points_m(thing)
        assert points[:, 2].min() == pytest.approx(top_m + DROP_M, abs=1e-6)
        assert (np.abs(floor.inside(points[:, :2])) < np.array(floor.half_m[:2]) - 2 * RIM_HALF_M).all()
    for one, other in combinations(things(sample), 2):
        assert apart_m(one, other) >= spec.clutter.gap_m - 1e-6


def test_a_rim_stands_round_the_top_of_its_box() -> None:
    floor = sample_scene(load_scene("bin"), 3).supports[0]
    walls = rim(floor, 0.05)
    assert len(walls) == 4
    for wall in walls:
        assert wall.center_m[2] - wall.half_m[2] == pytest.approx(2 * floor.half_m[2])
        assert 2 * wall.half_m[2] == pytest.approx(0.05)
        outermost = np.abs(floor.inside(wall.center_m[:2])).max()
        assert outermost == pytest.approx(floor.half_m[0] - RIM_HALF_M)


def test_the_place_of_a_bin_has_a_rim_too_and_is_the_last_support() -> None:
    spec = load_scene("bin")
    assert spec.place is not None
    sample = sample_scene(spec, 0)
    assert sample.place is sample.supports[-1]
    assert [wall.center_m for wall in rim(sample.place, spec.place.rim_m)] == [
        wall.center_m for wall in sample.supports[-5:-1]
    ]
