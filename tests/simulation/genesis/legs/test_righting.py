"""A robot that lies gets up by its motors alone, however it lies; in MuJoCo, so that no one solver's quirks turn it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from behaviours.robot import CommandState
from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose
from simulation.genesis.legs.righting import FOLDED, TRIES, Righting, turn_over
from simulation.genesis.legs.walk import LegFollow, OnLegs
from simulation.genesis.settings import SimulationSettings
from simulation.robot_files.spot_model import LEG_EFFORTS_NM, LEG_JOINTS
from simulation.spot_api.body.frames import level
from simulation.spot_api.body.laws import glide
from tests.simulation.genesis.legs.mujoco_robot import Yard

EFFORTS_NM = np.array([LEG_EFFORTS_NM[name.rpartition("_")[2]] for name in LEG_JOINTS])


def lying(folder: Path, roll_rad: float, pitch_rad: float = 0.0) -> Yard:
    yard = Yard(folder)
    yard.plant.place(np.array([0.0, 0.0, 0.35, 0.4, pitch_rad, roll_rad]), FOLDED, np.array(spot_arm.STOW))
    yard.legs.fallen = True
    yard.run(1.5)
    assert yard.plant.body().rotation[2, 2] < 0.7, "it does not lie on its belly from the start"
    return yard


@pytest.mark.parametrize(("roll_rad", "pitch_rad"), [(1.5, 0.0), (-1.5, 0.0), (2.6, 0.2), (-2.6, -0.2), (3.1, 0.0)])
def test_it_turns_onto_its_belly_from_either_side_and_from_its_back_and_stands_up(
    tmp_path: Path, roll_rad: float, pitch_rad: float
) -> None:
    yard = lying(tmp_path, roll_rad, pitch_rad)
    motion = Righting(yard.legs)
    for _ in range(100):
        yard.run(0.5, motion)
        assert np.all(np.abs(yard.plant.leg_torques()) <= EFFORTS_NM + 1e-6), "a motor gives more than it can"
        if not motion.running:
            break
    assert motion.poll().state is CommandState.DONE, motion.poll().reason
    assert not yard.legs.fallen
    assert yard.plant.body().rotation[2, 2] > 0.9
    assert np.abs(yard.plant.arm() - spot_arm.STOW).max() < 0.1
    stand = LegFollow(yard.legs, glide(yard.plant.body(), [(3.0, level(yard.plant.body(), 0.52))]))
    yard.run(5.0, stand)
    yard.run(1.0)
    body = yard.plant.body()
    assert not yard.legs.fallen
    assert abs(body.position_m[2] - 0.52) < 0.01
    assert body.rotation[2, 2] > 0.999


def test_the_postures_are_those_of_the_other_side_in_a_mirror() -> None:
    mirror_legs = np.array([3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8])
    signs, turned = np.array([-1.0, 1.0, 1.0] * 4), {0, 3, 5}
    arm_signs = np.array([-1.0 if joint in turned else 1.0 for joint in range(6)])
    for (legs, arm), (others, other) in zip(turn_over(left_down=True), turn_over(left_down=False), strict=True):
        assert np.allclose(legs, signs * others[mirror_legs])
        swung = np.abs(arm[0]) > 0.0
        assert not swung or np.allclose(arm, arm_signs * other)


def test_what_keeps_it_down_is_told_and_it_still_has_fallen(tmp_path: Path) -> None:
    yard = lying(tmp_path, 1.5)
    motion = Righting(yard.legs)
    held = yard.entity.data.qpos[:7].copy()
    for _ in range(20000):
        if not motion.running:
            break
        motion.advance(0.005)
        yard.entity.data.qpos[:7] = held  # as if the body were stuck
    outcome = motion.poll()
    assert outcome.state is CommandState.FAILED
    assert "does not come over" in outcome.reason
    assert TRIES > 1
    assert yard.legs.fallen


def test_one_that_stands_does_nothing(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    before = yard.plant.leg_target(), yard.plant.arm_target()
    motion = OnLegs(yard.legs, SimulationSettings()).roll_over()
    assert motion.poll().state is CommandState.DONE
    assert all(
        np.array_equal(a, b) for a, b in zip(before, (yard.plant.leg_target(), yard.plant.arm_target()), strict=True)
    )
    assert isinstance(yard.plant.body(), Pose)
