"""Scene files, and what a seed makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from perception.floor.plan import FloorPlan
from perception.floor.route import Walker, find_route
from perception.types import Rejection
from simulation.scene.build import SceneSample, load_scene, sample_scene, scene_names
from simulation.scene.placing import DROP_M, Box
from simulation.scene.spec import FurnitureSpec

pytestmark = pytest.mark.slow

SEEDS = st.integers(0, 10_000)
SCENES = [
    "behind", "bin", "bottle", "can", "close", "clutter", "dim", "empty", "fetch", "floor", "hills", "moved", "mug",
    "person", "ramp", "room", "rubble", "shelf", "table",
]  # fmt: skip
UPRIGHT = [name for name in SCENES if name not in ("bin", "floor")]
"""Scenes whose objects stand on a table; the others are in test_lying."""
WITH_TARGET = [name for name in UPRIGHT if name != "empty"]
AHEAD = [name for name in WITH_TARGET if name not in ("behind", "hills", "ramp", "room", "shelf")]
WITH_PLACE = ["fetch", "table"]


def in_box(box: Box, xy: np.ndarray) -> np.ndarray:
    """(2,) point in the box's own axes, metres from its middle."""
    c, s = np.cos(-box.yaw_rad), np.sin(-box.yaw_rad)
    return np.array([[c, -s], [s, c]]) @ (np.asarray(xy)[:2] - box.center_m[:2])


def gap_to_box(box: Box, xy: np.ndarray) -> float:
    """Metres from a point on the floor plan to the box, 0 inside."""
    return float(np.linalg.norm(np.maximum(np.abs(in_box(box, xy)) - box.half_m[:2], 0.0)))


def room_on_support(sample: SceneSample, position: np.ndarray) -> float:
    """Metres from a standing object's axis to the nearest edge of a box whose top carries it."""
    tops = [box for box in sample.supports if abs(box.center_m[2] + box.half_m[2] + DROP_M - position[2]) < 1e-9]
    return max(float((np.array(box.half_m[:2]) - np.abs(in_box(box, position))).min()) for box in tops)


def test_the_library_has_the_scenes_the_product_names() -> None:
    assert scene_names() == SCENES


@pytest.mark.parametrize("name", AHEAD)
@settings(max_examples=5)
@given(seed=SEEDS)
def test_the_target_stands_ahead_of_the_robot_on_a_support(name: str, seed: int) -> None:
    sample = sample_scene(load_scene(name), seed)
    assert sample.target is not None
    x, y, yaw = sample.robot_xy_yaw
    position = sample.target.world_from_object.position_m
    offset = position[:2] - [x, y]
    bearing = (np.arctan2(offset[1], offset[0]) - yaw + np.pi) % (2 * np.pi) - np.pi
    assert 1.8 <= np.linalg.norm(offset) <= 2.5
    assert abs(bearing) <= 0.35 + 1e-9
    assert 0.45 <= position[2] - DROP_M <= 0.65
    assert room_on_support(sample, position) >= 0.03
    off_edge_m = 0.14 if sample.supports[0].half_m[0] < 0.4 else 0.18  # a wide table that is turned has a far corner
    assert gap_to_box(sample.supports[0], (x, y)) + off_edge_m > np.linalg.norm(offset), "near the robot's edge"


@pytest.mark.parametrize("name", [*(name for name in WITH_TARGET if name != "room"), "empty"])
@settings(max_examples=5)
@given(seed=SEEDS)
def test_the_robots_way_to_the_target_is_free(name: str, seed: int) -> None:
    sample = sample_scene(load_scene(name), seed)
    start = np.array(sample.robot_xy_yaw[:2])
    goal = np.array(
        sample.target.world_from_object.position_m[:2] if sample.target else sample.supports[0].center_m[:2]
    )
    stop = goal - (goal - start) / np.linalg.norm(goal - start)
    for box in (*sample.supports, *sample.walls):
        assert min(gap_to_box(box, start + t * (stop - start)) for t in np.linspace(0, 1, 20)) > 0.5


@pytest.mark.parametrize("name", UPRIGHT)
@settings(max_examples=8)
@given(seed=SEEDS)
def test_objects_stand_apart_and_on_something(name: str, seed: int) -> None:
    spec = load_scene(name)
    sample = sample_scene(spec, seed)
    placed = [*([sample.target] if sample.target else []), *sample.clutter]
    for index, one in enumerate(placed):
        assert room_on_support(sample, one.world_from_object.position_m) > 0.03
        for other in placed[index + 1 :]:
            between = np.linalg.norm(one.world_from_object.position_m[:2] - other.world_from_object.position_m[:2])
            assert between > one.object.radius_m + other.object.radius_m
            if one is sample.target:
                assert between >= spec.clutter.gap_m - 1e-9


@pytest.mark.parametrize("name", WITH_PLACE)
@settings(max_examples=8)
@given(seed=SEEDS)
def test_the_place_is_where_the_file_says_as_seen_from_the_start_and_the_way_to_it_is_free(
    name: str, seed: int
) -> None:
    sample = sample_scene(load_scene(name), seed)
    assert sample.place is not None
    assert sample.place is sample.supports[-1]
    x, y, yaw = sample.robot_xy_yaw
    offset = np.array(sample.place.center_m[:2]) - [x, y]
    c, s = np.cos(yaw), np.sin(yaw)
    assert [c * offset[0] + s * offset[1], c * offset[1] - s * offset[0]] == pytest.approx([0.2, 1.8])
    assert 2 * sample.place.center_m[2] == pytest.approx(0.52)
    stand = np.array([x, y]) + np.array([c * 0.2 - s * 0.8, s * 0.2 + c * 0.8])
    for box in sample.supports[:-1]:
        assert min(gap_to_box(box, [x, y] + t * (stand - [x, y])) for t in np.linspace(0, 1, 20)) > 0.5
    for wall in sample.walls:
        assert gap_to_box(wall, np.array(sample.place.center_m)) > sample.place.half_m[0] + 0.2


def test_a_place_changes_nothing_else_of_a_scene(tmp_path: Path) -> None:
    bare = sample_scene(load_scene(scene_file(tmp_path, "")), 7)
    placed = sample_scene(load_scene(scene_file(tmp_path, "[place]\n")), 7)
    assert bare.place is None
    assert [box.center_m for box in placed.supports[:-1]] == [box.center_m for box in bare.supports]
    assert (placed.robot_xy_yaw, placed.lights, placed.background) == (bare.robot_xy_yaw, bare.lights, bare.background)
    assert bare.target is not None
    assert placed.target is not None
    assert placed.target.world_from_object == bare.target.world_from_object


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_furniture_leaves_its_gap_and_changes_nothing_else_of_a_scene(seed: int) -> None:
    spec = load_scene("room")
    bare = sample_scene(replace(spec, furniture=FurnitureSpec()), seed)
    sample = sample_scene(spec, seed)
    furniture = [box for box in sample.supports if all(box.center_m != other.center_m for other in bare.supports)]
    assert len(sample.supports) == len(bare.supports) + len(furniture)
    assert fingerprint(replace(sample, supports=bare.supports)) == fingerprint(bare)
    assert 1 <= len(furniture) <= 4
    for box in furniture:
        corners = [box.place((i * box.half_m[0], j * box.half_m[1])) for i in (-1, 1) for j in (-1, 1)]
        assert min(np.linalg.norm(corner - sample.robot_xy_yaw[:2]) for corner in corners) > spec.furniture.gap_m
        for other in (*bare.supports, *(each for each in furniture if each is not box)):
            assert min(gap_to_box(other, corner) for corner in corners) > spec.furniture.gap_m


@pytest.mark.parametrize("seed", range(8))
def test_in_the_room_there_is_a_way_to_both_tables(seed: int) -> None:
    """For a walker who knows everything that stands there."""
    sample = sample_scene(load_scene("room"), seed)
    grid = np.stack(np.meshgrid(*[np.linspace(-1.0, 1.0, 201)] * 2), axis=-1).reshape(-1, 2)
    boxes = [*sample.supports, *sample.walls]
    places = np.concatenate([[box.place(at * box.half_m[:2]) for at in grid] for box in boxes])
    plan = FloorPlan().seen(np.repeat(np.column_stack([places, np.full(len(places), 0.15)]), 2, axis=0))
    assert sample.target is not None
    x, y, yaw = sample.robot_xy_yaw
    away = sample.target.world_from_object.position_m[:2] - (x, y)
    before_the_place = (x + 0.2 * np.cos(yaw) - 0.8 * np.sin(yaw), y + 0.2 * np.sin(yaw) + 0.8 * np.cos(yaw))
    for goal in ((x, y) + away * (1.0 - 1.0 / np.linalg.norm(away)), before_the_place):
        assert not isinstance(find_route(plan, (x, y), goal, Walker()), Rejection)


def test_furniture_that_finds_no_place_is_left_out(tmp_path: Path) -> None:
    text = "[furniture]\ncount = 8\nforward_m = [0, 1]\nleft_m = [-0.5, 0.5]\ngap_m = 1\n"
    sample = sample_scene(load_scene(scene_file(tmp_path, text)), 1)
    assert len(sample.supports) <= len(sample_scene(load_scene("bottle"), 1).supports) + 1


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_a_shelf_is_open_to_the_robot_and_its_object_fits_below_the_board(seed: int) -> None:
    sample = sample_scene(load_scene("shelf"), seed)
    assert sample.target is not None
    support, back, *_, board = sample.supports
    stands = sample.target.world_from_object.position_m
    size = np.ptp(sample.target.object.vertices, axis=0)
    assert board.center_m[2] - board.half_m[2] == pytest.approx(2 * support.center_m[2] + 0.45)
    assert stands[2] + size[2] + 0.1 < board.center_m[2], "a hand fits between"
    start = np.array(sample.robot_xy_yaw[:2])
    assert gap_to_box(back, start) > gap_to_box(support, start), "the back is at the back"
    for panel in sample.supports[1:-1]:
        assert min(gap_to_box(panel, start + t * (stands[:2] - start)) for t in np.linspace(0, 1, 30)) > 0.1


def test_a_person_stands_behind_the_start_and_changes_nothing_else_of_a_scene(tmp_path: Path) -> None:
    bare = sample_scene(load_scene(scene_file(tmp_path, "")), 7)
    text = "[person]\nbehind_m = 1.2\nheight_m = 0.9\npull_n = 30\n"
    sample = sample_scene(load_scene(scene_file(tmp_path, text)), 7)
    assert bare.person is None
    assert fingerprint(sample) == fingerprint(bare)
    assert sample.person is not None
    x, y, yaw = sample.robot_xy_yaw
    assert sample.person.hand_m == pytest.approx((x - 1.2 * np.cos(yaw), y - 1.2 * np.sin(yaw), 0.9))
    assert sample.person.pull_n == 30.0


@pytest.mark.parametrize(
    ("name", "families"), [("bottle", {"bottle", "thermos"}), ("can", {"can"}), ("mug", {"mug"}), ("empty", set())]
)
def test_families_follow_the_scene_file(name: str, families: set[str]) -> None:
    samples = [sample_scene(load_scene(name), seed) for seed in range(8)]
    assert {sample.target.object.family for sample in samples if sample.target} == families


def test_clutter_is_as_many_as_the_file_says() -> None:
    assert {len(sample_scene(load_scene("clutter"), seed).clutter) for seed in range(8)} == {2, 3}
    assert {len(sample_scene(load_scene("empty"), seed).clutter) for seed in range(3)} == {0}


def fingerprint(sample: SceneSample) -> str:
    things = [(thing.object.name, thing.world_from_object) for thing in (sample.target, *sample.clutter) if thing]
    boxes = [(box.center_m, box.half_m, box.yaw_rad, box.texture.sum()) for box in (*sample.supports, *sample.walls)]
    return repr(
        (sample.robot_xy_yaw, things, boxes, sample.floor.sum(), sample.lights, sample.ambient, sample.background)
    )


def test_a_seed_fixes_the_scene() -> None:
    spec = load_scene("clutter")
    assert fingerprint(sample_scene(spec, 4)) == fingerprint(sample_scene(spec, 4))
    assert len({fingerprint(sample_scene(spec, seed)) for seed in range(5)}) == 5


def scene_file(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def test_a_scene_file_of_the_user_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    trimesh.creation.box((0.05, 0.05, 0.2)).export(tmp_path / "own.stl")
    text = '[target]\nmesh = "own.stl"\nmass_kg = 0.25\ndistance_m = 2.0\n[clutter]\ncount = 0\n'
    spec = load_scene(scene_file(tmp_path, text))
    assert spec.support == load_scene("bottle").support
    sample = sample_scene(spec, 1)
    assert sample.target is not None
    assert (sample.target.object.family, sample.target.object.mass_kg) == ("mesh", 0.25)
    assert np.linalg.norm(sample.target.world_from_object.position_m[:2] - sample.robot_xy_yaw[:2]) == pytest.approx(
        2.0
    )


def test_a_missing_mesh_is_named(tmp_path: Path) -> None:
    spec = load_scene(scene_file(tmp_path, '[target]\nmesh = "gone.stl"\n'))
    with pytest.raises(ConfigError, match=r"gone\.stl: no such file"):
        sample_scene(spec, 0)


def test_an_unknown_scene_lists_the_known_ones(tmp_path: Path) -> None:
    for name in ("botle", str(tmp_path), ""):
        with pytest.raises(ConfigError, match=r"unknown scene '.*'.*behind, bin, bottle, can, close, clutter"):
            load_scene(name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[target\n", r"not a scene file in TOML: .*line 1"),
        ("[taget]\n", r"unknown table \[taget\]; choose from: support, target, clutter, furniture, ground, light"),
        ("support = 3\n", r"unknown table \[support\]"),
        ("[target]\ndistnce_m = 2\n", r"\[target\] distnce_m: unknown key; choose from: .*distance_m"),
        ('[target]\ndistance_m = "far"\n', r"\[target\] distance_m: 'far' is not a number or a range"),
        ("[target]\ndistance_m = [3, 2]\n", r"\[3, 2\] is not a number or a range"),
        ("[target]\ndistance_m = [1, 2, 3]\n", r"is not a number or a range"),
        ("[target]\ndistance_m = true\n", r"is not a number or a range"),
        ("[target]\ndistance_m = nan\n", r"the number nan is not finite"),
        ("[support]\nheight_m = -0.5\n", r"\[support\] height_m: -0.5 is not within 0 to 2"),
        ("[support]\nheight_m = [0.4, inf]\n", r"the number inf is not finite"),
        ("[target]\nmass_kg = 0\n", r"\[target\] mass_kg: 0 is not within 0.001 to 10"),
        ("[target]\nmass_kg = [0.1, 0.2]\n", r"\[target\] mass_kg: \[0.1, 0.2\] is not a float"),
        ("[target]\nmesh = 3\n", r"\[target\] mesh: 3 is not a str"),
        ('[target]\nfamilies = ["vase"]\n', r"unknown 'vase'; a list of: bottle, thermos, can, mug"),
        ('[target]\nfamilies = "can"\n', r"unknown 'can'; a list of"),
        ("[clutter]\nfamilies = []\n", r"\[clutter\] families is empty; name some of .*, or set count = 0"),
        ("[person]\npull_n = -1\n", r"\[person\] pull_n: -1 is not within 0 to 200"),
        ("[person]\nheight = 1\n", r"\[person\] height: unknown key; choose from: behind_m, height_m, pull_n"),
        ("[clutter]\ncount = 1000000\n", r"\[clutter\] count: 1000000 is not within 0 to 8"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    path = scene_file(tmp_path, text)
    with pytest.raises(ConfigError, match=reason) as caught:
        load_scene(path)
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "junk.toml"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(ConfigError, match=r"junk.toml:2: not a UTF-8 text file"):
        load_scene(str(path))
