"""Walks on legs by the policy that ships: goals, limits, stops, pushes and loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from behaviours.robot import CommandState
from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose
from simulation.genesis.legs.gait_file import OWN
from simulation.genesis.legs.kinematics import feet_of
from simulation.genesis.legs.policy import EVERY_S, GaitPolicy
from simulation.genesis.legs.stance import MOST_M, Stance
from simulation.genesis.legs.walk import LegWalk, OnLegs
from simulation.genesis.settings import LegSettings, SimulationSettings
from tests.simulation.genesis.legs.mujoco_robot import Yard


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


@pytest.mark.parametrize("heading", [0.0, 1.57, 2.4, 3.1, -0.8])
def test_it_comes_to_its_goal_on_a_ramp_of_8_degrees_whichever_way_it_goes(heading: float, tmp_path: Path) -> None:
    yard, slope = Yard(tmp_path, GaitPolicy(OWN), slope_rad=0.14), 0.14
    floor = Pose.from_rpy((0.0, -slope, 0.0)) @ Pose.from_rpy((0.0, 0.0, heading))
    yard.legs.place(floor, np.array(spot_arm.READY))
    yard.run(1.0)
    ahead = 0.9 * np.array([np.cos(heading), np.sin(heading)])
    motion = walk(yard, (ahead[0], ahead[1], heading + 0.2))
    yard.run(25.0, motion)
    assert motion.poll().state is CommandState.DONE, motion.poll().reason
    assert yard.plant.base()[:2] == pytest.approx(ahead, abs=0.012)
    yard.run(2.0)
    assert yard.legs.stands
    assert np.abs(yard.plant.body().rpy_rad[:2]).max() < 0.02
    feet = yard.legs.footing.feet_m
    assert feet[:, 2] == pytest.approx(np.tan(slope) * feet[:, 0], abs=0.012)


def test_a_foot_over_a_hole_is_lowered_and_the_robot_stands_on(yard: Yard) -> None:
    """Loads that say that a foot bears nothing, as a foot that the policy holds up."""
    yard.run(0.5)
    body, legs = yard.plant.body(), yard.plant.legs()
    stance = Stance(yard.plant, LegSettings(), np.zeros(3), None)
    for _ in range(100):
        stance.reach(EVERY_S, np.array([200.0, 0.0, 200.0, 200.0]))
    stance.step(EVERY_S, np.zeros(3))
    lowered = body.transform(feet_of(legs))[:, 2] - body.transform(feet_of(yard.plant.leg_target()))[:, 2]
    assert lowered[1] - lowered[[0, 2, 3]].mean() == pytest.approx(MOST_M, abs=0.01)


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
