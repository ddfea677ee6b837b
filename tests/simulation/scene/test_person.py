"""The person who takes what is held out: the law of the pull, without Genesis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulation.genesis.physics import TIME_STEP_S
from simulation.scene.person import FREE_M, LEAST_HEIGHT_M, REACH_M, RISE_NPS, STILL_S, Pull, Taker, drawing_force

HAND = np.array([-1.1, 0.2, 1.0])
TAKER = Taker((-1.1, 0.2, 1.0), 60.0)
HELD_OUT = HAND + np.array([0.3, 0.0, -0.15])
REST = np.zeros(3)
WEIGHT_NPKG = np.array([0.0, 0.0, 9.81])

coordinate = st.floats(-3.0, 3.0)
vectors = st.tuples(coordinate, coordinate, coordinate).map(np.array)
masses = st.floats(0.02, 3.0)


def waited(pull: Pull, place: NDArray[np.float64], seconds: float, velocity: NDArray[np.float64] = REST) -> bool:
    """Whether the person pulls at a thing that was held at a place for so long."""
    forces = [pull.step(place, velocity, TIME_STEP_S) for _ in range(round(seconds / TIME_STEP_S))]
    return forces[-1] is not None


@given(place=vectors, velocity=vectors, mass=masses, limit=st.floats(0.0, 500.0))
def test_the_pull_is_never_harder_than_the_person(
    place: NDArray[np.float64], velocity: NDArray[np.float64], mass: float, limit: float
) -> None:
    force = drawing_force(TAKER, mass, place, velocity, limit_n=limit)
    assert np.linalg.norm(force) <= min(limit, TAKER.pull_n) + 1e-9


@given(place=vectors, mass=masses)
def test_a_thing_at_rest_is_drawn_towards_the_hand(place: NDArray[np.float64], mass: float) -> None:
    force, way = drawing_force(TAKER, mass, place, REST, limit_n=60.0), HAND - place
    assert np.cross(force, way) == pytest.approx(REST, abs=1e-6)
    assert force @ way >= 0.0


@settings(max_examples=20)
@given(mass=masses)
def test_what_comes_free_ends_in_the_hand_and_stays_there(mass: float) -> None:
    pull = Pull(TAKER, mass)
    assert waited(pull, HELD_OUT, STILL_S + 0.5)
    place, velocity = HELD_OUT + np.array([FREE_M, 0.0, 0.0]), REST
    for step in range(1000):
        force = pull.step(place, velocity, TIME_STEP_S)
        assert force is not None
        velocity = velocity + (force / mass - WEIGHT_NPKG) * TIME_STEP_S
        place = place + velocity * TIME_STEP_S
        if step > 500:
            assert np.linalg.norm(place - HAND) < 0.02
    assert np.linalg.norm(velocity) < 0.01


def test_what_is_held_still_within_reach_is_pulled_at_and_no_sooner() -> None:
    pull = Pull(TAKER, 0.5)
    assert not waited(pull, HELD_OUT, STILL_S - 2 * TIME_STEP_S)
    assert waited(pull, HELD_OUT, 3 * TIME_STEP_S)


def test_the_pull_grows_and_leaves_the_weight_to_the_jaws_until_they_give_way() -> None:
    pull = Pull(TAKER, 0.5)
    waited(pull, HELD_OUT, STILL_S)
    first = pull.step(HELD_OUT, REST, TIME_STEP_S)
    assert first is not None
    assert np.linalg.norm(first) == pytest.approx(2 * RISE_NPS * TIME_STEP_S)
    waited(pull, HELD_OUT, 10.0)
    hardest = pull.step(HELD_OUT, REST, TIME_STEP_S)
    free = pull.step(HELD_OUT + np.array([0.0, FREE_M, 0.0]), REST, TIME_STEP_S)
    assert hardest is not None
    assert free is not None
    assert np.linalg.norm(hardest) == pytest.approx(TAKER.pull_n)
    in_the_air = drawing_force(TAKER, 0.5, HELD_OUT + np.array([0.0, FREE_M, 0.0]), REST, limit_n=60.0)
    assert free - in_the_air == pytest.approx(0.5 * WEIGHT_NPKG)


def test_how_high_a_thing_is_held_out_is_measured_from_the_floor_there() -> None:
    for floor_m in (-0.4, 0.4):
        taker = Taker((-1.1, 0.2, 1.0 + floor_m), 60.0, floor_m)
        for above_m, taken in ((0.01, True), (-0.01, False)):
            place = np.array([HAND[0], HAND[1], floor_m + LEAST_HEIGHT_M + above_m])
            assert waited(Pull(taker, 0.5), place, 2.0) is taken


@pytest.mark.parametrize(
    ("place", "velocity"),
    [
        (HAND + np.array([REACH_M + 0.01, 0.0, 0.0]), REST),
        ([HAND[0], HAND[1], LEAST_HEIGHT_M - 0.01], REST),
        (HELD_OUT, [0.0, 0.03, 0.0]),
    ],
)
def test_what_is_out_of_reach_or_low_or_moves_is_left_alone(
    place: NDArray[np.float64], velocity: NDArray[np.float64]
) -> None:
    assert not waited(Pull(TAKER, 0.5), np.asarray(place), 5.0, np.asarray(velocity))


def test_a_movement_in_between_starts_the_waiting_again() -> None:
    pull = Pull(TAKER, 0.5)
    waited(pull, HELD_OUT, STILL_S * 0.9)
    waited(pull, HELD_OUT, TIME_STEP_S, np.array([0.1, 0.0, 0.0]))
    assert not waited(pull, HELD_OUT, STILL_S * 0.9)
    assert waited(pull, HELD_OUT, STILL_S * 0.2)
