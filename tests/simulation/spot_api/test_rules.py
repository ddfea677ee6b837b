"""Leases, the e-stop, faults of behaviour, docking, keepalive: the rules that keep a robot safe."""

from __future__ import annotations

import threading
from typing import Any

import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import estop_pb2, manipulation_api_pb2
from bosdyn.api.docking import docking_pb2
from bosdyn.client.docking import DockingClient
from bosdyn.client.estop import EstopEndpoint, EstopKeepAlive
from bosdyn.client.exceptions import LeaseUseError, UnauthenticatedError
from bosdyn.client.keepalive import KeepaliveClient, Policy
from bosdyn.client.lease import LeaseKeepAlive, LeaseNotOwnedByWallet, ResourceAlreadyClaimedError
from bosdyn.client.manipulation_api_client import ManipulationApiClient
from bosdyn.client.robot_command import BehaviorFaultError, NotPoweredOnError, RobotCommandBuilder

from behaviours.robot import Command
from behaviours.robots.fake.robot import FakeRobot
from simulation.spot_api.body.machine import HARDWARE
from tests.support.spot_api import connect, spot, standing, wait_for

pytestmark = pytest.mark.slow

STAND = RobotCommandBuilder.synchro_stand_command()


def test_a_stolen_lease_ends_the_right_to_command() -> None:
    with standing() as (server, client):
        server.leases.steal("the operator")
        with pytest.raises(LeaseUseError):
            client.send(STAND)
        with pytest.raises(LeaseNotOwnedByWallet):
            client.send(STAND)
        owner = next(item for item in client.leases.list_leases() if item.resource == "body").lease_owner
        assert owner.client_name == "the operator"


def test_sub_leases_count_and_an_older_one_is_refused() -> None:
    with standing() as (_, client):
        lease = client.robot.lease_wallet.get_lease()
        sub = lease.create_sublease()
        client.command.robot_command(STAND, lease=sub.lease_proto)
        client.command.robot_command(STAND, lease=sub.create_newer().lease_proto)
        with pytest.raises(LeaseUseError):
            client.command.robot_command(STAND, lease=sub.lease_proto)


def test_a_lease_that_nobody_retains_goes_stale_and_the_robot_sits_down() -> None:
    with spot(lease_stale_s=2.5) as server:
        client = connect(server)
        client.leases.acquire()
        client.power_on_and_stand()
        wait_for(lambda: not server.machine.motors_on())
        causes = [fault.cause for fault in client.state().behavior_fault_state.faults]
        assert causes == [3]  # lease timeout
        other = connect(server, "other")
        other.leases.acquire()  # a stale lease is up for grabs


def test_a_lease_of_another_epoch_is_refused() -> None:
    with standing() as (server, client):
        server.reboot()
        with pytest.raises(UnauthenticatedError):
            client.send(STAND)
        client.robot.authenticate(server.username, server.password)
        with pytest.raises(LeaseUseError):
            client.send(STAND)
        server.leases.reboot()


def test_a_returned_lease_can_be_acquired_by_another() -> None:
    with spot() as server:
        first, second = connect(server, "first"), connect(server, "second")
        lease = first.leases.acquire()
        with pytest.raises(ResourceAlreadyClaimedError):
            second.leases.acquire()
        first.leases.return_lease(lease)
        second.leases.acquire()
        assert server.leases.owner().startswith("second")


def test_an_estop_of_the_client_stops_the_robot_when_it_stops_checking_in() -> None:
    with spot(operator_estop=False) as server:
        client = connect(server)
        endpoint = EstopEndpoint(client.estop, "mine", estop_timeout=5.0, estop_cut_power_timeout=6.0)
        endpoint.force_simple_setup()
        with EstopKeepAlive(endpoint) as keepalive, LeaseKeepAlive(client.leases, must_acquire=True):
            wait_for(lambda: not client.robot.is_estopped())
            client.power_on_and_stand()
            keepalive.shutdown()
            wait_for(lambda: not server.machine.motors_on())
            assert client.robot.is_estopped()
            with pytest.raises(NotPoweredOnError):
                client.send(STAND)


def test_a_wrong_answer_to_the_challenge_does_not_release_the_estop() -> None:
    with spot(operator_estop=False) as server:
        client = connect(server)
        endpoint = EstopEndpoint(client.estop, "mine", estop_timeout=5.0)
        endpoint.force_simple_setup()
        proto = endpoint.to_proto()
        request = estop_pb2.EstopCheckInRequest(endpoint=proto, stop_level=4, challenge=1, response=1)
        answer = client.estop._stub.EstopCheckIn(request)
        assert answer.status == estop_pb2.EstopCheckInResponse.STATUS_INCORRECT_CHALLENGE_RESPONSE
        assert client.robot.is_estopped()


def test_a_pressed_estop_cuts_power_and_ends_commands() -> None:
    with standing() as (server, client):
        number = client.send(RobotCommandBuilder.synchro_se2_trajectory_point_command(3, 0, 0, "vision"), 60)
        server.estop.pressed = True
        wait_for(lambda: not server.machine.motors_on())
        assert client.mobility(number).status == 2
        height = server.world.snapshot.body.position_m[2]
        wait_for(lambda: server.world.snapshot.body.position_m[2] < 0.25)
        assert server.world.snapshot.body.position_m[2] <= height


def test_a_behaviour_fault_blocks_commands_until_it_is_cleared() -> None:
    with standing() as (server, client):
        number = server.machine.add_fault(HARDWARE)
        with pytest.raises(BehaviorFaultError):
            client.send(STAND)
        client.command.clear_behavior_fault(number)
        client.send(STAND)
        stays = server.machine.add_fault(HARDWARE, clearable=False)
        with pytest.raises(Exception, match="could not be cleared"):
            client.command.clear_behavior_fault(stays)


def test_docking_ends_on_the_dock_and_undocking_off_it() -> None:
    with standing() as (server, client):
        docking = client.robot.ensure_client(DockingClient.default_service_name)
        identifier = client.robot.time_sync.endpoint.clock_identifier
        end = client.robot.time_sync.robot_timestamp_from_local_secs(client.robot_now() + 60)
        number = docking.docking_command(520, identifier, end)
        status = docking_pb2.DockingCommandFeedbackResponse
        wait_for(lambda: docking.docking_command_feedback_full(number).status == status.STATUS_DOCKED)
        assert docking.get_docking_state().status == docking_pb2.DockState.DOCK_STATUS_DOCKED
        with pytest.raises(Exception, match="docked"):
            client.send(STAND)
        number = docking.docking_command(0, identifier, end, docking_pb2.PREP_POSE_UNDOCK)
        wait_for(lambda: docking.docking_command_feedback_full(number).status == status.STATUS_AT_PREP_POSE)
        assert server.world.snapshot.body.position_m[2] > 0.5


def test_a_keepalive_policy_switches_the_motors_off() -> None:
    with standing() as (server, client):
        keepalive = client.robot.ensure_client(KeepaliveClient.default_service_name)
        policy = Policy()
        policy.add_controlled_motors_off_action(0.4)
        keepalive.modify_policy(to_add=policy)
        assert len(keepalive.get_status().status) == 1
        wait_for(lambda: not server.machine.motors_on())


class Awaited(FakeRobot):
    """Its time stands still from the start of a walk until `seen` is set, so that no busy machine misses the walk."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = threading.Event()
        self._walks = False

    def walk_to(self, *goal: Any, **limits: Any) -> Command:
        self._walks = True
        return super().walk_to(*goal, **limits)

    def sleep(self, seconds: float) -> None:
        assert not self._walks or self.seen.wait(60.0)
        super().sleep(seconds)


def test_the_manipulation_service_picks_the_bottle_by_the_pixel_in_a_picture() -> None:
    robot = Awaited()
    with standing(robot=robot) as (server, client):
        seen: list[tuple[float, float]] = []
        server.on_target_seen = seen.append
        ready = client.send(RobotCommandBuilder.arm_ready_command())
        wait_for(lambda: client.arm(ready).named_arm_position_feedback.status == 1)
        [image] = client.robot.ensure_client("image").get_image_from_sources(["hand_color_image"])
        (u, v) = seen[-1]
        pick = manipulation_api_pb2.PickObjectInImage(
            transforms_snapshot_for_camera=image.shot.transforms_snapshot,
            frame_name_image_sensor=image.shot.frame_name_image_sensor,
            camera_model=image.source.pinhole,
        )
        pick.pixel_xy.x, pick.pixel_xy.y = u, v
        manipulation = client.robot.ensure_client(ManipulationApiClient.default_service_name)
        request = manipulation_api_pb2.ManipulationApiRequest(pick_object_in_image=pick)
        number = manipulation.manipulation_api_command(request).manipulation_cmd_id
        asked = manipulation_api_pb2.ManipulationApiFeedbackRequest(manipulation_cmd_id=number)
        states: list[int] = []

        def over() -> bool:
            states.append(manipulation.manipulation_api_feedback_command(asked).current_state)
            if states[-1] == manipulation_api_pb2.MANIP_STATE_WALKING_TO_OBJECT:
                robot.seen.set()
            return states[-1] in (
                manipulation_api_pb2.MANIP_STATE_GRASP_SUCCEEDED,
                manipulation_api_pb2.MANIP_STATE_GRASP_FAILED,
            )

        wait_for(over)
        assert states[-1] == manipulation_api_pb2.MANIP_STATE_GRASP_SUCCEEDED
        assert robot.seen.is_set()
        assert client.state().manipulator_state.is_gripper_holding_item
