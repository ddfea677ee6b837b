"""Every request that the simulated Spot serves, and a way to put a bad value anywhere in one, by the descriptors."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bosdyn.api import image_pb2, manipulation_api_pb2, robot_command_pb2
from bosdyn.api.docking import docking_pb2
from bosdyn.api.geometry_pb2 import Vec2
from bosdyn.api.keepalive import keepalive_pb2
from bosdyn.api.spot import inverse_kinematics_pb2
from bosdyn.api.spot import robot_command_pb2 as spot_command_pb2
from bosdyn.client.robot_command import RobotCommandBuilder as Builder
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from simulation.spot_api import SpotServer

FAR = 2**63 - 1
FLOATS = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308)
ODD_FLOATS = (*FLOATS, -1.0, 0.0, 1e4, 5e-324)
BAD: dict[int, tuple[Any, ...]] = {
    FieldDescriptor.CPPTYPE_DOUBLE: ODD_FLOATS,
    FieldDescriptor.CPPTYPE_FLOAT: ODD_FLOATS,
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1, 0),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), FAR, 0),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_ENUM: (0, 999, -7),
    FieldDescriptor.CPPTYPE_STRING: ("", "nowhere", "\x1b[2J" * 2000),
}
DEPTH = 12
Path = tuple[FieldDescriptor, ...]


@dataclass(frozen=True)
class Template:
    """A request that is in order. rpc: full name of the method, as gRPC wants it."""

    rpc: str
    request: Any
    response: type[Any]


def commands() -> list[Any]:
    """A robot command of each kind."""
    pose = Builder.arm_pose_command(0.8, 0.0, 0.4, 1, 0, 0, 0, "body", 2)
    velocity = robot_command_pb2.RobotCommand()
    cylinder = velocity.synchronized_command.arm_command.arm_velocity_command
    cylinder.cylindrical_velocity.linear_velocity.r = 0.3
    cylinder.cylindrical_velocity.max_linear_velocity.value = 0.3
    cylinder.end_time.FromSeconds(int(time.time()) + 2)
    along = robot_command_pb2.RobotCommand()
    cartesian = along.synchronized_command.arm_command.arm_velocity_command
    cartesian.cartesian_velocity.frame_name = "body"
    cartesian.cartesian_velocity.velocity_in_frame_name.x = 0.2
    cartesian.end_time.CopyFrom(cylinder.end_time)
    joints = Builder.arm_joint_command(0.0, -1.0, 1.5, 0.0, 0.5, 0.0, max_vel=1.0, max_accel=5.0)
    gaze = Builder.arm_gaze_command(2.0, 0.0, 0.5, "vision")
    feet = [Vec2(x=x, y=y) for x, y in ((0.3, 0.2), (0.3, -0.2), (-0.3, 0.2), (-0.3, -0.2))]
    stance = Builder.stance_command("vision", *feet)
    stance.synchronized_command.mobility_command.stance_request.end_time.CopyFrom(cylinder.end_time)
    walk = Builder.synchro_se2_trajectory_point_command(0.5, 0.0, 0.0, "vision")
    walk.synchronized_command.mobility_command.se2_trajectory_request.end_time.CopyFrom(cylinder.end_time)
    drive = Builder.synchro_velocity_command(0.3, 0.0, 0.1)
    drive.synchronized_command.mobility_command.se2_velocity_request.end_time.CopyFrom(cylinder.end_time)
    follow = robot_command_pb2.RobotCommand()
    follow.CopyFrom(pose)
    follow.synchronized_command.mobility_command.follow_arm_request.SetInParent()
    posture = Builder.synchro_stand_command(body_height=0.05)
    return [
        posture,
        Builder.synchro_sit_command(),
        walk,
        drive,
        stance,
        follow,
        pose,
        joints,
        gaze,
        velocity,
        along,
        Builder.arm_ready_command(),
        Builder.claw_gripper_close_command(max_torque=3.0),
        Builder.stop_command(),
        Builder.freeze_command(),
        Builder.selfright_command(),
    ]


def filled() -> dict[str, list[Any]]:
    """Requests in order of the RPCs that take more than a header, by full name of the request."""
    pick = manipulation_api_pb2.ManipulationApiRequest()
    pick.pick_object.frame_name = "vision"
    pick.pick_object.object_rt_frame.x, pick.pick_object.object_rt_frame.z = 2.0, 0.6
    ray = manipulation_api_pb2.ManipulationApiRequest()
    ray.walk_to_object_ray_in_world.frame_name = "vision"
    ray.walk_to_object_ray_in_world.ray_end_rt_frame.x = 2.0
    reach = inverse_kinematics_pb2.InverseKinematicsRequest(root_frame_name="body")
    reach.tool_pose_task.task_tform_desired_tool.position.x = 0.8
    watch = keepalive_pb2.ModifyPolicyRequest()
    watch.to_add.name = "watch"
    action = watch.to_add.actions.add()
    action.after.seconds = 1000
    action.controlled_motors_off.SetInParent()
    image = image_pb2.GetImageRequest()
    image.image_requests.add(image_source_name="hand_color_image")
    image.image_requests.add(image_source_name="hand_depth_in_hand_color_frame")
    dock = docking_pb2.DockingCommandRequest(docking_station_id=520)
    made: dict[str, list[Any]] = {}
    for request in (pick, ray, reach, watch, image, dock):
        made.setdefault(request.DESCRIPTOR.full_name, []).append(request)
    for command in commands():
        request = robot_command_pb2.RobotCommandRequest(command=command)
        made.setdefault(request.DESCRIPTOR.full_name, []).append(request)
    return made


def templates(server: SpotServer) -> list[Template]:
    """Of every RPC of every service."""
    made, all_of_them = filled(), []
    for service, _ in server.services:
        for rpc in service.methods:
            if rpc.client_streaming or rpc.server_streaming:
                continue
            name = f"/{service.full_name}/{rpc.name}"
            answer = GetMessageClass(rpc.output_type)
            requests = made.get(rpc.input_type.full_name) or [GetMessageClass(rpc.input_type)()]
            all_of_them += [Template(name, request, answer) for request in requests]
    return all_of_them


def inside(field: FieldDescriptor) -> Any:
    """The descriptor of what a message field holds; an Any holds MobilityParams."""
    kind = field.message_type
    return spot_command_pb2.MobilityParams.DESCRIPTOR if kind.full_name == "google.protobuf.Any" else kind


def places(kind: Any, before: Path = ()) -> Iterator[Path]:
    """The way to every value in a message, without going round in circles."""
    kinds = [field.containing_type.full_name for field in before]
    for field in kind.fields:
        path = (*before, field)
        if field.message_type is None:
            if field.cpp_type in BAD and field.type != FieldDescriptor.TYPE_BYTES:
                yield path
        elif inside(field).full_name not in kinds and len(path) < DEPTH:
            yield from places(inside(field), path)


def spoil(message: Any, path: Path, value: Any) -> None:
    """Put a value at a place, making what lies on the way to it."""
    field, *rest = path
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key_field, value_field = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
        key = "somewhere" if key_field.cpp_type == FieldDescriptor.CPPTYPE_STRING else 1
        if rest[0].name == "key":
            return
        if value_field.message_type is None:
            getattr(message, field.name)[key] = value
        else:
            spoil(getattr(message, field.name)[key], tuple(rest[1:]), value)
    elif not rest and field.is_repeated:
        getattr(message, field.name).append(value)
    elif not rest:
        setattr(message, field.name, value)
    elif field.message_type.full_name == "google.protobuf.Any":
        params = spot_command_pb2.MobilityParams()
        getattr(message, field.name).Unpack(params)
        spoil(params, tuple(rest), value)
        getattr(message, field.name).Pack(params)
    elif field.is_repeated:
        items = getattr(message, field.name)
        spoil(items[0] if items else items.add(), tuple(rest), value)
    else:
        part = getattr(message, field.name)
        part.SetInParent()
        spoil(part, tuple(rest), value)
