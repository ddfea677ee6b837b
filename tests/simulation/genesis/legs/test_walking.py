"""Walks on legs by the policy that ships: goals, limits, stops, pushes and loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from behaviours.robot import CommandState
from simulation.genesis.legs.gait_file import OWN
from simulation.genesis.legs.policy import GaitPolicy
from simulation.genesis.legs.walk import LegWalk, OnLegs
from simulation.genesis.settings import SimulationSettings
from tests.simulation.genesis.legs.mujoco_robot import Yard

pytestmark = pytest.mark.skipif(not OWN.is_file(), reason="the gait policy is not there")


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path, GaitPolicy(OWN))


def walk(yard: Yard, goal: tuple[float, float, float], *, max_speed_mps: float = 0.5, passes: bool = False) -> LegWalk:
    base = OnLegs(yard.legs, SimulationSettings())
    return base.walk(np.array(goal), max_speed_mps, 0.8, passes=passes)


@pytest.mark.parametrize("goal", [(1.5, 0.0, 0.0), (-0.4, 0.3, 0.5), (0.0, 0.0, 2.5), (0.05, -0.05, -0.1)])
def test_it_comes_to_its_goal_and_stands(yard: Yard, goal: tuple[float, float, float]) -> None:
    motion = walk(yard, goal)
    yard.run(25.0, motion)
    assert motion.poll().state is CommandState.DONE, motion.poll().reason
    assert yard.legs.stands
    assert yard.plant.base() == pytest.approx(goal, abs=0.012)
    assert np.abs(yard.plant.body().rpy_rad[:2]).max() < 0.02


def test_a_point_on_the_way_is_passed_without_a_stop(yard: Yard) -> None:
    motion = walk(yard, (1.0, 0.0, 0.0), passes=True)
    yard.run(10.0, motion)
    assert motion.poll().state is CommandState.DONE
    assert not yard.legs.stands


def test_a_cancelled_walk_comes_to_rest_and_stands(yard: Yard) -> None:
    motion = walk(yard, (3.0, 0.0, 0.0))
    yard.run(2.0, motion)
    motion.cancel()
    yard.run(5.0)
    assert yard.legs.stands
    place = yard.plant.body()
    yard.run(0.5)
    assert yard.plant.body().distance_m(place) < 0.002


@pytest.mark.parametrize("impulse_ns", [(0.0, 50.0, 0.0), (-50.0, 0.0, 0.0)])
def test_a_push_is_caught_and_then_it_stands(yard: Yard, impulse_ns: tuple[float, float, float]) -> None:
    yard.run(0.5)
    yard.push(impulse_ns)
    yard.run(0.1)
    assert not yard.legs.stands
    yard.run(8.0)
    assert yard.legs.stands
    assert not yard.legs.fallen


def test_it_walks_with_a_load_in_its_hand(yard: Yard) -> None:
    yard.load(20.0)
    motion = walk(yard, (1.0, 0.3, 0.3))
    yard.run(25.0, motion)
    assert motion.poll().state is CommandState.DONE, motion.poll().reason
