"""Things by depth alone, in pictures made by casting rays."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from behaviours.robots.fake.world import HAND_CAMERA, FakeWorld
from perception.detection.settings import ThingSettings
from perception.detection.things import THING, _hull, _over, find_things
from perception.geometry import Pose, unit
from perception.types import Detection, RgbdFrame

MIDDLE_M = np.array([1.5, 0.0, 0.25])


def seen(world: FakeWorld, *, away_m: float = 0.6, down_rad: float = 1.0, noise_m: float = 0.0) -> RgbdFrame:
    """A picture of MIDDLE_M from before and above."""
    back = np.array([-np.cos(down_rad), 0.0, np.sin(down_rad)])
    right = unit(np.cross(-back, [0.0, 0.0, 1.0]))
    pose = Pose(np.stack([right, np.cross(-back, right), -back], axis=1), MIDDLE_M + away_m * back)
    rgb, depth = world.render(pose)
    noise = np.random.default_rng(3).normal(0.0, noise_m, depth.shape) if noise_m else 0.0
    noisy = np.where(depth > 0, depth + noise, 0.0).astype(np.float32)
    return RgbdFrame(rgb, noisy, HAND_CAMERA, pose, 0.0)


def low_things(*feet: tuple[float, float], height_m: float = 0.05, table_half_m: float = 0.4) -> FakeWorld:
    first, *others = [np.array([x, y, 0.25]) for x, y in feet]
    return FakeWorld(
        bottle_m=first,
        others_m=others,
        height_m=height_m,
        table_m=(1.5, 0.0, 0.25),
        table_half_m=table_half_m,
        other_tables=(),
    )


def middle_m(frame: RgbdFrame, one: Detection) -> np.ndarray:
    v, u = np.nonzero(one.mask & (frame.depth > 0))
    points = frame.world_from_camera.transform(frame.intrinsics.back_project(u, v, frame.depth[v, u]))
    return np.median(points, axis=0)


@pytest.mark.parametrize("noise_m", [0.0, 0.003])
def test_every_thing_that_stands_out_of_the_ground_is_found_the_nearest_first(noise_m: float) -> None:
    feet = (1.42, 0.12), (1.5, 0.0), (1.6, -0.12)
    frame = seen(low_things(*feet), noise_m=noise_m)
    found = find_things(frame, 0.25)
    assert [one.label for one in found] == [THING] * 3
    for one, foot in zip(found, feet, strict=True):
        assert middle_m(frame, one)[:2] == pytest.approx(foot, abs=0.03)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_bare_ground_has_no_things() -> None:
    world = low_things((1.5, 0.0))
    world.bottle_hidden = True
    assert find_things(seen(world, noise_m=0.003), 0.25) == []


def test_a_table_is_no_thing_but_what_lies_on_it_is() -> None:
    frame = seen(low_things((1.5, 0.0), table_half_m=0.15), away_m=0.9)
    assert len(find_things(frame, 0.25)) == 1
    assert find_things(seen(low_things((9.0, 0.0), table_half_m=0.15), away_m=0.9), 0.25) == []


def test_what_the_picture_cuts_or_is_too_far_for_the_score_is_left_out() -> None:
    assert find_things(seen(low_things((1.5, 0.0))), 0.25)
    assert find_things(seen(low_things((1.5, 0.0))), 0.9) == []
    assert find_things(seen(low_things((1.5, 0.29)), away_m=0.5), 0.25) == []


@pytest.mark.parametrize("ragged_px", [0, 2, 6])
def test_what_the_edge_of_the_depth_cuts_is_left_out(ragged_px: int) -> None:
    frame = seen(low_things((1.5, 0.0)))
    (whole,) = find_things(frame, 0.25)
    middle = int(np.median(np.nonzero(whole.mask)[1]))
    for turned in (False, True):
        depth = frame.depth[:, ::-1].copy() if turned else frame.depth.copy()
        ends = depth.shape[1] - 1 - middle if turned else middle
        near = np.arange(len(depth)) > 0.85 * len(depth)
        beyond = np.arange(depth.shape[1]) >= ends + ragged_px * near[:, None]
        depth[beyond] = 0.0
        cut = replace(frame, depth=np.ascontiguousarray(depth[:, ::-1]) if turned else depth)
        assert find_things(cut, 0.25) == []


def test_a_picture_without_depth_has_none() -> None:
    frame = seen(low_things((1.5, 0.0)))
    blind = RgbdFrame(frame.rgb, np.zeros_like(frame.depth), frame.intrinsics, frame.world_from_camera, 0.0)
    assert find_things(blind, 0.25) == []


@given(arrays(np.float64, st.tuples(st.integers(1, 60), st.just(2)), elements=st.floats(-1.0, 1.0, width=16)))
def test_the_hull_is_that_of_all_places(places: np.ndarray) -> None:
    whole = cv2.convexHull((places - places.mean(axis=0)).astype(np.float32))
    assert {tuple(corner) for corner in _hull(places)[:, 0]} == {tuple(corner) for corner in whole[:, 0]}


def grid(wide_m: float, long_m: float) -> np.ndarray:
    """(N, 2) places of a floor with a corner at the origin, 5 mm apart."""
    x, y = np.meshgrid(np.arange(0.0, wide_m + 0.0025, 0.005), np.arange(0.0, long_m + 0.0025, 0.005))
    return np.stack([x.ravel(), y.ravel()], axis=1)


@pytest.mark.parametrize("turn_rad", [0.0, 0.4, 2.0])
def test_the_floor_of_a_bin_reaches_under_a_thing_that_lies_along_a_wall(turn_rad: float) -> None:
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    turned = np.array([[c, s], [-s, c]])
    floor = grid(0.30, 0.40)
    seen_part = floor[(floor[:, 0] > 0.10) | (floor[:, 1] > 0.33)]
    places = np.array([[0.05, 0.05], [0.05, 0.20], [0.005, 0.20], [-0.03, 0.20]])
    over_m = _over(places @ turned, seen_part @ turned, ThingSettings())
    assert over_m == pytest.approx([0.05, 0.05, 0.005, -0.03], abs=0.006)


def test_what_is_beside_a_round_table_or_a_floor_seen_in_part_is_not_over_it() -> None:
    square = grid(0.8, 0.8)
    round_table = square[np.linalg.norm(square - 0.4, axis=1) < 0.4]
    assert _over(np.array([[0.06, 0.06]]), round_table, ThingSettings()).max() < 0
    wedge = square[(square[:, 0] - 0.4) < 0.15 + 0.3 * square[:, 1]]
    wedge = wedge[(0.4 - wedge[:, 0]) < 0.15 + 0.3 * wedge[:, 1]]
    assert _over(np.array([[0.10, 0.20], [0.70, 0.20]]), wedge, ThingSettings()).max() < 0


def patterned(frame: RgbdFrame) -> RgbdFrame:
    """The frame with the pattern of a depth camera, one bump of which is tall: 2.5 cm, where it has 5 mm else."""
    pattern = cv2.GaussianBlur(np.random.default_rng(5).normal(0.0, 1.0, frame.depth.shape), (0, 0), 8.0)
    v, u = np.indices(frame.depth.shape)
    bump = 0.025 * np.exp(-((u - 320) ** 2 + (v - 240) ** 2) / (2 * 14.0**2))
    depth = frame.depth + 0.005 / pattern.std() * pattern - bump
    return replace(frame, depth=np.where(frame.depth > 0, depth, 0.0).astype(np.float32))


def test_a_bump_of_the_depth_cameras_own_pattern_is_no_thing() -> None:
    world = low_things((1.5, 0.0))
    world.bottle_hidden = True
    frame = patterned(seen(world))
    assert len(find_things(frame, 0.25, ThingSettings(tall_noises=0.0))) == 1
    assert find_things(frame, 0.25) == []
    (low,) = find_things(patterned(seen(low_things((1.5, 0.15), height_m=0.035))), 0.25)
    assert middle_m(frame, low)[1] == pytest.approx(0.15, abs=0.03)


def bin_from_above(thing_x_m: tuple[float, float], height_m: float) -> RgbdFrame:
    """A bin, 0.4 m wide with walls of 5 cm, seen from 0.9 m above its middle, and a thing in it, 10 cm long in y."""
    k, above_m = HAND_CAMERA, 0.9
    v, u = np.indices(k.shape)
    x, y = (u - k.cx) / k.fx, -(v - k.cy) / k.fy
    tops = [
        (height_m, lambda px, py: (thing_x_m[0] < px) & (px < thing_x_m[1]) & (abs(py) < 0.05)),
        (0.05, lambda px, py: (np.maximum(abs(px), abs(py)) < 0.215) & (np.maximum(abs(px), abs(py)) > 0.2)),
        (0.0, lambda px, py: np.maximum(abs(px), abs(py)) < 0.2),
    ]
    depth = np.full(k.shape, above_m + 0.3)
    for top_m, covers in reversed(tops):
        away_m = above_m - top_m
        depth[covers(x * away_m, y * away_m)] = away_m
    pose = Pose(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, above_m]))
    return RgbdFrame(np.zeros((*k.shape, 3), np.uint8), depth.astype(np.float32), k, pose, 0.0)


@pytest.mark.parametrize(("x_m", "height_m", "reaches_m"), [((0.12, 0.21), 0.08, 0.21), ((0.12, 0.199), 0.04, 0.18)])
def test_what_rises_above_the_wall_that_it_leans_on_is_seen_whole(
    x_m: tuple[float, float], height_m: float, reaches_m: float
) -> None:
    (one,) = find_things(bin_from_above(x_m, height_m), 0.25)
    u = np.nonzero(one.mask)[1]
    right_m = (u.max() - HAND_CAMERA.cx) / HAND_CAMERA.fx * (0.9 - height_m)
    assert right_m == pytest.approx(reaches_m, abs=0.006)
