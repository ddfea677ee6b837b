"""Body poses and the walk after them, against a plant that follows its targets exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from behaviours.robot import Command, CommandState
from behaviours.robots.spot.model import SPOT, SPOT_LIMITS
from perception.geometry import Pose
from simulation.genesis.motions import Motion
from simulation.genesis.settings import SimulationSettings
from simulation.genesis.steering import GenesisSteering
from simulation.genesis.walking.rails import Rails
from simulation.genesis.walking.straight import Walk
from tests.simulation.genesis.test_motions import DT, IdealPlant, run

HIP = np.array([0.3, 0.0, 0.0])


class PosedPlant(IdealPlant):
    """noses: heights of the body's front end, one a step."""

    def __init__(self) -> None:
        super().__init__()
        self.posture = SPOT.body_height_m, 0.0, 0.0
        self.noses: list[float] = []

    def command_posture(self, height_m: float, pitch_rad: float, roll_rad: float) -> None:
        self.posture = height_m, pitch_rad, roll_rad
        self.noses.append(float(self.body().transform(HIP)[2]))

    def body(self) -> Pose:
        height_m, pitch_rad, roll_rad = self.posture
        return Pose.from_rpy((roll_rad, pitch_rad, self.xy_yaw[2]), (*self.xy_yaw[:2], height_m))


class Body(GenesisSteering):
    limits = SPOT_LIMITS

    def __init__(self) -> None:
        self.plant: Any = PosedPlant()
        self._plant, self._base = self.plant, Rails(self.plant, SimulationSettings())

    def _start(self, part: str, motion: Motion) -> Command:
        assert part == "base"
        return motion

    def _cancel(self, part: str) -> None:
        assert part == "base"

    def walk(self) -> Motion:
        return self.levelled(lambda: self._base.walk(np.array([0.5, 0.0, 0.0]), 0.5, 0.8))


def posed(body: Body) -> Motion:
    motion = body.set_body(-0.1, 0.3, max_speed_mps=0.1)
    assert isinstance(motion, Motion)
    return motion


def test_the_body_goes_to_its_pose_within_the_speed() -> None:
    body = Body()
    motion = posed(body)
    run(motion)
    assert motion.poll().state is CommandState.DONE
    assert body.plant.posture == pytest.approx((SPOT.body_height_m - 0.1, 0.3, 0.0), abs=1e-6)
    assert np.abs(np.diff(body.plant.noses)).max() / DT <= 0.1 + 1e-6


def test_a_walk_from_a_pose_begins_level() -> None:
    body = Body()
    run(posed(body))
    walk = body.walk()
    run(walk)
    assert walk.poll().state is CommandState.DONE
    assert body.plant.posture == pytest.approx((SPOT.body_height_m, 0.0, 0.0), abs=1e-6)
    assert body.plant.xy_yaw == pytest.approx([0.5, 0.0, 0.0], abs=0.05)
    assert isinstance(Body().walk(), Walk), "a body that stands level walks at once"


def test_a_walk_is_cancelled_while_the_body_levels() -> None:
    body = Body()
    run(posed(body))
    walk = body.walk()
    walk.advance(DT)
    walk.cancel()
    assert walk.poll().state is CommandState.CANCELLED
    assert body.plant.xy_yaw == pytest.approx(np.zeros(3))
