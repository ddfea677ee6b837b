"""The adapter contract, and what a leaf may be told, in physics, on legs and on rails: one scene each, which starts
again for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest

from behaviours.contract import CONTRACT, MakeRobot
from behaviours.contract.stopping import an_error_inside_stops_the_robot, stop_stops_everything_at_any_time
from tests.behaviours.bad_values import refuses_whatever_comes_from_the_blackboard

pytestmark = pytest.mark.simulation
OF_ENTRY = (stop_stops_everything_at_any_time, an_error_inside_stops_the_robot)
"""They enter and leave the robot themselves."""
Check = Callable[[MakeRobot], None]


@pytest.fixture(scope="module", params=["legs", "rails"])
def base(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def scene(base: Any) -> Iterator[Any]:
    from simulation.genesis.robot import GenesisRobot

    with GenesisRobot("bottle", 3, base=base) as robot:
        yield robot


@pytest.fixture
def robot(scene: Any) -> Iterator[Any]:
    scene.restart()
    yield scene
    scene.stop()  # while Genesis is there: the next robot ends it


@pytest.mark.parametrize("check", [check for check in CONTRACT if check not in OF_ENTRY], ids=lambda it: it.__name__)
def test_the_contract_holds_in_physics(check: Check, robot: Any) -> None:
    check(lambda: cast(Any, nullcontext(robot)))


def test_a_scene_that_starts_again_is_as_at_first(robot: Any) -> None:
    def course() -> list[Any]:
        found = [robot.now(), robot.gripper(), robot.body_pose().matrix().tolist()]
        robot.walk_to(robot.body_pose(), max_speed_mps=0.5, max_yaw_rate_radps=0.5)
        robot.move_arm("ready", max_joint_speed_radps=2.0)
        robot.set_gripper(0.5, max_torque_nm=1.0)
        robot.sleep(0.5)
        return [*found, robot.now(), robot.hand_pose().matrix().tolist(), float(robot.capture("hand").depth.sum())]

    first = course()
    robot.restart()
    assert course() == first


def test_the_greatest_torque_is_that_of_every_step(robot: Any) -> None:
    plant, greatest_nm = robot._plant, robot.ground_truth()["peak_gripper_torque_nm"]
    for opening, limit_nm in ((0.5, 2.7), (0.1, 1.0), (0.3, 3.0)):
        robot.set_gripper(opening, max_torque_nm=limit_nm)
        for _ in range(30):
            robot.sleep(0.005)
            torque_nm, bound_nm = plant.jaw_torque_nm(), plant.jaw_torque_bound_nm()
            assert torque_nm <= bound_nm + 1e-6
            assert bound_nm < torque_nm + 0.01, "a loose bound saves nothing"
            greatest_nm = max(greatest_nm, torque_nm)
    assert robot.ground_truth()["peak_gripper_torque_nm"] == pytest.approx(greatest_nm, abs=1e-3)


def test_a_bad_value_on_the_blackboard_moves_nothing(robot: Any, tmp_path: Path) -> None:
    print(refuses_whatever_comes_from_the_blackboard(robot, tmp_path), "values")


@pytest.mark.parametrize("check", OF_ENTRY, ids=lambda it: it.__name__)
def test_what_is_entered_is_left(check: Check, base: Any) -> None:
    from simulation.genesis.robot import GenesisRobot

    check(lambda: GenesisRobot("bottle", 3, base=base))
