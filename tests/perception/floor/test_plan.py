"""Laws of the floor plan: what depth pictures have shown, and what they show to be free again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perception.floor.plan import CELL_M, FARTHEST_M, FloorPlan, frame_points
from perception.geometry import Pose, looking_along
from perception.types import Intrinsics, RgbdFrame

place = st.tuples(*[st.floats(-5.0, 5.0)] * 2)


def column(xy: tuple[float, float], low: float, high: float) -> np.ndarray:
    """Returns of something thin that stands there."""
    return np.array([[*xy, z] for z in np.linspace(low, high, 20)])


def cell(xy: tuple[float, float]) -> list[int]:
    return [round(value / CELL_M) for value in xy]


@given(place, st.floats(0.15, 1.1))
def test_what_stands_is_in_the_cell_of_its_place(xy: tuple[float, float], high: float) -> None:
    assert FloorPlan().seen(column(xy, 0.0, high)).occupied.tolist() == [cell(xy)]


@given(place)
def test_what_is_low_or_hangs_high_is_no_obstacle(xy: tuple[float, float]) -> None:
    assert len(FloorPlan().seen(column(xy, 0.0, 0.09)).occupied) == 0
    assert len(FloorPlan().seen(column(xy, 1.3, 2.0)).occupied) == 0


@given(st.lists(place, max_size=5), st.lists(place, max_size=5))
def test_looks_add_up_in_any_order(first: list[tuple[float, float]], second: list[tuple[float, float]]) -> None:
    looks = [np.concatenate([np.empty((0, 3)), *(column(xy, 0.1, 0.5) for xy in each)]) for each in (first, second)]
    one = FloorPlan().seen(looks[0]).seen(looks[1])
    other = FloorPlan().seen(looks[1]).seen(looks[0])
    assert one.occupied.tolist() == other.occupied.tolist()
    assert {tuple(each) for each in one.occupied.tolist()} == {tuple(cell(xy)) for xy in first + second}


@given(place)
def test_a_cell_is_free_again_once_its_floor_is_seen(xy: tuple[float, float]) -> None:
    stands = FloorPlan().seen(column(xy, 0.1, 0.5))
    floor = np.array([[*xy, 0.01], [*xy, -0.01]])
    assert len(stands.seen(floor).occupied) == 0
    assert len(stands.seen(np.empty((0, 3))).occupied) == 1, "what is not seen is remembered"
    assert len(stands.seen(np.concatenate([floor, column(xy, 0.1, 0.5)])).occupied) == 1, "floor beside a thin thing"


def test_a_single_return_and_nonsense_are_left_out() -> None:
    points = [[1.0, 1.0, 0.5], [np.nan, 0.0, 0.5], [np.inf, 0.0, 0.5], [0.0, np.inf, 0.5], [2 * FARTHEST_M, 0.0, 0.5]]
    assert len(FloorPlan().seen(points).occupied) == 0


def test_the_returns_of_a_frame_are_in_the_world() -> None:
    """A camera 1 m above the floor that looks straight down sees the floor at z = 0, within its range."""
    camera = Intrinsics(64, 48, 50.0, 50.0, 32.0, 24.0)
    depth = np.ones(camera.shape, np.float32)
    depth[:24] = 3.0
    rgb = np.zeros((*camera.shape, 3), np.uint8)
    pose = looking_along((2.0, 1.0, 1.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0))
    points = frame_points(RgbdFrame(rgb, depth, camera, pose, 0.0), range_m=2.0, every=2)
    assert points.shape == (32 * 12, 3)
    assert np.allclose(points[:, 2], 0.0)
    assert np.linalg.norm(points[:, :2] - (2.0, 1.0), axis=1).max() < 0.9
    assert (
        len(frame_points(RgbdFrame(rgb, np.zeros_like(depth), camera, Pose.identity(), 0.0), range_m=2.0, every=1)) == 0
    )
