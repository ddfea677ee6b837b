"""Requests that make no sense: each is refused, and the world goes on for everybody else.

SPOT_GRASP_EXHAUSTIVE=N tries N bad values instead of 110.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

import grpc
from bosdyn.api import image_pb2, robot_command_pb2
from bosdyn.api.docking import docking_pb2
from bosdyn.api.geometry_pb2 import Quaternion
from bosdyn.api.service_customization_pb2 import CustomParam, DictParam
from bosdyn.client.docking import DockingClient
from bosdyn.client.estop import EstopEndpoint, EstopKeepAlive
from bosdyn.client.exceptions import InvalidRequestError
from bosdyn.client.robot_command import DockedError, RobotCommandBuilder, UnsupportedError
from bosdyn.client.robot_command import InvalidRequestError as InvalidCommandError
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.spot_api import SpotServer
from simulation.spot_api.rpc.impossible import BOUND, MAX_ITEMS, impossible
from tests.simulation.spot_api.requests import BAD, FLOATS, Template, places, spoil, templates
from tests.support.spot_api import Client, connect, spot, wait_for

CASES = int(os.environ.get("SPOT_GRASP_EXHAUSTIVE", "110"))
STAND = RobotCommandBuilder.synchro_stand_command()
COMMAND = "/bosdyn.api.RobotCommandService/RobotCommand"
CODE_INTERNAL, CODE_INVALID = 2, 3


@dataclass
class Scene:
    """attacker: sends what makes no sense. bystander: has to be able to work after it."""

    server: SpotServer
    attacker: Client
    bystander: Client

    def ask(self, template: Template, request: Any) -> Any:
        """The answer, or the gRPC error; with the attacker's lease where one is wanted."""
        channel = self.attacker.robot.ensure_secure_channel("api.spot.robot")
        call = channel.unary_unary(template.rpc, type(request).SerializeToString, template.response.FromString)
        try:
            return call(request, timeout=60)
        except grpc.RpcError as error:
            return error

    def recover(self) -> None:
        """What the bystander does, by the same services, to get and use the robot."""
        robot, estop = self.bystander.robot, self.bystander.estop
        self.bystander.leases.take()
        for fault in self.bystander.state().behavior_fault_state.faults:
            self.bystander.command.clear_behavior_fault(fault.behavior_fault_id)
        if robot.is_estopped():
            endpoint = EstopEndpoint(estop, "bystander", estop_timeout=1000.0)
            endpoint.force_simple_setup()
            EstopKeepAlive(endpoint, keep_running_cb=lambda: (False, "once is enough")).shutdown()
            endpoint.check_in_at_level(4)
            wait_for(lambda: not robot.is_estopped())
        wait_for(lambda: not self.server.machine.settling)
        robot.power_on(timeout_sec=60)
        try:
            self.bystander.send(STAND)
        except DockedError:  # docking goes quickly here
            docking = robot.ensure_client(DockingClient.default_service_name)
            docking.docking_command(0, "", Timestamp(), docking_pb2.PREP_POSE_UNDOCK)
            self.bystander.send(STAND)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with spot(speed=30.0, lease_stale_s=1000.0) as server:
        yield Scene(server, connect(server, "attacker"), connect(server, "bystander"))


def refused(answer: Any) -> bool:
    if isinstance(answer, grpc.RpcError):
        return answer.code() is grpc.StatusCode.UNIMPLEMENTED
    if answer.header.error.code == CODE_INVALID:
        return True
    return isinstance(answer, robot_command_pb2.RobotCommandResponse) and answer.status == answer.STATUS_INVALID_REQUEST


@pytest.mark.slow
@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_one_bad_value_anywhere_ends_nothing_for_anybody_else(scene: Scene, data: st.DataObject) -> None:
    template = data.draw(st.sampled_from(templates(scene.server)), label="request")
    path = data.draw(st.sampled_from(list(places(template.request.DESCRIPTOR))), label="place")
    value = data.draw(st.sampled_from(BAD[path[-1].cpp_type]), label="value")
    scene.attacker.leases.take()
    request = type(template.request)()
    request.CopyFrom(template.request)
    if "lease" in request.DESCRIPTOR.fields_by_name:
        request.lease.CopyFrom(scene.attacker.robot.lease_wallet.advance().lease_proto)
    try:
        spoil(request, path, value)
    except ValueError:  # the client's own library does not let it pass
        return
    answer = scene.ask(template, request)
    assert not any(value is number for number in FLOATS) or refused(answer), answer
    if not isinstance(answer, grpc.RpcError):
        assert answer.header.error.code != CODE_INTERNAL, answer
    before = scene.server.world.snapshot.simulated_s
    wait_for(lambda: scene.server.world.snapshot.simulated_s > before + 0.3)
    snapshot = scene.server.world.snapshot
    parts = (snapshot.body.position_m, snapshot.hand.position_m, snapshot.arm, snapshot.arm_rate)
    assert all(np.isfinite(part).all() for part in parts)
    scene.recover()
    assert scene.server.log.errors == []


def far_away(command: Any, seconds: int) -> Any:
    """An arm pose that is due then."""
    arm = command.synchronized_command.arm_command.arm_cartesian_command
    arm.pose_trajectory_in_task.points[0].time_since_reference.FromSeconds(seconds)
    return command


def arm_pose() -> Any:
    return RobotCommandBuilder.arm_pose_command(0.8, 0, 0.4, 1, 0, 0, 0, "body", 2)


def turned(*, w: float) -> Any:
    command = arm_pose()
    pose = command.synchronized_command.arm_command.arm_cartesian_command.pose_trajectory_in_task.points[0].pose
    pose.rotation.CopyFrom(Quaternion(w=w))
    return command


def many_points() -> Any:
    command = arm_pose()
    points = command.synchronized_command.arm_command.arm_cartesian_command.pose_trajectory_in_task.points
    points.extend([points[0]] * (MAX_ITEMS + 1))
    return command


def limited(**limits: float) -> Any:
    command = arm_pose()
    for name, value in limits.items():
        getattr(command.synchronized_command.arm_command.arm_cartesian_command, name).value = value
    return command


def posture(height_m: float) -> Any:
    return RobotCommandBuilder.synchro_stand_command(body_height=height_m)


def other_params() -> Any:
    command = RobotCommandBuilder.synchro_stand_command()
    command.synchronized_command.mobility_command.params.Pack(Quaternion(w=1.0))
    return command


def broken_params() -> Any:
    command = RobotCommandBuilder.synchro_stand_command()
    command.synchronized_command.mobility_command.params.value = b"\xff\xff\xff"
    return command


NEVER = {
    "due in a year": lambda: far_away(arm_pose(), 365 * 24 * 3600),
    "a quaternion of length zero": lambda: turned(w=0.0),
    "a quaternion of length 30": lambda: turned(w=30.0),
    "thousands of points": many_points,
    "a limit below zero": lambda: limited(max_linear_velocity=-1.0),
    "a limit of zero": lambda: limited(max_angular_velocity=0.0),
    "a torque of zero": lambda: RobotCommandBuilder.claw_gripper_close_command(max_torque=0.0),
    "a torque below zero": lambda: RobotCommandBuilder.claw_gripper_close_command(max_torque=-3.0),
    "a posture 2 m up": lambda: posture(2.0),
    "parameters of another kind": other_params,
    "parameters that cannot be read": broken_params,
}


@pytest.mark.parametrize("what", NEVER)
def test_a_command_that_cannot_be_meant_is_an_invalid_request(scene: Scene, what: str) -> None:
    scene.recover()
    lease = scene.bystander.robot.lease_wallet.advance().lease_proto
    request = robot_command_pb2.RobotCommandRequest(command=NEVER[what](), lease=lease)
    answer = scene.ask(Template(COMMAND, request, robot_command_pb2.RobotCommandResponse), request)
    assert answer.status == answer.STATUS_INVALID_REQUEST
    assert answer.message
    scene.bystander.send(STAND)


def test_the_answer_names_the_place_and_the_value(scene: Scene) -> None:
    scene.recover()
    with pytest.raises(InvalidCommandError) as error:
        scene.bystander.send(limited(max_linear_velocity=float("nan")))
    assert "arm_cartesian_command.max_linear_velocity.value: nan" in error.value.response.message
    with pytest.raises(InvalidRequestError, match=r"image_requests\[0\]\.resize_ratio: inf"):
        scene.bystander.robot.ensure_client("image").get_image(
            [image_pb2.ImageRequest(image_source_name="hand_color_image", resize_ratio=float("inf"))]
        )


def test_commands_with_nothing_in_their_oneofs_are_refused(scene: Scene) -> None:
    scene.recover()
    for part in ("mobility_command", "arm_command", "gripper_command"):
        command = robot_command_pb2.RobotCommand()
        getattr(command.synchronized_command, part).SetInParent()
        with pytest.raises((InvalidCommandError, UnsupportedError)):
            scene.bystander.send(command)


def test_messages_that_are_too_large_or_too_deep_end_at_the_door(scene: Scene) -> None:
    channel = scene.attacker.robot.ensure_secure_channel("api.spot.robot")
    call = channel.unary_unary("/bosdyn.api.ImageService/GetImage", None, None)
    huge = image_pb2.GetImageRequest()
    huge.image_requests.add(image_source_name="x" * 5_000_000)
    with pytest.raises(grpc.RpcError) as error:
        call(huge.SerializeToString(), timeout=60)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    deep = call(nested(10), timeout=60)
    assert image_pb2.GetImageResponse.FromString(deep).image_responses
    with pytest.raises(grpc.RpcError):
        call(nested(5000), timeout=60)
    scene.recover()


def nested(levels: int) -> bytes:
    """A GetImageRequest whose custom_params hold one another; written byte by byte, since the library refuses to."""

    def packed(field: int, content: bytes) -> bytes:
        length, tail = bytearray(), len(content)
        while tail > 127:
            length.append(tail % 128 + 128)
            tail //= 128
        return bytes([field * 8 + 2, *length, tail]) + content

    dictionary = DictParam.DESCRIPTOR.fields_by_name["values"].number
    param = CustomParam.DESCRIPTOR.fields_by_name["dict_value"].number
    content = b""
    for _ in range(levels):
        content = packed(dictionary, packed(1, b"a") + packed(2, packed(param, content)))
    return packed(2, packed(1, b"hand_color_image") + packed(6, content))


def test_fifty_clients_at_once_are_all_answered(scene: Scene) -> None:
    scene.recover()
    rubbish = limited(max_linear_velocity=float("nan"))

    def one(number: int) -> bool:
        client = scene.attacker if number % 2 else scene.bystander
        if number % 5:
            return client.state().power_state.motor_power_state == 2
        with pytest.raises(InvalidCommandError):
            client.command.robot_command(rubbish, lease=scene.bystander.robot.lease_wallet.get_lease().lease_proto)
        return True

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(one, range(200)))


@pytest.mark.parametrize("value", [BOUND, -BOUND, 0.0, 1.5])
def test_what_can_be_meant_passes(value: float) -> None:
    assert impossible(Quaternion(w=1.0)) == ""
    command = arm_pose()
    arm = command.synchronized_command.arm_command.arm_cartesian_command
    arm.pose_trajectory_in_task.points[0].pose.position.x = value
    assert impossible(command) == ""
