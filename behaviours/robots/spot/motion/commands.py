"""The robot commands that are sent, as protobuf messages: pure functions of goals and limits."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from behaviours.robots.spot import arm as spot_arm
from behaviours.robots.spot.frames import WORLD, fill_pose
from behaviours.robots.spot.gripper_shape import JAW_OPEN_RAD
from behaviours.robots.spot.model import SPOT_LIMITS
from behaviours.robots.spot.model import body_time_s as even_time_s
from perception.geometry import Pose, Vector

PEAK: Final = 1.875
"""Peak speed over mean speed of the smoothest motion from rest to rest (minimum jerk); a time from it keeps a limit."""
HAND_TURN_RADPS: Final = 1.5
"""Limit of the hand's rotation, for which the protocol has no number of its own."""
ARM_ACCELERATION_MPS2: Final = 3.0
FORWARD, SIDEWAYS = 0.9, 0.43
"""Shares of the speed limit along the body's two axes, so that their sum in any direction stays within it."""
MIN_MOVE_S: Final = 0.5
MARGIN: Final = 1.6
MARGIN_S: Final = 5.0
"""A walk gets this share more than its least time, and this much on top, before its end time stops the robot."""


def walk_time_s(distance_m: float, turn_rad: float, max_speed_mps: float, max_yaw_rate_radps: float) -> float:
    """Seconds after which a walk has certainly failed, so that the robot stops by itself even if we are gone."""
    slowest = SIDEWAYS * max_speed_mps
    return MARGIN * (distance_m / slowest + abs(turn_rad) / max_yaw_rate_radps) + MARGIN_S


def _empty() -> Any:
    """A RobotCommand to fill."""
    from bosdyn.api import robot_command_pb2

    return robot_command_pb2.RobotCommand()


def walk(goal: Pose, *, max_speed_mps: float, max_yaw_rate_radps: float, end_robot_s: float) -> Any:
    """Walk to x, y and yaw of the goal in the vision frame. end_robot_s: robot time at which the robot stops anyway."""
    from bosdyn.api.spot import robot_command_pb2 as spot_pb2

    command = _empty()
    mobility = command.synchronized_command.mobility_command
    request = mobility.se2_trajectory_request
    request.se2_frame_name = WORLD
    request.end_time.FromNanoseconds(round(end_robot_s * 1e9))
    point = request.trajectory.points.add()
    point.pose.position.x, point.pose.position.y = float(goal.position_m[0]), float(goal.position_m[1])
    point.pose.angle = goal.yaw_rad
    params = spot_pb2.MobilityParams()
    for limit, sign in ((params.vel_limit.max_vel, 1.0), (params.vel_limit.min_vel, -1.0)):
        limit.linear.x = sign * FORWARD * max_speed_mps
        limit.linear.y = sign * SIDEWAYS * max_speed_mps
        limit.angular = sign * max_yaw_rate_radps
    mobility.params.Pack(params)
    return command


def stand() -> Any:
    """Stand at the usual height."""
    command = _empty()
    command.synchronized_command.mobility_command.stand_request.SetInParent()
    return command


def body_time_s(height_m: float, pitch_rad: float, body: Pose, max_speed_mps: float) -> float:
    """Seconds for a body pose so that body and ends keep the speed, from wherever the body may stand in its range."""
    farthest_m = max(height_m + SPOT_LIMITS.body_lower_m, SPOT_LIMITS.body_raise_m - height_m)
    return max(PEAK * even_time_s(farthest_m, pitch_rad - body.rpy_rad[1], max_speed_mps), MIN_MOVE_S)


def body_pose(height_m: float, pitch_rad: float, seconds: float) -> Any:
    """Stand with the body at a height from the usual one and a pitch, reached after some seconds."""
    from bosdyn.api.spot import robot_command_pb2 as spot_pb2

    command = stand()
    params = spot_pb2.MobilityParams()
    point = params.body_control.base_offset_rt_footprint.points.add()
    fill_pose(point.pose, Pose.from_rpy((0.0, pitch_rad, 0.0), (0.0, 0.0, height_m)))
    point.time_since_reference.FromNanoseconds(round(seconds * 1e9))
    command.synchronized_command.mobility_command.params.Pack(params)
    return command


def sit() -> Any:
    """Sit down, motors on."""
    command = _empty()
    command.synchronized_command.mobility_command.sit_request.SetInParent()
    return command


def self_right() -> Any:
    """Turn onto the feet after a fall, ready to stand up."""
    command = _empty()
    command.full_body_command.selfright_request.SetInParent()
    return command


def safe_power_off() -> Any:
    """Sit down in order, then motors off."""
    command = _empty()
    command.full_body_command.safe_power_off_request.SetInParent()
    return command


def stop_parts(*parts: str) -> Any:
    """Stop "base" and "arm" where they are. The gripper is left as it is: what it holds, it goes on holding."""
    command = _empty()
    together = command.synchronized_command
    if "base" in parts:
        together.mobility_command.stop_request.SetInParent()
    if "arm" in parts:
        together.arm_command.arm_stop_command.SetInParent()
    return command


def joint_move(start: Vector, goal: Vector, *, max_speed_radps: float) -> Any:
    """All joints together from (6,) `start` to (6,) `goal`, radians, in the order of `spot_arm.JOINTS`."""
    command = _empty()
    trajectory = command.synchronized_command.arm_command.arm_joint_move_command.trajectory
    trajectory.maximum_velocity.value = max_speed_radps
    point = trajectory.points.add()
    for joint, value in zip(spot_arm.JOINTS, np.clip(goal, spot_arm.LOWER, spot_arm.UPPER), strict=True):
        getattr(point.position, joint.name).value = float(value)
    longest = float(np.abs(np.asarray(goal) - start).max())
    point.time_since_reference.FromNanoseconds(round(max(PEAK * longest / max_speed_radps, MIN_MOVE_S) * 1e9))
    return command


def stow() -> Any:
    """The robot's own way of folding the arm away, from near where it ends."""
    from bosdyn.api import arm_command_pb2

    command = _empty()
    named = command.synchronized_command.arm_command.named_arm_position_command
    named.position = arm_command_pb2.NamedArmPositionsCommand.POSITIONS_STOW
    return command


def hand_time_s(start: Pose, goal: Pose, max_speed_mps: float) -> float:
    """Seconds for the hand so that neither its speed nor its rotation breaks a limit at their peak."""
    turn_s = start.angle_rad(goal) / HAND_TURN_RADPS
    return max(PEAK * max(start.distance_m(goal) / max_speed_mps, turn_s), MIN_MOVE_S)


def hand_move(start: Pose, goal: Pose, *, max_speed_mps: float) -> Any:
    """The hand from `start` to `goal`, both in the vision frame, with limits of its linear and angular velocity."""
    command = _empty()
    arm = command.synchronized_command.arm_command.arm_cartesian_command
    arm.root_frame_name = WORLD
    fill_pose(arm.wrist_tform_tool, Pose(np.eye(3), np.array([spot_arm.HAND_FROM_WRIST_X_M, 0.0, 0.0])))
    point = arm.pose_trajectory_in_task.points.add()
    fill_pose(point.pose, goal)
    point.time_since_reference.FromNanoseconds(round(hand_time_s(start, goal, max_speed_mps) * 1e9))
    arm.max_linear_velocity.value = max_speed_mps
    arm.max_angular_velocity.value = HAND_TURN_RADPS
    arm.maximum_acceleration.value = ARM_ACCELERATION_MPS2
    return command


def claw(opening: float, *, max_torque_nm: float) -> Any:
    """The jaws to a fraction 0 closed .. 1 open, with at most this torque at their joint."""
    command = _empty()
    request = command.synchronized_command.gripper_command.claw_gripper_command
    request.trajectory.points.add().point = JAW_OPEN_RAD * opening + 0.0  # no negative zero
    request.maximum_torque.value = max_torque_nm
    return command
