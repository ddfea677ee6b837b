"""The inverse-kinematics service: arm joints for a pose of a tool, with the body at a given pose."""

from __future__ import annotations

from typing import Any

import numpy as np
from bosdyn.api.spot import inverse_kinematics_pb2

from behaviours.robots.spot import arm as spot_arm
from perception.geometry import Pose
from simulation.spot_api.body.frames import WRIST_FROM_HAND, Posture, fill_tree, from_proto, world_from
from simulation.spot_api.body.world import World
from simulation.spot_api.rpc.serve import Call, InvalidRequestError

ANSWER = inverse_kinematics_pb2.InverseKinematicsResponse


class InverseKinematics:
    """InverseKinematicsService, for tools mounted on the wrist."""

    def __init__(self, world: World) -> None:
        self._world = world

    def inverse_kinematics(self, request: Any, response: Any, call: Call) -> None:
        snapshot = self._world.snapshot
        root = world_from(request.root_frame_name, snapshot)
        if root is None:
            raise InvalidRequestError(f"unknown root frame {request.root_frame_name!r}")
        if request.WhichOneof("task_specification") != "tool_pose_task" or request.HasField("body_mounted_tool"):
            raise InvalidRequestError("only a tool pose of a wrist-mounted tool is simulated")
        world_from_scene = root @ _pose(request, "root_tform_scene")
        task = world_from_scene @ _pose(request, "scene_tform_task")
        goal = task @ from_proto(request.tool_pose_task.task_tform_desired_tool)
        mounted = request.wrist_mounted_tool
        wrist_from_tool = (
            from_proto(mounted.wrist_tform_tool) if mounted.HasField("wrist_tform_tool") else WRIST_FROM_HAND
        )
        hand = goal @ wrist_from_tool.inverse() @ WRIST_FROM_HAND
        named = request.HasField("scene_tform_body_nominal")
        body = world_from_scene @ from_proto(request.scene_tform_body_nominal) if named else snapshot.body
        joints = spot_arm.inverse(body.inverse() @ hand, np.array(spot_arm.READY))
        if joints is None:
            response.status = ANSWER.STATUS_NO_SOLUTION_FOUND
            return
        response.status = ANSWER.STATUS_OK
        state = response.robot_configuration
        fill_tree(state.transforms_snapshot, Posture(body, body @ spot_arm.forward(joints), snapshot.floor_m))
        for joint, angle in zip(spot_arm.JOINTS, joints, strict=True):
            state.joint_states.add(name=f"arm0.{joint.name}").position.value = float(angle)


def _pose(request: Any, field: str) -> Pose:
    return from_proto(getattr(request, field)) if request.HasField(field) else Pose.identity()
