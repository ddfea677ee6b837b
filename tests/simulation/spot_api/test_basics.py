"""The vendor's client, unmodified, against the simulator: from the login to a walk, a grip and a picture."""

from __future__ import annotations

import stat
import time

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

import bosdyn.client
from bosdyn.client.auth import InvalidLoginError
from bosdyn.client.exceptions import UnauthenticatedError
from bosdyn.client.frame_helpers import get_a_tform_b
from bosdyn.client.image import ImageClient, UnknownImageSourceError, build_image_request
from bosdyn.client.lease import LeaseClient, LeaseKeepAlive, NoSuchLease, ResourceAlreadyClaimedError
from bosdyn.client.power import EstoppedError
from bosdyn.client.robot import UnregisteredServiceNameError
from bosdyn.client.robot_command import (
    ExpiredError,
    NotPoweredOnError,
    RobotCommandBuilder,
    TooDistantError,
    UnknownFrameError,
)

from tests.support.spot_api import connect, spot, standing, wait_for


def test_the_certificate_is_made_for_the_run_and_its_key_is_nowhere() -> None:
    with spot() as first, spot() as second:
        assert first.ca_file.read_bytes() != second.ca_file.read_bytes()
        files = list(first.ca_file.parent.iterdir())
        assert all(b"PRIVATE KEY" not in file.read_bytes() for file in files)
        assert stat.S_IMODE(first.ca_file.parent.stat().st_mode) == 0o700
    assert not first.ca_file.exists()


def test_a_wrong_password_and_a_missing_token_are_refused() -> None:
    with spot() as server:
        sdk = bosdyn.client.create_standard_sdk("wrong", cert_resource_glob=str(server.ca_file))
        robot = sdk.create_robot("127.0.0.1")
        robot.update_secure_channel_port(server.port)
        with pytest.raises(InvalidLoginError):
            robot.authenticate(server.username, "not it")
        with pytest.raises(UnauthenticatedError):
            robot.sync_with_directory()
        assert robot.get_id().species == "spot"
        robot.authenticate(server.username, server.password)
        first = robot.user_token
        robot.authenticate_with_token(first)
        assert robot.user_token != first


def test_what_is_not_served_is_not_in_the_directory() -> None:
    with spot() as server:
        robot = connect(server).robot
        for entry in robot.list_services():
            assert entry.authority.endswith(".spot.robot")
            served = {service.full_name for service, _ in server.services}
            assert entry.type in served
        with pytest.raises(UnregisteredServiceNameError):
            robot.ensure_client("graph-nav-service")


@pytest.mark.slow
def test_walk_arm_grip_and_pictures() -> None:
    with standing() as (server, client):
        walk = RobotCommandBuilder.synchro_se2_trajectory_point_command(0.5, 0.2, 0.3, "vision")
        number = client.send(walk, 20.0)
        done = wait_for(
            lambda: client.mobility(number) if client.mobility(number).se2_trajectory_feedback.status == 1 else None
        )
        assert done.se2_trajectory_feedback.final_goal_status == 2
        tree = client.state().kinematic_state.transforms_snapshot
        body = get_a_tform_b(tree, "vision", "body")
        assert np.allclose([body.x, body.y, body.rot.to_yaw()], [0.5, 0.2, 0.3], atol=0.03)
        assert abs(get_a_tform_b(tree, "odom", "body").x - body.x) > 0.05  # odom is not vision

        number = client.send(RobotCommandBuilder.arm_pose_command(0.75, 0.0, 0.3, 1, 0, 0, 0, "body", seconds=1.0))
        wait_for(lambda: client.arm(number).arm_cartesian_feedback.status == 1)
        hand = get_a_tform_b(client.state().kinematic_state.transforms_snapshot, "body", "hand")
        assert np.allclose([hand.x, hand.y, hand.z], [0.75, 0.0, 0.3], atol=0.01)

        number = client.send(RobotCommandBuilder.claw_gripper_open_fraction_command(1.0))
        wait_for(lambda: client.claw(number).claw_gripper_feedback.status == 2)
        assert client.state().manipulator_state.gripper_open_percentage > 95
        client.send(RobotCommandBuilder.claw_gripper_close_command(max_torque=3.0))
        wait_for(lambda: server.log.claw_torques() == [3.0])

        images = client.robot.ensure_client(ImageClient.default_service_name)
        names = ["hand_color_image", "hand_depth_in_hand_color_frame"]
        colour, depth = images.get_image([build_image_request(name) for name in names])
        assert colour.shot.image.data[:2] == b"\xff\xd8"  # JPEG
        assert len(depth.shot.image.data) == 480 * 640 * 2
        assert depth.source.depth_scale == 1000.0
        sensor = get_a_tform_b(colour.shot.transforms_snapshot, "hand", "hand_color_image_sensor")
        assert np.allclose([sensor.x, sensor.y, sensor.z], [-0.0575, 0.0202, 0.0245], atol=1e-3)
        with pytest.raises(UnknownImageSourceError):
            images.get_image_from_sources(["tail_image"])

        client.robot.power_off(cut_immediately=False, timeout_sec=60)
        assert not client.robot.is_powered_on()
        height = get_a_tform_b(client.state().kinematic_state.transforms_snapshot, "vision", "body").z
        assert height < 0.25


@pytest.mark.slow
def test_the_clock_of_the_robot_is_recovered_although_it_runs_faster() -> None:
    with spot(speed=3.0) as server:
        wait_for(lambda: server.now() - time.time() > 4.0)
        robot_s, wall_s = server.now(), time.time()
        client = connect(server)
        endpoint = client.robot.time_sync.endpoint
        assert wait_for(lambda: endpoint.get_new_estimate() and endpoint.has_established_time_sync)
        estimate = endpoint.clock_skew.seconds + endpoint.clock_skew.nanos / 1e9
        late = endpoint.round_trip_time.ToTimedelta().total_seconds()
        assert robot_s - time.time() - late <= estimate <= server.now() - wall_s + late


@pytest.mark.slow
def test_end_times_and_frames_are_judged() -> None:
    with standing(speed=1.0) as (_, client):
        walk = RobotCommandBuilder.synchro_se2_trajectory_point_command
        with pytest.raises(ExpiredError):
            client.send(walk(0.1, 0, 0, "vision"), -5.0)
        with pytest.raises(TooDistantError):
            client.send(walk(0.1, 0, 0, "vision"), 5000.0)
        with pytest.raises(UnknownFrameError):
            client.send(RobotCommandBuilder.arm_pose_command(0.7, 0, 0.3, 1, 0, 0, 0, "nowhere"))
        number = client.send(walk(5.0, 0, 0, "vision"), 0.7)
        feedback = wait_for(lambda: f if (f := client.mobility(number)).status != 1 else None)
        assert feedback.status == 3  # timed out
        assert feedback.se2_trajectory_feedback.status == 1


def test_each_part_of_a_command_overrides_only_its_own_slot() -> None:
    with standing() as (_, client):
        walk = RobotCommandBuilder.synchro_se2_trajectory_point_command(3.0, 0, 0, "vision")
        first = client.send(walk, 60.0)
        arm = client.send(RobotCommandBuilder.arm_ready_command())
        assert client.mobility(first).status == 1
        second = client.send(RobotCommandBuilder.synchro_stand_command())
        assert client.mobility(first).status == 2  # overridden
        assert client.arm(arm).status == 1
        client.send(RobotCommandBuilder.stop_command())
        assert client.mobility(second).status == 2
        assert client.arm(arm).status == 2


def test_without_a_lease_power_or_a_released_estop_nothing_moves() -> None:
    with spot(operator_estop=False) as server:
        client = connect(server)
        with pytest.raises(NoSuchLease):
            client.send(RobotCommandBuilder.synchro_stand_command())
        with LeaseKeepAlive(client.leases, must_acquire=True, return_at_exit=True):
            assert client.robot.is_estopped()
            with pytest.raises(EstoppedError):
                client.robot.power_on(timeout_sec=3)
            with pytest.raises(NotPoweredOnError):
                client.send(RobotCommandBuilder.synchro_stand_command())
            other = connect(server, "other")
            with pytest.raises(ResourceAlreadyClaimedError):
                other.robot.ensure_client(LeaseClient.default_service_name).acquire()
        assert server.leases.owner() == ""
        assert not any(item.method.endswith("RobotCommand") and "arm" in item.fields for item in server.log.commands)
