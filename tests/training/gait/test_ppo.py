"""What a robot is rewarded for, what an answer was worth, and a policy that learns from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from simulation.genesis.legs.policy import EVERY_S, INPUTS, OUTPUTS
from training.gait.network import Floats, Student
from training.gait.ppo import LASTS_S, TURN, Improver, PpoSettings, Rewards, Walk, advantages

SETTINGS = PpoSettings()
STILL = np.zeros((1, OUTPUTS), np.float32)
SPEEDS = st.floats(-1.0, 1.0)
TILTS = st.floats(-0.6, 0.6)


def rewards(told: Floats, answers: Floats) -> Floats:
    return Rewards(len(told))(told, answers)


def told_of(velocity: np.ndarray, turn: float, command: np.ndarray, yaw: float, pitch: float, roll: float) -> Floats:
    """(1, 84) of a robot whose body moves with a velocity in the world and turns about the vertical."""
    rotation = Rotation.from_euler("ZYX", [yaw, pitch, roll])
    told = np.zeros((1, INPUTS), np.float32)
    told[0, :3] = rotation.inv().apply(velocity)
    told[0, 3:6] = rotation.inv().apply([0.0, 0.0, turn])
    told[0, 6:9] = rotation.inv().apply([0.0, 0.0, -1.0])
    told[0, 9:12] = command
    return told


@given(SPEEDS, SPEEDS, SPEEDS, st.floats(-3.1, 3.1), TILTS)
def test_nothing_is_better_than_the_velocity_that_was_asked_for_on_any_slope_and_heading(
    ahead: float, left: float, turn: float, yaw: float, pitch: float
) -> None:
    world = Rotation.from_euler("Z", yaw).apply([ahead, left, 0.0])
    command = np.array([ahead, left, turn])
    done = rewards(told_of(world, 0.0, command * [1, 1, 0], yaw, pitch, 0.0), STILL)[0]
    assert done == pytest.approx(1 + TURN, abs=1e-4)
    for off in ([0.2, 0.0, 0.0], [0.0, -0.2, 0.0], [0.0, 0.0, 0.2]):
        less = rewards(told_of(world, turn, command + off, yaw, pitch, 0.0), STILL)[0]
        assert less < rewards(told_of(world, turn, command, yaw, pitch, 0.0), STILL)[0]


def test_jerks_and_heaving_cost() -> None:
    command = np.array([0.5, 0.0, 0.0])
    calm = told_of(command, 0.0, command, 0.0, 0.0, 0.0)
    assert rewards(calm, STILL)[0] == pytest.approx(1 + TURN)
    assert rewards(calm, STILL + 1)[0] < 1 + TURN
    heaving = told_of(np.array([0.5, 0.0, 0.3]), 0.0, command, 0.0, 0.0, 0.0)
    assert rewards(heaving, STILL)[0] < 1 + TURN


def test_a_velocity_that_is_wrong_for_longer_costs_more_than_sway_until_the_robot_begins_anew() -> None:
    command = np.array([0.5, 0.0, 0.0])

    def earned(pays: Rewards, off_mps: list[float]) -> float:
        told = [told_of(command + np.array([off, 0.0, 0.0]), 0.0, command, 0.0, 0.0, 0.0) for off in off_mps]
        return float(np.mean([pays(one, STILL)[0] for one in told]))

    steps = round(4 * LASTS_S / EVERY_S)
    sways, strays = Rewards(1), Rewards(1)
    assert earned(strays, [0.1] * steps) < earned(sways, [0.1, -0.1] * (steps // 2)) - 0.05
    exact = earned(strays, [0.0])
    strays.begin(np.array([True]))
    assert exact < earned(strays, [0.0]) == pytest.approx(1 + TURN)


def lived(gained: Floats, ended: np.ndarray, fell: np.ndarray) -> Walk:
    steps, robots = gained.shape
    told = np.zeros((steps, robots, INPUTS), np.float32)
    return Walk(told, np.zeros((steps, robots, OUTPUTS), np.float32), gained, ended, fell, told[0])


def test_with_a_trace_of_one_the_worth_is_what_came_less_what_was_expected() -> None:
    rng = np.random.default_rng(0)
    gained, values, after = (rng.normal(size=shape).astype(np.float32) for shape in ((5, 2), (5, 2), (2,)))
    ended = np.zeros((5, 2), bool)
    ended[2, 1] = True
    settings = replace(SETTINGS, discount=0.9, trace=1.0)
    for falls in (True, False):
        found = advantages(lived(gained, ended, ended & falls), values, after, settings)
        powers = 0.9 ** np.arange(5)
        whole = powers @ gained[:, 0] + 0.9**5 * after[0] - values[0, 0]
        assert found[0, 0] == pytest.approx(whole, abs=1e-5)
        short = powers[:3] @ gained[:3, 1] + (0.0 if falls else 0.9**3 * values[2, 1]) - values[0, 1]
        assert found[0, 1] == pytest.approx(short, abs=1e-5)


def test_a_policy_learns_what_pays_and_a_strong_anchor_holds_it() -> None:
    rng = np.random.default_rng(0)
    start = Student((16,), seed=1, rate=1e-3).chain()
    told = rng.normal(size=(40, 8, INPUTS)).astype(np.float32)
    goal = start(told.reshape(-1, INPUTS)).reshape(40, 8, OUTPUTS) + 0.3

    def missed(anchor: float) -> float:
        settings = replace(SETTINGS, anchor=anchor)
        policy = Improver(start, told.reshape(-1, INPUTS), settings, seed=2, rate=3e-3)
        assert policy.chain()(told[0]) == pytest.approx(start(told[0]), abs=1e-5)
        for _ in range(30):
            answers = policy.chain()(told.reshape(-1, INPUTS)).reshape(goal.shape)
            answers += settings.noise * rng.standard_normal(answers.shape, np.float32)
            gained = -((answers - goal) ** 2).sum(axis=2)
            never = np.zeros(gained.shape, bool)
            measures = policy.learn(Walk(told, answers, gained, ~never, ~never, told[-1]), 3e-3)
            assert all(np.isfinite(value) for value in measures.values())
        return float(np.abs(policy.chain()(told.reshape(-1, INPUTS)) - goal.reshape(-1, OUTPUTS)).mean())

    assert missed(0.0) < 0.2 < 0.25 < missed(1000.0)


def test_while_only_the_critic_learns_the_policy_stays() -> None:
    rng = np.random.default_rng(0)
    start = Student((16,), seed=1, rate=1e-3).chain()
    told = rng.normal(size=(40, 8, INPUTS)).astype(np.float32)
    policy = Improver(start, told.reshape(-1, INPUTS), SETTINGS, seed=2, rate=1e-3)
    gained = told[..., 0].copy()
    never = np.zeros(gained.shape, bool)
    walk = Walk(told, np.zeros((40, 8, OUTPUTS), np.float32), gained, ~never, ~never, told[-1])
    losses = [policy.learn(walk, 0.0)["value_loss"] for _ in range(30)]
    assert losses[-1] < 0.3 * losses[0]
    assert policy.chain()(told[0]) == pytest.approx(start(told[0]), abs=1e-5)
