"""Heights above ground that slopes and has steps, told from points and from where the feet are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.floor.ground import STEP_M, heights_above
from perception.floor.plan import FloorPlan

FEET = np.array([[0.3, 0.2, 0.0], [0.3, -0.2, 0.0], [-0.3, 0.2, 0.0], [-0.3, -0.2, 0.0]])
SPREAD = np.stack(np.meshgrid(*[np.arange(-3.0, 3.0, 0.04)] * 2), axis=-1).reshape(-1, 2)
headings = st.floats(-np.pi, np.pi)


def on(xy: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Points (N, 3) over places (N, 2) of a plane through the origin."""
    return np.column_stack([xy[:, :2], xy[:, :2] @ slope])


def box_on(slope: np.ndarray, x: float, y: float, high: float) -> np.ndarray:
    """Points of the front and the top of a box with a level top."""
    top = float(slope @ [x, y]) + high
    rows, columns = np.meshgrid(np.linspace(0.0, 0.4, 21), np.linspace(-0.2, 0.2, 21))
    lid = np.column_stack([rows.ravel() + x, columns.ravel() + y, np.full(rows.size, top)])
    front = np.column_stack([np.full(rows.size, x), columns.ravel() + y, top - rows.ravel() / 0.4 * high])
    return np.concatenate([lid, front])


@settings(deadline=None, max_examples=30)
@given(steep=st.floats(0.0, 0.27), heading=headings, rough=st.floats(0.0, 0.03), seed=st.integers(0, 100))
def test_a_ramp_is_ground_and_a_table_on_it_is_not(steep: float, heading: float, rough: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    slope = np.tan(steep) * np.array([np.cos(heading), np.sin(heading)])
    feet = on(FEET, slope) + np.column_stack([np.zeros((4, 2)), rng.uniform(0.0, rough, 4)])
    table = box_on(slope, 1.5, 0.3, 0.5)
    under = (np.abs(SPREAD - [1.7, 0.3]) < 0.2).all(axis=1)
    floor = on(SPREAD[~under], slope)
    plan = FloorPlan().seen(np.concatenate([floor, table]), heights_above(np.concatenate([floor, table]), feet))
    away = np.abs(plan.middles_m() - [1.7, 0.3]).max(axis=1)
    assert (away < 0.26).all()
    assert len(plan.occupied) >= 0.5 * 0.4**2 / 0.05**2


@given(x=st.floats(-1e3, 1e3), y=st.floats(-1e3, 1e3), z=st.floats(-1e3, 1e3))
@settings(deadline=None, max_examples=20)
def test_heights_do_not_depend_on_where_the_world_begins(x: float, y: float, z: float) -> None:
    points = np.concatenate([on(SPREAD, np.array([0.1, 0.05])), box_on(np.array([0.1, 0.05]), 1.0, 0.0, 0.4)])
    here = heights_above(points, FEET)
    assert heights_above(points + np.array([x, y, z]), FEET + np.array([x, y, z]))[::7] == pytest.approx(
        here[::7], abs=0.06
    )


def test_steps_that_a_foot_climbs_are_ground_and_a_wall_is_not() -> None:
    def stairs(step_m: float) -> np.ndarray:
        number = np.clip(np.floor((SPREAD[:, 0] - 0.7) / 0.3) + 1, 0, 3)
        return np.column_stack([SPREAD, number * step_m])

    low, high = stairs(0.06), stairs(STEP_M + 0.05)
    assert np.abs(heights_above(low, FEET)).max() < 0.1
    far = high[:, 0] > 1.5
    assert heights_above(high, FEET)[far].min() > 0.1


def test_ground_behind_a_thing_is_told_by_the_slope_of_what_is_seen() -> None:
    """A strip that is cut off from the rest by a gap in which nothing is seen."""
    slope = np.array([0.14, 0.0])
    points = on(SPREAD[(SPREAD[:, 0] < 1.0) | (SPREAD[:, 0] > 2.0)], slope)
    assert np.abs(heights_above(points, on(FEET, slope))).max() < 0.06


def test_little_that_is_seen_is_measured_from_the_feet() -> None:
    points = np.array([[2.0, 0.0, 0.3], [2.0, 1.0, 0.9]])
    assert heights_above(points, FEET + np.array([0.0, 0.0, 0.2])) == pytest.approx([0.1, 0.7])
    assert len(heights_above(np.empty((0, 3)), FEET)) == 0


@pytest.mark.parametrize("odd", [np.nan, np.inf, -1e30])
def test_points_that_are_nowhere_have_no_height(odd: float) -> None:
    points = np.vstack([on(SPREAD, np.zeros(2)), [[odd, 0.0, 0.0], [0.5, 0.0, odd]]])
    heights = heights_above(points, FEET)
    assert np.isnan(heights[-2:]).all()
    assert np.abs(heights[:-2]).max() == 0.0
