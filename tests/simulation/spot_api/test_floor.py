"""A floor that is not at the height of the world's origin: heights of the body are above it."""

from __future__ import annotations

import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.client.robot_command import RobotCommandBuilder

from behaviours.robots.fake.robot import FakeRobot
from perception.geometry import Pose
from simulation.spot_api.body.frames import Posture, from_proto, level, world_from
from simulation.spot_api.body.machine import SIT_HEIGHT_M, STAND_HEIGHT_M, sits, standing, upright
from tests.support.spot_api import standing as stands
from tests.support.spot_api import wait_for


@pytest.mark.parametrize("floor_m", [-0.7, 0.0, 0.4])
def test_sitting_and_standing_are_told_from_the_height_above_the_floor(floor_m: float) -> None:
    body = Pose.from_rpy((0.0, 0.0, 0.7), (1.0, 2.0, floor_m + STAND_HEIGHT_M))
    assert standing(level(body, 9.0), floor_m).distance_m(body) < 1e-9
    assert upright(body, floor_m)
    assert not upright(body, floor_m + 0.1)
    assert not sits(body, floor_m)
    assert sits(level(body, floor_m + SIT_HEIGHT_M), floor_m)
    gpe = world_from("gpe", Posture(body, body, floor_m))
    assert gpe is not None
    assert gpe.position_m == pytest.approx([1.0, 2.0, floor_m])
    assert gpe.yaw_rad == pytest.approx(0.7)


def test_a_robot_on_a_higher_floor_stands_and_sits_above_it_and_says_where_the_floor_is() -> None:
    robot = FakeRobot()
    robot.floor_m = 0.4
    with stands(robot=robot) as (server, client):
        assert server.machine.posture() == "standing"
        assert server.world.snapshot.body.position_m[2] == pytest.approx(0.4 + STAND_HEIGHT_M, abs=0.01)
        state = client.state()
        tree = state.kinematic_state.transforms_snapshot.child_to_parent_edge_map
        below = from_proto(tree["gpe"].parent_tform_child)
        assert below.position_m[2] == pytest.approx(-STAND_HEIGHT_M, abs=0.01)
        feet = [foot.foot_position_rt_body.z for foot in state.foot_state]
        assert feet == pytest.approx([-STAND_HEIGHT_M] * 4, abs=0.01)
        client.send(RobotCommandBuilder.synchro_sit_command())
        wait_for(lambda: server.machine.posture() == "sitting")
        assert server.world.snapshot.body.position_m[2] == pytest.approx(0.4 + SIT_HEIGHT_M, abs=0.03)
