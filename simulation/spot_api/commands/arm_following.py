"""Arm commands without a final pose: a velocity of the hand, and a gaze at a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bosdyn.api import arm_command_pb2

from behaviours.robot import Command, CommandState
from behaviours.robots.spot.arm import JOINTS
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, Vector, unit
from simulation.spot_api.body.frames import from_proto, world_from
from simulation.spot_api.body.laws import moving, reach, through
from simulation.spot_api.body.steering import Steerable, posture
from simulation.spot_api.commands.activity import ANSWER, Activity, NotAcceptedError, Order, Quiet
from simulation.spot_api.rpc.clock import due

DEFAULT_LINEAR_MPS = 0.5
MAX_LINEAR_MPS = 1.5
GAZE_TURN_RADPS = 1.5
GAZING_RAD = 0.08
GAZE = arm_command_pb2.GazeCommand.Feedback
SHOULDER_M = np.array(JOINTS[0].origin_m)


def make_velocity(request: Any, order: Order) -> Activity:
    """The hand at a velocity until end_time: cylindrical about the shoulder, or Cartesian in a frame.

    NotAcceptedError without a velocity or for an unknown frame.
    """
    end_s = order.expiry(request)
    kind = request.WhichOneof("command")
    if kind is None:
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "an arm velocity without a velocity")
    angular = request.angular_velocity_of_hand_rt_odom_in_hand
    turn_in_hand = np.array([angular.x, angular.y, angular.z])
    linear = _cylindrical(request) if kind == "cylindrical_velocity" else _cartesian(request, order)

    def start(robot: Steerable) -> Command:
        def velocity(body_from_hand: Pose) -> tuple[Vector, Vector]:
            return linear(robot, body_from_hand), body_from_hand.rotation @ turn_in_hand

        left = end_s - order.world.clock.now()
        here = robot.body_pose().inverse() @ robot.hand_pose()
        path = moving(here, velocity, left)
        return robot.follow_arm(reach(robot.arm_joints(), path, left, lambda: path(left), hold=False))

    return Quiet(order, "arm", "arm_velocity_feedback", [start])


def _cylindrical(request: Any) -> Callable[[Steerable, Pose], Vector]:
    """Velocity in the body frame: r away from the shoulder, theta about it, z up, each -1..1 of the limit."""
    command = request.cylindrical_velocity
    limit = command.max_linear_velocity.value if command.HasField("max_linear_velocity") else DEFAULT_LINEAR_MPS
    asked = np.array([command.linear_velocity.r, command.linear_velocity.theta, command.linear_velocity.z])
    share = np.clip(asked, -1.0, 1.0) * min(limit, MAX_LINEAR_MPS)

    def linear(robot: Steerable, body_from_hand: Pose) -> Vector:
        out = (body_from_hand.position_m - SHOULDER_M)[:2]
        away = unit([*out, 0.0]) if float(np.linalg.norm(out)) > 1e-3 else np.array([1.0, 0.0, 0.0])
        aside = np.array([-away[1], away[0], 0.0])
        velocity: Vector = share[0] * away + share[1] * aside + share[2] * np.array([0.0, 0.0, 1.0])
        return velocity

    return linear


def _cartesian(request: Any, order: Order) -> Callable[[Steerable, Pose], Vector]:
    command = request.cartesian_velocity
    frame, snapshot = command.frame_name, order.world.snapshot
    if world_from(frame, snapshot) is None:
        raise NotAcceptedError(ANSWER.STATUS_UNKNOWN_FRAME, f"unknown frame {frame!r} for a velocity")
    asked = command.velocity_in_frame_name
    velocity = np.array([asked.x, asked.y, asked.z])
    speed = float(np.linalg.norm(velocity))
    velocity = velocity * min(1.0, MAX_LINEAR_MPS / max(speed, 1e-9))

    def linear(robot: Steerable, body_from_hand: Pose) -> Vector:
        root = world_from(frame, posture(robot)) or Pose.identity()
        turned: Vector = robot.body_pose().rotation.T @ root.rotation @ velocity
        return turned

    return linear


def looking(place_m: Vector, target_m: Vector) -> Pose:
    """Pose of the hand at a place (3,), without roll, with its camera's axis parallel to the line to a target (3,)."""
    forward = unit(target_m - place_m)
    level = float(np.hypot(forward[0], forward[1]))
    pitch, yaw = -np.arctan2(forward[2], level), np.arctan2(forward[1], forward[0])
    axis = SPOT.hand_from_camera.rotation[:, 2]
    camera_up = float(np.arctan2(axis[2], axis[0]))
    return Pose.from_rpy((0.0, pitch + camera_up, yaw), place_m)


class Gaze(Activity):
    """The hand's camera looks at a point or along a path of points; the hand may move at the same time."""

    part = "arm"

    def __init__(self, order: Order, start: Callable[[Steerable], Command], target: Callable[[], Vector]) -> None:
        super().__init__(order, [start])
        self._target = target

    def fill(self, feedback: Any) -> None:
        answer, hand = feedback.arm_gaze_feedback, self.order.world.snapshot.hand
        error = hand.angle_rad(looking(hand.position_m, self._target()))
        answer.gaze_to_target_rotation_measured = error
        answer.gazing_at_target = answer.hand_position_at_goal = answer.hand_roll_at_goal = error < GAZING_RAD
        answer.status = {
            CommandState.RUNNING: GAZE.STATUS_IN_PROGRESS,
            CommandState.DONE: GAZE.STATUS_TRAJECTORY_COMPLETE,
        }.get(self.outcome.state, GAZE.STATUS_TOOL_TRAJECTORY_STALLED)


def make_gaze(request: Any, order: Order) -> Activity:
    """The activity of a GazeCommand.Request. NotAcceptedError for an unknown frame or without a target."""
    snapshot, points = order.world.snapshot, due(request.target_trajectory_in_frame1, order.world.clock.now())
    root = world_from(request.frame1_name, snapshot)
    if root is None:
        raise NotAcceptedError(ANSWER.STATUS_UNKNOWN_FRAME, f"unknown frame {request.frame1_name!r} for a gaze")
    if not points:
        raise NotAcceptedError(ANSWER.STATUS_INVALID_REQUEST, "a gaze without a target")
    targets = [root.transform((item.point.x, item.point.y, item.point.z)) for _, item in points]
    times = [time_s for time_s, _ in points]
    tool_root = world_from(request.frame2_name or "body", snapshot)
    if tool_root is None:
        raise NotAcceptedError(ANSWER.STATUS_UNKNOWN_FRAME, f"unknown frame {request.frame2_name!r} for the tool")
    tools = due(request.tool_trajectory_in_frame2, order.world.clock.now())
    tool_poses = [tool_root @ from_proto(item.pose) for _, item in tools]
    tool_times = [time_s for time_s, _ in tools]

    def start(robot: Steerable) -> Command:
        body_from_world = robot.body_pose().inverse()
        hand = robot.hand_pose()
        place = through(hand, _spaced(tool_times, tool_poses)) if tools else lambda _time_s: hand
        aim = through(Pose(np.eye(3), targets[0]), _spaced(times, [Pose(np.eye(3), target) for target in targets]))
        first = hand.angle_rad(looking(hand.position_m, targets[0])) / GAZE_TURN_RADPS + 0.3
        turn = through(hand, [(first, looking(place(first).position_m, aim(first).position_m))])
        end_s = max(first, times[-1], *tool_times) if tools else max(first, times[-1])

        def body_from_goal(time_s: float) -> Pose:
            if time_s < first:
                return body_from_world @ Pose(turn(time_s).rotation, place(time_s).position_m)
            return body_from_world @ looking(place(time_s).position_m, aim(time_s).position_m)

        def measured() -> Pose:
            return robot.body_pose().inverse() @ robot.hand_pose()

        return robot.follow_arm(reach(robot.arm_joints(), body_from_goal, end_s, measured, hold=False))

    return Gaze(order, start, lambda: targets[-1])


def _spaced(times: list[float], poses: list[Pose]) -> list[tuple[float, Pose]]:
    """(time, pose) pairs whose times increase by at least 0.05 s."""
    spaced: list[tuple[float, Pose]] = []
    for time_s, pose in zip(times, poses, strict=True):
        spaced.append((max(time_s, spaced[-1][0] + 0.05 if spaced else 0.05), pose))
    return spaced
