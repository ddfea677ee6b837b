"""A robot that stands on its legs: how still it is, where its body goes, what a load and a push do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from behaviours.robot import CommandState, Outcome
from behaviours.robots.spot import arm as spot_arm
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from simulation.genesis.legs.legs import FALLEN
from simulation.genesis.legs.policy import GaitState
from simulation.genesis.legs.walk import LegFollow, LegWalk, OnLegs
from simulation.genesis.motions import ArmPath, straight_path
from simulation.genesis.settings import MotionSettings, SimulationSettings
from simulation.spot_api.body.frames import level
from simulation.spot_api.body.laws import glide
from tests.simulation.genesis.legs.mujoco_robot import Yard

LEVEL = Pose(np.eye(3), np.array([0.0, 0.0, SPOT.body_height_m]))


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def to(yard: Yard, pose: Pose, seconds: float) -> LegFollow:
    return LegFollow(yard.legs, glide(yard.plant.body(), [(seconds, pose)]))


def off_mm(yard: Yard, pose: Pose) -> float:
    return 1000 * yard.plant.body().distance_m(pose)


def test_it_stands_level_and_still(yard: Yard) -> None:
    for _ in range(10):
        yard.run(0.2)
        assert off_mm(yard, LEVEL) < 3.0
        assert yard.plant.body().angle_rad(LEVEL) < 0.003
    assert yard.legs.stands


@pytest.mark.parametrize("slope_rad", [0.14, -0.2])
def test_on_a_ramp_it_stands_level_and_its_feet_say_how_the_ground_lies(slope_rad: float, tmp_path: Path) -> None:
    yard = Yard(tmp_path, slope_rad=slope_rad)
    assert yard.plant.body().rpy_rad[1] == pytest.approx(-slope_rad, abs=0.01)
    yard.run(3.0)
    assert yard.legs.stands
    assert off_mm(yard, LEVEL) < 6.0
    assert yard.plant.body().angle_rad(LEVEL) < 0.006
    feet = yard.legs.footing.feet_m
    assert feet[:, 2] == pytest.approx(np.tan(slope_rad) * feet[:, 0], abs=0.006)
    assert (feet[:2, 2].mean() - feet[2:, 2].mean()) * slope_rad > 0.005


def test_a_foot_that_bears_nothing_says_nothing_of_the_ground(yard: Yard) -> None:
    yard.run(0.5)
    before = yard.legs.footing.feet_m.copy()
    yard.entity.data.qpos[2] += 0.3
    mujoco.mj_kinematics(yard.entity.model, yard.entity.data)
    yard.plant.measured()
    yard.plant.command_legs(yard.plant.legs())
    yard.legs.footing.look()
    assert (yard.legs.footing.feet_m == before).all()
    yard.legs.footing.look(stands=True)
    assert yard.legs.footing.feet_m[:, 2] == pytest.approx(before[:, 2] + 0.3, abs=0.01)


def test_the_body_goes_to_poses_over_its_feet_and_sits_down_and_up(yard: Yard) -> None:
    poses = [
        level(LEVEL, 0.20),
        level(LEVEL, 0.52),
        Pose.from_rpy((0.0, 0.3, 0.0), (0.0, 0.0, 0.37)),
        Pose.from_rpy((0.1, 0.0, 0.1), (0.03, -0.03, 0.55)),
    ]
    for pose in poses:
        motion = to(yard, pose, 1.2)
        yard.run(3.0, motion)
        assert motion.poll().state is CommandState.DONE
        yard.run(1.5)
        assert off_mm(yard, pose) < 3.0
        assert yard.plant.body().angle_rad(pose) < 0.01


def test_a_body_that_is_dropped_in_a_moment_comes_down_and_is_not_caught(yard: Yard) -> None:
    yard.run(0.5)
    motion = to(yard, level(LEVEL, 0.20), 0.4)
    yard.run(1.0, motion)
    assert yard.legs.stands
    yard.run(1.0)
    assert off_mm(yard, level(LEVEL, 0.20)) < 20.0


def test_the_hand_stays_in_the_world_while_it_moves_and_under_a_load(yard: Yard) -> None:
    yard.run(0.5)
    base = OnLegs(yard.legs, SimulationSettings())
    base.anchor_hand(fixed=True)
    joints, body = yard.plant.arm_target(), yard.plant.body()
    start = spot_arm.forward(joints)
    goal = body @ Pose(start.rotation, start.position_m + np.array([0.35, 0.1, -0.25]))
    path = straight_path(start, body.inverse() @ goal, joints)
    assert not isinstance(path, str)
    motion = ArmPath(yard.plant, path, 2.0, goal)
    yard.run(4.0, motion)
    assert motion.poll().state is CommandState.DONE
    assert yard.plant.hand().distance_m(goal) < 0.002
    yard.load(20.0)
    yard.run(2.0)
    assert yard.plant.hand().distance_m(goal) < 0.002
    assert yard.plant.hand().angle_rad(goal) < 0.003


class Squat:
    """A policy that asks for the default joints, and keeps what it was told to do."""

    def __init__(self) -> None:
        self.commands: list[np.ndarray] = []

    def answer(self, state: GaitState) -> Any:
        self.commands.append(state.command)
        return np.zeros(12)


def test_a_push_gives_a_standing_body_to_the_policy(tmp_path: Path) -> None:
    policy = Squat()
    yard = Yard(tmp_path, policy)
    yard.run(0.5)
    assert not policy.commands
    yard.push((0.0, 30.0, 0.0))
    yard.run(0.1)
    assert not yard.legs.stands
    assert policy.commands
    assert not np.any(policy.commands)


def test_what_has_fallen_fails_its_motions_and_says_so(yard: Yard) -> None:
    yard.legs.place(Pose.identity(), np.array(spot_arm.STOW))
    yard.entity.data.qpos[3:7] = Pose.from_rpy((1.5, 0.0, 0.0)).quaternion_wxyz
    yard.run(0.1)
    assert yard.legs.fallen
    walk = LegWalk(yard.legs, np.array([1.0, 0.0, 0.0]), 0.5, 0.8, MotionSettings())
    for motion in (walk, to(yard, LEVEL, 1.0)):
        yard.run(0.5, motion)
        assert motion.poll() == Outcome(CommandState.FAILED, FALLEN)
    yard.legs.place(Pose.identity(), np.array(spot_arm.STOW))
    assert not yard.legs.fallen


def test_the_torques_of_the_legs_are_those_that_the_motors_give(yard: Yard) -> None:
    yard.push((0.0, 10.0, 0.0))
    for _ in range(40):
        yard.run(0.025)
        given = yard.plant._dofs("control_force")[6:18]
        assert np.abs(given).max() > 10.0
        assert np.abs(yard.plant.leg_torques() - given).max() < 0.15 * np.abs(given).max()
    yard.run(1.0)
    weight_n = 9.81 * float(yard.entity.model.body_mass.sum())
    assert abs(float(yard.legs.footing.forces_n().sum()) - weight_n) < 0.1 * weight_n
