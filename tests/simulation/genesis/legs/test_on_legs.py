"""A robot on legs in Genesis, beside the contract: a walk, the same run twice, pushes, falls, slips."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, cast

import pytest

from behaviours.contract import moving
from behaviours.contract.common import finish
from behaviours.robot import CommandState, Outcome
from perception.geometry import Pose
from simulation.genesis.legs.legs import FALLEN

pytestmark = pytest.mark.simulation


@pytest.fixture(scope="module")
def scene() -> Iterator[Any]:
    from simulation.genesis.robot import GenesisRobot

    with GenesisRobot("empty", 3, base="legs") as robot:
        yield robot


@pytest.fixture
def robot(scene: Any) -> Iterator[Any]:
    scene.restart()
    yield scene
    scene.stop()


def test_it_walks_to_a_goal_and_stands_there_and_does_the_same_again(robot: Any) -> None:
    def course() -> list[Any]:
        goal = robot.body_pose() @ Pose.from_rpy((0.0, 0.0, 0.5), (0.3, 0.1, 0.0))
        walk = robot.walk_to(goal, max_speed_mps=0.5, max_yaw_rate_radps=0.8)
        lowest = 1.0
        while walk.poll().state.value == "running":
            robot.sleep(0.05)
            lowest = min(lowest, robot.body_pose().position_m[2])
        assert walk.poll().state.value == "done", walk.poll().reason
        assert lowest > 0.4
        assert robot.body_pose().distance_m(goal) < 0.015
        assert robot.body_pose().angle_rad(goal) < 0.015
        return [robot.now(), robot.body_pose().matrix().tolist(), list(robot.joints().values())]

    first = course()
    robot.restart()
    assert course() == first


def test_a_push_of_60_ns_is_caught(robot: Any) -> None:
    robot.sleep(0.5)
    robot.disturbance.push((0.0, 60.0, 0.0))
    robot.sleep(4.0)
    assert not robot.fallen
    assert robot.body_pose().rotation[2, 2] > 0.99


@pytest.mark.parametrize("impulse_ns", [(0.0, 150.0, 0.0), (0.0, -150.0, 0.0), (-150.0, 0.0, 0.0)])
def test_after_a_push_that_fells_it_it_gets_up_and_walks(robot: Any, impulse_ns: Any) -> None:
    arm = robot.move_arm("ready", max_joint_speed_radps=0.2)
    robot.sleep(0.5)
    robot.disturbance.push(impulse_ns)
    robot.sleep(2.0)
    assert robot.fallen
    refused = robot.move_arm("stow", max_joint_speed_radps=1.0)
    assert [one.poll() for one in (arm, refused)] == [Outcome(CommandState.FAILED, FALLEN)] * 2
    assert finish(robot, robot.self_right()) is CommandState.DONE
    assert not robot.fallen
    moving.it_walks_to_a_pose(lambda: cast(Any, nullcontext(robot)))


def test_a_foothold_gives_way_and_is_firm_again_once_the_foot_has_left_it(robot: Any) -> None:
    def lowest_m() -> float:
        return min(float(geom.get_AABB()[..., 0, 2].min()) for geom in leg.geoms)

    leg = robot._plant._entity.get_link("fl_lleg")
    firm = [geom.get_sol_params().tolist() for geom in leg.geoms]
    robot.sleep(0.5)
    assert lowest_m() > -0.005
    robot.disturbance.sink("fl", True)
    robot.sleep(1.5)
    assert -0.1 < lowest_m() < -0.03
    assert not robot.fallen
    robot.disturbance.sink("fl", False)
    robot.sleep(0.2)
    moving.it_walks_to_a_pose(lambda: cast(Any, nullcontext(robot)))
    assert lowest_m() > -0.005
    assert [geom.get_sol_params().tolist() for geom in leg.geoms] == firm


def test_a_foot_slips_and_has_its_grip_again(robot: Any) -> None:
    def grip() -> list[float]:
        return [float(link.geoms[0].get_friction()) for link in (floor, foot)]

    floor, foot = robot._scene.entities[0].links[0], robot._plant._entity.get_link("fl_lleg")
    before = grip()
    robot.disturbance.slip("fl", True)
    robot.disturbance.slip("hr", True)
    assert max(grip()) < 0.05
    robot.disturbance.slip("fl", False)
    assert grip()[1] == before[1]
    robot.disturbance.slip("hr", False)
    assert grip() == before
