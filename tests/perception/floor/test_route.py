"""Laws of the way over the floor: never through what is known, hardly longer than it must be, and reasons if none."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from perception.floor.plan import CELL_M, FloorPlan
from perception.floor.route import STEP_M, Walker, find_route, is_way_free
from perception.types import Rejection

WALKER = Walker()
RADIUS = WALKER.radius_m
Box = tuple[float, float, float, float]
"""x, y of the middle, half widths along x and y."""
boxes = st.lists(
    st.tuples(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5), st.floats(0.05, 0.5), st.floats(0.05, 0.5)), max_size=6
)
place = st.tuples(st.floats(-3.5, 3.5), st.floats(-3.5, 3.5))


def plan_of(boxes: Iterable[Box]) -> FloorPlan:
    """The plan in which boxes stand."""
    cells = [np.empty((0, 2), np.int32)]
    for x, y, wide, deep in boxes:
        i, j = (np.arange(np.ceil((at - half) / CELL_M), (at + half) / CELL_M) for at, half in ((x, wide), (y, deep)))
        cells.append(np.stack(np.meshgrid(i, j), axis=-1).reshape(-1, 2).astype(np.int32))
    return FloorPlan(np.unique(np.concatenate(cells), axis=0))


def away_m(plan: FloorPlan, points: np.ndarray) -> np.ndarray:
    """From each point to the nearest middle of an occupied cell."""
    return np.linalg.norm(points[:, None] - plan.middles_m(), axis=-1).min(axis=1, initial=np.inf)


def along(way: np.ndarray) -> np.ndarray:
    """Points of a way, a centimetre apart."""
    pieces = [np.linspace(a, b, 2 + int(np.linalg.norm(b - a) / 0.01)) for a, b in itertools.pairwise(way)]
    return np.concatenate(pieces)


def length_m(way: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())


@given(boxes, place, place)
@example([(0.5, 0.6875, 0.5, 0.5)], (0.0, 1.0), (0.0, 2.0))
def test_never_nearer_to_a_known_obstacle_than_allowed(
    boxes: list[Box], start: tuple[float, float], goal: tuple[float, float]
) -> None:
    plan = plan_of(boxes)
    way = find_route(plan, start, goal, WALKER)
    assume(not isinstance(way, Rejection))
    assert way[0].tolist() == list(start)
    assert way[-1].tolist() == list(goal)
    points = along(way)
    need = np.full(len(points), RADIUS)
    for end in (way[0], way[-1]):
        near = float(away_m(plan, end[None])[0])
        close = np.linalg.norm(points - end, axis=1) <= RADIUS
        need[close] = np.minimum(need[close], near)
    assert (away_m(plan, points) >= need - 1.5 * STEP_M).all()
    assert is_way_free(plan, way, WALKER), "what was planned may be walked"


@given(place, place)
def test_on_an_empty_floor_it_is_straight(start: tuple[float, float], goal: tuple[float, float]) -> None:
    way = find_route(FloorPlan(), start, goal, WALKER)
    assert not isinstance(way, Rejection)
    assert way.tolist() == [list(start), list(goal)]


def shortest_m(plan: FloorPlan, start: np.ndarray, goal: np.ndarray) -> float:
    """The length of the shortest way outside the radius, by another method: Dijkstra's over points on circles round the
    occupied cells, all of which see each other where nothing is in between."""
    turns = np.linspace(0.0, 2 * np.pi, 12, endpoint=False)
    ring = (RADIUS + 0.02) / np.cos(np.pi / 12) * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    border = plan.middles_m()
    nodes = np.concatenate([[start], (border[:, None] + ring).reshape(-1, 2), [goal]])
    nodes = nodes[away_m(plan, nodes) >= RADIUS]
    best, queue, done = {0: 0.0}, [(0.0, 0)], set[int]()
    while queue:
        far, here = heapq.heappop(queue)
        if here == len(nodes) - 1:
            return far
        if here in done:
            continue
        done.add(here)
        for there in range(len(nodes)):
            longer = far + float(np.linalg.norm(nodes[there] - nodes[here]))
            if there not in done and longer < best.get(there, np.inf) and _sees(plan, nodes[here], nodes[there]):
                best[there] = longer
                heapq.heappush(queue, (longer, there))
    return float("inf")


def _sees(plan: FloorPlan, one: np.ndarray, other: np.ndarray) -> bool:
    points = np.linspace(one, other, 2 + int(np.linalg.norm(other - one) / 0.05))
    return bool((away_m(plan, points) >= RADIUS - 0.01).all())


@pytest.mark.parametrize(
    "posts",
    [
        [(0.0, 0.0)],
        [(0.0, 0.3), (0.0, -0.3)],
        [(-0.8, 0.4), (0.8, -0.4)],
        [(-1.0, 0.1), (0.2, 0.9), (0.7, -0.6)],
        [(0.0, 1.2), (0.0, 0.4), (0.0, -0.4), (0.0, -1.2)],
    ],
)
def test_hardly_longer_than_the_shortest(posts: list[tuple[float, float]]) -> None:
    plan = plan_of([(x, y, 0.026, 0.026) for x, y in posts])
    start, goal = np.array([-2.0, 0.0]), np.array([2.0, 0.05])
    way = find_route(plan, start, goal, WALKER)
    assert not isinstance(way, Rejection)
    assert length_m(way) <= 1.08 * shortest_m(plan, start, goal)


@given(st.floats(0.0, 2 * np.pi), st.floats(2.0, 4.0))
def test_a_wall_round_the_start_is_a_reason(heading: float, far: float) -> None:
    ring = [(1.2 * np.cos(a), 1.2 * np.sin(a), 0.06, 0.06) for a in np.linspace(0, 2 * np.pi, 80)]
    way = find_route(plan_of(ring), (0.0, 0.0), (far * np.cos(heading), far * np.sin(heading)), WALKER)
    assert isinstance(way, Rejection)
    assert "is in the way, and there is no way round it" in way.reason


def test_a_goal_where_something_stands_is_a_reason() -> None:
    way = find_route(plan_of([(2.0, 0.0, 0.2, 0.2)]), (0.0, 0.0), (2.1, 0.0), WALKER)
    assert isinstance(way, Rejection)
    assert "what stands at (2.10, 0.00) m is 0.00 m from the middle of where to stand" in way.reason


def test_a_gap_that_is_wide_enough_is_used_and_a_narrow_one_is_not() -> None:
    for gap, through in ((2 * RADIUS + 0.3, True), (2 * RADIUS - 0.2, False)):
        walls = [(0.0, side * (gap / 2 + 6.0), 0.06, 6.0) for side in (-1, 1)]
        way = find_route(plan_of(walls), (-2.0, 1.0), (2.0, 1.0), WALKER)
        assert isinstance(way, Rejection) is not through


def test_from_beside_a_table_it_comes_away_and_to_it_it_comes_near() -> None:
    table = [(1.0, 0.0, 0.4, 0.8)]
    for start, goal in (((0.2, 0.0), (2.2, 0.0)), ((-1.0, 0.0), (0.2, 0.0)), ((0.2, -0.5), (0.2, 0.5))):
        assert not isinstance(find_route(plan_of(table), start, goal, WALKER), Rejection)


def test_a_goal_very_far_away_costs_nothing() -> None:
    far = find_route(FloorPlan(), (0.0, 0.0), (1e5, 0.0), WALKER)
    assert not isinstance(far, Rejection)
    blocked = find_route(plan_of([(2.0, 0.0, 0.2, 0.2)]), (0.0, 0.0), (5e4, 3e4), Walker(radius_m=3.0))
    assert isinstance(blocked, Rejection)
    assert "too long to plan another" in blocked.reason
