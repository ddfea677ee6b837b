"""The grasp at a point, as the manipulation service chooses it within the client's constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from behaviours.robots.spot import arm as spot_arm
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, Vector, unit
from perception.hand.hand_pose import hand_pose
from simulation.spot_api.body.frames import Posed, world_from
from simulation.spot_api.body.looking import girth
from simulation.spot_api.body.steering import Steerable, posture

LOOK_FROM_M = 0.35
BEFORE_M = 0.12
"""Distance of the pose before the grasp, back along the hand's x axis."""


@dataclass(frozen=True)
class Plan:
    """world_from_hand at the grasp and before it."""

    grasp: Pose
    before: Pose


def approaches(ahead: Vector) -> list[tuple[Vector, Vector]]:
    """Directions (of the hand's x, of its y) to try, world axes, for a level direction to the object.

    From the side around an upright object, from the side around a lying one, from above in two ways, slanted.
    """
    up, aside = np.array([0.0, 0.0, 1.0]), np.array([-ahead[1], ahead[0], 0.0])
    down, slanted = -up, unit(ahead - up)
    return [(ahead, up), (ahead, -up), (ahead, aside), (down, aside), (down, ahead), (slanted, aside)]


def plan_grasp(robot: Steerable, point_m: Vector, parameters: Any) -> Plan | str:
    """A grasp that the arm reaches and the client allows, or the reason why there is none.

    point_m: (3,) world frame. parameters: GraspParams.
    """
    at = posture(robot)
    body = at.body
    away = point_m - body.position_m
    ahead = unit([away[0], away[1], 0.0])
    reasons = []
    for forward, along in approaches(ahead):
        seen = girth(robot, point_m, forward, np.cross(forward, along), LOOK_FROM_M)
        if seen is None or seen.width_m > SPOT.gripper.max_width_m:
            reasons.append("nothing there" if seen is None else f"{1000 * seen.width_m:.0f} mm wide")
            continue
        goal = hand_pose(seen.middle_m, -forward, along, seen.width_m, SPOT.gripper)
        if not allowed(goal, parameters, at):
            reasons.append("not as the client wants the hand")
            continue
        before = goal @ Pose(np.eye(3), np.array([-BEFORE_M, 0.0, 0.0]))
        joints = spot_arm.inverse(body.inverse() @ goal)
        if joints is None or spot_arm.inverse(body.inverse() @ before, joints) is None:
            reasons.append("out of reach")
            continue
        return Plan(goal, before)
    return "no grasp can be done: " + ", ".join(dict.fromkeys(reasons))


def allowed(world_from_hand: Pose, parameters: Any, at: Posed) -> bool:
    """Whether the pose meets one of the client's allowable orientations; True if there are none."""
    if not parameters.allowable_orientation:
        return True
    root = world_from(parameters.grasp_params_frame_name or "vision", at) or Pose.identity()
    in_frame = root.inverse() @ world_from_hand
    for item in parameters.allowable_orientation:
        kind = item.WhichOneof("constraint")
        if kind == "vector_alignment_with_tolerance":
            rule = item.vector_alignment_with_tolerance
            axis, target = rule.axis_on_gripper_ewrt_gripper, rule.axis_to_align_with_ewrt_frame
            turned = in_frame.rotation @ unit((axis.x, axis.y, axis.z))
            cosine = float(turned @ unit((target.x, target.y, target.z)))
            if np.arccos(np.clip(cosine, -1.0, 1.0)) <= rule.threshold_radians:
                return True
        elif kind == "rotation_with_tolerance":
            rule = item.rotation_with_tolerance
            q = rule.rotation_ewrt_frame
            required = Pose.from_quaternion((q.w, q.x, q.y, q.z))
            if in_frame.angle_rad(Pose(required.rotation, in_frame.position_m)) <= rule.threshold_radians:
                return True
        elif kind == "squeeze_grasp" and not item.squeeze_grasp.squeeze_grasp_disallowed:
            return True
    return False
