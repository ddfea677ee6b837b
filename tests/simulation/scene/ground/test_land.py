"""The ground of a scene: how high it is where, and what stands on it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from simulation.genesis.robot import GenesisRobot
from simulation.scene.build import SceneSample, load_scene, sample_scene
from simulation.scene.ground.land import BESIDE_M, Land, lay
from simulation.scene.ground.shapes import BOX_HALF_M
from simulation.scene.placing import DROP_M, Box
from simulation.scene.rehearsal import fake_scene
from simulation.scene.spec import ClutterSpec, GroundSpec, PersonSpec, PlaceSpec, SupportSpec

pytestmark = pytest.mark.slow

seeds = st.integers(0, 10_000)
ramps = st.floats(0.02, 0.35)
turns = st.floats(-np.pi, np.pi)
few = settings(deadline=None, max_examples=15)


def sloping(ramp_rad: float, uphill_rad: float = 0.0) -> GroundSpec:
    return GroundSpec(ramp_rad=(ramp_rad,) * 2, uphill_rad=(uphill_rad,) * 2)


def scene_on(ground: GroundSpec, seed: int) -> SceneSample:
    return sample_scene(replace(load_scene("fetch"), ground=ground, person=PersonSpec()), seed)


def corners(box: Box) -> np.ndarray:
    return np.array([box.place((i * box.half_m[0], j * box.half_m[1])) for i in (-1, 1) for j in (-1, 1)])


@given(seed=seeds)
@few
def test_flat_ground_is_flat_and_has_nothing_on_it(seed: int) -> None:
    land = lay(GroundSpec(), (0.3, -0.2), 0.7, seed)
    assert land == Land((0.3, -0.2), slip=0.2)
    assert land.height_m((2.0, 1.0)) == land.surface_m((2.0, 1.0)) == 0.0
    assert land.pose((0.3, 1.0, 0.5)).rpy_rad == pytest.approx([0.0, 0.0, 0.5])


@given(ramp=ramps, uphill=turns, way=turns, away=st.floats(0.1, 5.0), aside=turns)
@few
def test_a_ramp_rises_from_the_start_in_its_direction(
    ramp: float, uphill: float, way: float, away: float, aside: float
) -> None:
    land = lay(sloping(ramp, uphill), (1.0, 2.0), way, 0)
    assert land.uneven == "ramp_rad"
    heading = way + uphill + aside
    there = np.array([1.0, 2.0]) + away * np.array([np.cos(heading), np.sin(heading)])
    assert land.height_m(there) == pytest.approx(away * np.cos(aside) * np.tan(ramp), abs=1e-9)
    ground = land.pose((*there, heading))
    assert ground.position_m == pytest.approx([*there, land.height_m(there)])
    assert ground.rotation[2, 2] == pytest.approx(np.cos(ramp))
    assert np.linalg.det(ground.rotation) == pytest.approx(1.0)
    on = ground.transform(np.array([[0.5, 0.0, 0.0], [0.0, -0.3, 0.0]]))
    assert on[:, 2] == pytest.approx(land.floor_m(on[:, :2]))
    assert (on[0] - ground.position_m)[:2] @ [-np.sin(heading), np.cos(heading)] == pytest.approx(0.0, abs=1e-9)


@given(ramp=ramps, uphill=turns, seed=seeds)
@few
def test_what_stands_on_a_ramp_stands_upright_and_reaches_it_everywhere(ramp: float, uphill: float, seed: int) -> None:
    flat, sample = scene_on(GroundSpec(), seed), scene_on(sloping(ramp, uphill), seed)
    assert len(sample.supports) == len(flat.supports)
    for box, level in zip((*sample.supports, *sample.walls), (*flat.supports, *flat.walls), strict=True):
        assert (box.center_m[:2], box.half_m[:2], box.yaw_rad) == (level.center_m[:2], level.half_m[:2], level.yaw_rad)
        bottom = box.center_m[2] - box.half_m[2]
        assert (sample.land.floor_m(corners(box)) >= bottom - 1e-9).all()
    for box, level in ((sample.supports[0], flat.supports[0]), (sample.place, flat.place)):
        assert box is not None
        assert level is not None
        above = box.center_m[2] + box.half_m[2] - sample.land.height_m(box.center_m[:2])
        assert above == pytest.approx(2 * level.half_m[2])
    assert sample.target is not None
    assert sample.target.world_from_object.rotation[2, 2] == pytest.approx(1.0)
    top = sample.supports[0].center_m[2] + sample.supports[0].half_m[2]
    assert sample.target.world_from_object.position_m[2] == pytest.approx(top + DROP_M)
    assert sample.person is not None
    assert flat.person is not None
    assert sample.person.floor_m == pytest.approx(sample.land.height_m(sample.person.hand_m[:2]))
    assert sample.person.hand_m[2] - sample.person.floor_m == pytest.approx(flat.person.hand_m[2])


@given(high=st.floats(0.01, 0.15), seed=seeds)
@few
def test_rubble_is_under_the_robots_last_steps_and_round_the_table_which_stands_on_the_floor(
    high: float, seed: int
) -> None:
    spec = replace(load_scene("rubble"), ground=GroundSpec(rubble_m=(high, high)))
    sample, flat = sample_scene(spec, seed), sample_scene(replace(spec, ground=GroundSpec()), seed)
    land = sample.land
    assert land.uneven == "rubble_m"
    tops = np.array([box.center_m[2] + box.half_m[2] for box in land.rubble])
    assert ((tops > 0) & (tops <= high + 1e-9)).all()
    start = np.array(sample.robot_xy_yaw[:2])
    assert min(np.abs(box.inside(start))[0] - box.half_m[0] for box in land.rubble) > 0.4
    assert [(box.center_m, box.half_m) for box in sample.supports] == [
        (box.center_m, box.half_m) for box in flat.supports
    ]
    assert sample.target is not None
    goal = sample.target.world_from_object.position_m[:2]
    before = goal - (goal - start) / np.linalg.norm(goal - start)
    for place in (before, goal):
        assert any(np.linalg.norm(np.asarray(box.center_m[:2]) - place) < 0.9 for box in land.rubble)


@given(count=st.integers(1, 3), step=st.floats(0.01, 0.2), ramp=st.floats(0.0, 0.1), seed=seeds)
@few
def test_a_table_stands_on_the_steps(count: int, step: float, ramp: float, seed: int) -> None:
    ground = GroundSpec(ramp_rad=(ramp, ramp), steps=(count, count), step_m=(step, step))
    spec = replace(
        load_scene("bottle"), ground=ground, support=SupportSpec(height_m=(0.5, 0.5)), clutter=ClutterSpec((0, 0))
    )
    sample = sample_scene(spec, seed)
    table = sample.supports[0]
    middle = table.center_m[:2]
    under = next(box for box in sample.land.steps[::-1] if (np.abs(box.inside(middle)) <= BOX_HALF_M[:2]).all())
    assert table.center_m[2] + table.half_m[2] == pytest.approx(under.center_m[2] + under.half_m[2] + 0.5)
    assert sample.land.height_m(sample.robot_xy_yaw[:2]) == 0.0


@given(seed=seeds, ramp=st.floats(0.0, 0.2))
@few
def test_slippery_patches_lie_on_the_floor_as_it_slopes(seed: int, ramp: float) -> None:
    land = lay(replace(sloping(ramp), slippery=(2, 4), slippery_friction=0.1), (0.0, 0.0), 0.4, seed)
    assert 2 <= len(land.patches) <= 4
    assert land.slip == 0.1
    assert land.uneven == ("ramp_rad" if ramp > 0 else "slippery")
    for box in land.patches:
        assert 0.15 <= box.half_m[0] == box.half_m[1] <= 0.3
        assert box.center_m[2] == pytest.approx(float(land.floor_m(box.center_m[:2])))


@given(ramp=ramps, seed=seeds, rubble=st.sampled_from([0.0, 0.1]))
@few
def test_what_lies_on_the_ground_begins_above_it(ramp: float, seed: int, rubble: float) -> None:
    spec = replace(load_scene("floor"), ground=replace(sloping(ramp, 1.0), rubble_m=(rubble, rubble)))
    sample = sample_scene(spec, seed)
    assert sample.target is not None
    points, land = sample.target.world_from_object.transform(sample.target.object.vertices), sample.land
    middle = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    near = points[np.linalg.norm(points[:, :2] - middle, axis=1) < BESIDE_M]
    assert points[:, 2].min() > land.floor_m(near[:, :2]).max()
    assert points[:, 2].min() > land.surface_m(middle)


def test_a_place_of_no_height_is_where_the_ground_is() -> None:
    spec = replace(load_scene("bottle"), ground=sloping(0.2), place=PlaceSpec(height_m=(0.0, 0.0)))
    place = sample_scene(spec, 1).place
    assert place is not None
    assert place.center_m[2] + place.half_m[2] == pytest.approx(sample_scene(spec, 1).land.height_m(place.center_m[:2]))


@pytest.mark.parametrize(
    ("text", "key"), [("ramp_rad = 0.1", "ramp_rad"), ("rubble_m = 0.05", "rubble_m"), ("steps = 2", "steps"),
                      ("slippery = 1", "slippery")]
)  # fmt: skip
def test_on_rails_ground_that_is_not_flat_is_refused(text: str, key: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f"[ground]\n{text}\n")
    with pytest.raises(ConfigError, match=rf"scene mine: \[ground\] {key}: .*leave --base rails or --robot-file out$"):
        GenesisRobot(str(file), base="rails")


def test_the_fake_robot_rehearses_on_a_flat_floor() -> None:
    world, _ = fake_scene("ramp", 1)
    assert 0.45 <= world.support_z_m(world.bottle_m) <= 0.65


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ramp = 0.1", "ramp: unknown key; choose from: ramp_rad, uphill_rad, hills_m"),
        ("ramp_rad = 8", "ramp_rad: 8 is not within 0 to 0.35"),
        ("steps = 9", "steps: 9 is not within 0 to 8"),
        ("rubble_m = [0.1, 0.05]", "is not a number or a range"),
        ("slippery_friction = 0", "slippery_friction: 0 is not within 0.01 to 1"),
    ],
)
def test_what_is_wrong_in_the_table_is_said(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f"[ground]\n{text}\n")
    with pytest.raises(ConfigError, match=rf"mine\.toml: \[ground\] .*{re.escape(reason)}"):
        load_scene(str(file))
