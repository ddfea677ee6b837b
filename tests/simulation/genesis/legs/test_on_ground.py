"""A robot on legs on a ramp with slippery patches, in Genesis: where it stands, what it knows of the ground."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perception.geometry import Pose
from simulation.genesis.bases import FRICTION
from simulation.robot_files.spot_model import LEGS

pytestmark = pytest.mark.simulation
SCENE = """[clutter]
count = 0
floor_boxes = 0
[ground]
ramp_rad = 0.14
uphill_rad = 0.3
slippery = 1
slippery_half_m = 0.05
slippery_friction = 0.3
"""


@pytest.fixture(scope="module")
def robot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from simulation.genesis.robot import GenesisRobot

    file: Path = tmp_path_factory.mktemp("ground") / "slope.toml"
    file.write_text(SCENE)
    with GenesisRobot(str(file), 1, base="legs") as entered:
        yield entered


def off_the_ground_m(robot: Any) -> float:
    """How far the height of the ground that the robot knows is from the true one."""
    x, y, _ = robot.body_pose().position_m
    return float(robot.floor_m - robot.sample.land.height_m((x, y)))


def test_it_knows_the_ground_where_it_stands_and_where_it_has_walked(robot: Any) -> None:
    robot.sleep(2.0)
    assert abs(off_the_ground_m(robot)) < 0.01
    start = robot.floor_m
    goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.3), (0.7, 0.1, 0.0))
    walk = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
    while walk.poll().state.value == "running":
        robot.sleep(0.1)
    assert walk.poll().state.value == "done", walk.poll().reason
    robot.sleep(1.5)
    assert robot.floor_m - start > 0.05
    assert abs(off_the_ground_m(robot)) < 0.015
    body = robot.body_pose()
    above_m = body.position_m[2] - robot.floor_m  # feet that bore nothing reached down after the body had its height
    assert above_m == pytest.approx(robot.model.body_height_m, abs=0.02)
    assert np.abs(body.rpy_rad[:2]).max() < 0.02


def test_the_ramp_is_no_obstacle_and_the_table_on_it_is(robot: Any) -> None:
    robot._eyes.look()
    table = robot.sample.supports[0]
    away = np.abs(table.inside(robot._eyes.plan.middles_m())) - table.half_m[:2]
    assert len(away) > 0
    assert away.max() < 0.1


def test_a_body_pose_is_above_the_ground_there(robot: Any) -> None:
    before = robot.floor_m
    motion = robot.set_body(-0.1, 0.0, max_speed_mps=0.2)
    while motion.poll().state.value == "running":
        robot.sleep(0.1)
    robot.sleep(1.5)
    assert robot.body_pose().position_m[2] - before == pytest.approx(robot.model.body_height_m - 0.1, abs=0.01)


def test_its_feet_have_the_friction_of_the_patches(robot: Any) -> None:
    """The larger friction of two shapes counts."""
    entity = robot._plant._entity
    for leg in LEGS:
        assert float(entity.get_link(f"{leg}_lleg").geoms[0].get_friction()) == pytest.approx(0.3)
    assert float(entity.get_link("wr1").geoms[0].get_friction()) == pytest.approx(FRICTION)
