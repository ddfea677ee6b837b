"""When an object counts as standing on a box."""

from __future__ import annotations

import numpy as np
import pytest

from perception.geometry import Pose
from simulation.genesis.judge import standing
from simulation.genesis.settings import JudgeSettings
from simulation.scene.placing import Box

BOX = Box((1.0, 2.0, 0.25), (0.2, 0.4, 0.25), np.pi / 2, np.zeros((2, 2, 3), np.uint8))
"""Its top is 0.5 m up; turned by a quarter, it is 0.8 m long along x and 0.4 m along y."""
ANGLES = np.linspace(0, 2 * np.pi, 16)
BOTTLE = np.array([[0.03 * np.cos(a), 0.03 * np.sin(a), z] for a in ANGLES for z in (0.0, 0.2)])


def pose(x: float, y: float, z: float, tilt: float = 0.0) -> Pose:
    return Pose.from_rpy((tilt, 0.0, 0.3), (x, y, z))


@pytest.mark.parametrize(
    ("where", "upright"),
    [
        (pose(1.0, 2.0, 0.5), True),
        (pose(1.35, 2.0, 0.5), True),
        (pose(1.0, 2.35, 0.5), False),
        (pose(1.45, 2.0, 0.5), False),
        (pose(1.0, 2.0, 0.53), False),
        (pose(1.0, 2.0, 0.0), False),
        (pose(1.0, 2.0, 0.505, 0.1), True),
        (pose(1.0, 2.0, 0.505, 0.25), False),
        (pose(1.0, 2.0, 0.53, np.pi / 2), False),
    ],
)
def test_it_stands_if_it_is_upright_and_rests_on_the_top(where: Pose, upright: bool) -> None:
    assert standing(BOX, where, BOTTLE).upright is upright


def test_the_distance_is_from_the_middle_and_level() -> None:
    assert standing(BOX, pose(1.3, 2.4, 0.9), BOTTLE).distance_m == pytest.approx(0.5)


def test_what_counts_as_upright_is_a_setting() -> None:
    tilted = Pose.from_rpy((0.05, 0.0, 0.0), (1.0, 2.0, 0.53))
    loose = JudgeSettings(rests_m=0.05)
    assert standing(BOX, tilted, BOTTLE, loose).upright
    assert not standing(BOX, tilted, BOTTLE, JudgeSettings(rests_m=0.05, upright_rad=0.01)).upright
