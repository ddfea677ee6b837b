"""The ground under an object: planes with and without noise, an edge, a shelf, a neighbour, and nothing to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import perception.view
from perception.surface.locate import ObjectLocation
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from tests.support.synthetic import HAND_CAMERA, Cylinder, View, camera_at, render

NOISE = DepthSensorConfig(bias_scale=0.0, bias_m=0.0)
"""Without the bias that moves all depths of a picture alike."""


def seen_from(
    cylinder: Cylinder, down_deg: float, distance: float = 0.6, support_half_m: float = 0.4, aside: float = 0.0
) -> View:
    down, middle = np.radians(down_deg), (0.0, 0.0, cylinder.bottom + cylinder.height / 2)
    place = (-distance * np.cos(down), aside, middle[2] + distance * np.sin(down))
    return render(cylinder, camera_at(place, middle), support_half_m=support_half_m)


def noisy(view: View, seed: int, config: DepthSensorConfig = NOISE) -> perception.view.View:
    return view.seen(DepthSensor(config, np.random.default_rng(seed)).measure(view.depth, HAND_CAMERA))


def height_of(view: perception.view.View) -> float:
    assert view.support is not None
    return float(view.support.height_m([0.0, 0.0]))


def with_block(view: View, low: NDArray[np.float64], high: NDArray[np.float64]) -> View:
    """The picture with a box of the world in it, which is no part of the object."""
    v, u = np.mgrid[0:480, 0:640].astype(float)
    rays = HAND_CAMERA.back_project(u, v, np.ones((480, 640))) @ view.world_from_camera.rotation.T
    start = view.world_from_camera.position_m
    with np.errstate(divide="ignore"):
        one, other = (low - start) / rays, (high - start) / rays
    enter, leave = np.minimum(one, other).max(axis=-1), np.maximum(one, other).min(axis=-1)
    hit = (enter < leave) & (enter > 0) & (enter < view.depth)
    depth = np.where(hit, enter, view.depth).astype(np.float32)
    return replace(view, depth=depth, mask=view.mask & ~hit)


@settings(max_examples=25)
@given(
    down=st.floats(8, 75),
    radius=st.floats(0.02, 0.05),
    height=st.floats(0.02, 0.25),
    distance=st.floats(0.4, 0.9),
    aside=st.floats(-0.1, 0.1),
)
@pytest.mark.slow
def test_a_clean_plane_is_exact(down: float, radius: float, height: float, distance: float, aside: float) -> None:
    cylinder = Cylinder(radius=radius, height=height)
    support = seen_from(cylinder, down, distance, aside=aside).seen().support
    assert support is not None
    assert support.height_m([0.0, 0.0]) == pytest.approx(cylinder.bottom, abs=0.002)


@pytest.mark.slow
def test_noise_moves_it_by_millimetres_and_always_alike() -> None:
    off = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        cylinder = Cylinder(radius=rng.uniform(0.02, 0.05), height=rng.choice([0.03, 0.06, 0.2]))
        view = seen_from(cylinder, rng.uniform(15, 65), rng.uniform(0.4, 0.9))
        height = height_of(noisy(view, seed))
        assert seed >= 10 or height == height_of(noisy(view, seed))
        off.append(height - cylinder.bottom)
    low, high = np.quantile(off, [0.05, 0.95])
    assert low > -0.007
    assert high < 0.004 + 0.001


def test_beyond_the_edge_the_floor_counts() -> None:
    table = seen_from(Cylinder(bottom=0.15, height=0.06), 50, support_half_m=0.09)
    solid = with_block(table, np.array([-0.09, -0.09, 0.0]), np.array([0.09, 0.09, 0.1499]))
    floor = with_block(solid, np.array([-0.6, -0.6, -0.1]), np.array([0.6, 0.6, 0.0]))
    support = floor.seen().support
    assert support is not None
    on, before, aside = support.height_m([[0.0, 0.0], [-0.15, 0.0], [0.0, 0.2]])
    assert on == pytest.approx(0.15, abs=0.003)
    assert (before, aside) == (pytest.approx(0.0, abs=0.01), pytest.approx(0.0, abs=0.01))
    assert support.height_m([0.05, 0.0]) == pytest.approx(0.15, abs=0.003)  # hidden by the object: it goes on
    assert support.height_m([9.0, 9.0]) == pytest.approx(0.15, abs=0.3)


@pytest.mark.parametrize("down", [45, 55])
def test_what_stands_on_a_thin_board_does_not_stand_on_the_floor_seen_below_it(down: float) -> None:
    board = seen_from(Cylinder(bottom=0.35, height=0.06), down, support_half_m=0.09)
    floor = with_block(board, np.array([-0.6, -0.6, -0.1]), np.array([0.6, 0.6, 0.0]))
    location = floor.seen().location
    assert isinstance(location, ObjectLocation)
    assert location.bottom_z_m == pytest.approx(0.35, abs=0.003)
    assert location.position_m == pytest.approx([0.0, 0.0, 0.38], abs=0.02)


def test_a_neighbour_s_flat_top_is_no_support() -> None:
    alone = seen_from(Cylinder(height=0.12, radius=0.03), 40)
    beside = with_block(alone, np.array([-0.05, 0.05, 0.5]), np.array([0.09, 0.2, 0.56]))
    support = beside.seen().support
    assert support is not None
    assert support.height_m([0.0, 0.0]) == pytest.approx(0.5, abs=0.003)


def test_a_guess_stays_where_nothing_is_seen_and_says_so() -> None:
    view = seen_from(Cylinder(), 20)
    alone = np.where(view.mask, view.depth, np.float32(0.0))
    location = view.seen(alone).location
    assert isinstance(location, ObjectLocation)
    assert view.seen(alone).support is None
    assert not location.support_seen
    location = view.seen().location
    assert isinstance(location, ObjectLocation)
    assert location.support_seen
    assert location.bottom_z_m == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize("down", [30, 50, 65])
def test_a_low_thing_is_placed_between_its_support_and_its_top(down: float) -> None:
    location = seen_from(Cylinder(height=0.03, radius=0.035), down).seen().location
    assert isinstance(location, ObjectLocation)
    assert location.bottom_z_m == pytest.approx(0.5, abs=0.003)
    assert location.top_z_m == pytest.approx(0.53, abs=0.02)
    assert location.position_m == pytest.approx([0.0, 0.0, 0.515], abs=0.02)
