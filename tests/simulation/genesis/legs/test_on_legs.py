"""A robot on legs in Genesis: what the contract says of its body, a walk, the same run twice.

The rest of the contract does not ask what moves the body; test_contract has it on rails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any, cast

import pytest

from behaviours.contract import MakeRobot, moving, stopping
from perception.geometry import Pose
from simulation.genesis.legs.gait_file import OWN

pytestmark = [
    pytest.mark.simulation,
    pytest.mark.skipif(not OWN.is_file(), reason="the gait policy is not there"),
]
Check = Callable[[MakeRobot], None]
OF_BODY: tuple[Check, ...] = (
    moving.it_walks_to_a_pose,
    moving.it_keeps_the_walking_speed,
    moving.the_body_lowers_and_pitches_until_it_walks,
    moving.the_hand_goes_where_it_is_sent,
    stopping.cancel_stops_and_is_final,
)


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


@pytest.mark.parametrize("check", OF_BODY, ids=lambda it: it.__name__)
def test_the_contract_holds_on_legs(check: Check, robot: Any) -> None:
    check(lambda: cast(Any, nullcontext(robot)))


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
