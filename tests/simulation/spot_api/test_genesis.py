"""The vendor's client against the physics: one scene, from power on to a grip within the torque it asked for."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.client.frame_helpers import get_a_tform_b
from bosdyn.client.robot_command import RobotCommandBuilder

from tests.support.spot_api import standing, wait_for

pytestmark = pytest.mark.simulation


def test_stand_walk_reach_grip_and_look() -> None:
    from simulation.genesis.robot import GenesisRobot

    robot = GenesisRobot("bottle", 0)
    with standing(robot=robot, speed=None) as (server, client):
        assert abs(server.world.snapshot.body.position_m[2] - 0.52) < 0.02
        start = server.world.snapshot.body
        goal = start.transform((0.2, 0.1, 0.0))
        walk = RobotCommandBuilder.synchro_se2_trajectory_point_command(goal[0], goal[1], start.yaw_rad, "vision")
        number = client.send(walk, 100.0)
        wait_for(lambda: client.mobility(number).se2_trajectory_feedback.final_goal_status == 2, 60.0)

        number = client.send(RobotCommandBuilder.arm_pose_command(0.75, 0.0, 0.3, 1, 0, 0, 0, "body", seconds=1.0))
        wait_for(lambda: client.arm(number).arm_cartesian_feedback.status == 1, 60.0)
        hand = get_a_tform_b(client.state().kinematic_state.transforms_snapshot, "body", "hand")
        assert np.allclose([hand.x, hand.y, hand.z], [0.75, 0.0, 0.3], atol=0.02)

        number = client.send(RobotCommandBuilder.claw_gripper_open_fraction_command(0.6))
        wait_for(lambda: client.claw(number).claw_gripper_feedback.status == 2, 60.0)
        number = client.send(RobotCommandBuilder.claw_gripper_close_command(max_torque=3.0))
        wait_for(lambda: client.claw(number).claw_gripper_feedback.status in (2, 3), 60.0)
        assert server.log.claw_torques() == [3.0]

        names = ["hand_color_image", "hand_depth_in_hand_color_frame", "right_fisheye_image"]
        colour, depth, grey = client.robot.ensure_client("image").get_image_from_sources(names)
        assert {picture.status for picture in (colour, depth, grey)} == {1}
        assert np.frombuffer(depth.shot.image.data, "<u2").any()
        client.robot.power_off(cut_immediately=False, timeout_sec=60)
        assert not client.robot.is_powered_on()
