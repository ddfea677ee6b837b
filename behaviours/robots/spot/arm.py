"""Spot's arm: forward and inverse kinematics in the body frame (x forward, y left, z up), and its named poses.

Joint origins, limits and efforts are those of the robot's public description.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from behaviours.model import ArmPose
from perception.geometry import Pose, Vector, rotation_vector, wrapped_rad

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Joint:
    """A hinge. origin_m: (3,) in the parent's frame. axis: "x", "y" or "z". lower, upper: radians. effort_nm: N·m."""

    name: str
    origin_m: tuple[float, float, float]
    axis: str
    lower_rad: float
    upper_rad: float
    effort_nm: float


JOINTS = (
    Joint("sh0", (0.292, 0.0, 0.188), "z", -2.618, 3.1416, 90.9),
    Joint("sh1", (0.0, 0.0, 0.0), "y", -3.1416, 0.5236, 181.8),
    Joint("el0", (0.3385, 0.0, 0.0), "y", 0.0, 3.1416, 90.9),
    Joint("el1", (0.4033, 0.0, 0.075), "x", -2.7925, 2.7925, 30.3),
    Joint("wr0", (0.0, 0.0, 0.0), "y", -1.8326, 1.8326, 30.3),
    Joint("wr1", (0.0, 0.0, 0.0), "x", -2.8798, 2.8798, 30.3),
)
HAND_FROM_WRIST_X_M = 0.19557
"""The hand frame lies this far along x of the wrist link `wr1` and has its axes."""
LOWER = np.array([joint.lower_rad for joint in JOINTS])
UPPER = np.array([joint.upper_rad for joint in JOINTS])

STOW = (0.0, -3.115, 3.13, 1.57, 0.0, -1.57)
READY = (0.0, -2.3469, 2.9551, 0.0, -0.3988, 0.0)
"""Hand level in roll, pitched 12 degrees down, so that the camera looks 3 degrees down, at (0.62, 0, 0.22) m."""
CARRY = (0.0, -2.4, 2.5, 0.0, -0.1, 0.0)
POSES: Final[Mapping[ArmPose, tuple[float, ...]]] = {"stow": STOW, "ready": READY, "carry": CARRY}

EXACT_M, EXACT_RAD, ITERATIONS = 5e-4, 2e-3, 80
"""How near the inverse comes to the hand's pose, in at most so many steps from a seed."""
_AXES = {"x": 0, "y": 1, "z": 2}
_UPPER_ARM_M = JOINTS[2].origin_m[0]
_FOREARM_M = math.hypot(JOINTS[3].origin_m[0], JOINTS[3].origin_m[2])
_FOREARM_RAD = math.atan2(JOINTS[3].origin_m[2], JOINTS[3].origin_m[0])
"""The wrist's centre lies this far from the elbow, and by this angle above the axis of el1."""


def _turn(axis: str, angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    if axis == "x":
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if axis == "y":
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def chain(joints: Array) -> tuple[Array, Array, Array, Array]:
    """Rotation (3, 3) and position (3,) of the hand, and each joint's axis and origin (6, 3), in the body frame."""
    rotation, position = np.eye(3), np.zeros(3)
    axes, origins = np.empty((6, 3)), np.empty((6, 3))
    for i, (joint, angle) in enumerate(zip(JOINTS, joints, strict=True)):
        position = position + rotation @ np.array(joint.origin_m)
        axes[i], origins[i] = rotation[:, _AXES[joint.axis]], position
        rotation = rotation @ _turn(joint.axis, float(angle))
    return rotation, position + rotation[:, 0] * HAND_FROM_WRIST_X_M, axes, origins


def forward(joints: ArrayLike) -> Pose:
    """body_from_hand for (6,) joint angles in radians, in the order of JOINTS. ValueError for another shape."""
    angles = np.asarray(joints, dtype=np.float64)
    if angles.shape != (6,):
        raise ValueError(f"the arm has 6 joints, got an array of shape {angles.shape}")
    rotation, position, _, _ = chain(angles)
    return Pose(rotation, position)


def _step(goal: Pose, joints: Array) -> tuple[Array, float, float]:
    """Joints one damped least-squares step nearer to the goal, and the distance (m) and angle (rad) before it. Joints
    at a limit that want to leave it are frozen for the step."""
    rotation, position, axes, origins = chain(joints)
    offset = goal.position_m - position
    turn = rotation_vector(goal.rotation @ rotation.T)
    jacobian = np.concatenate([np.cross(axes, position - origins).T, axes.T])
    error = np.concatenate([offset, turn])
    free = np.ones(6, dtype=bool)
    step = np.zeros(6)
    for _ in range(3):
        part = jacobian[:, free]
        damping = 1e-4 + 0.01 * float(error @ error)
        step = np.zeros(6)
        step[free] = part.T @ np.linalg.solve(part @ part.T + damping * np.eye(6), error)
        step *= min(1.0, 0.5 / max(float(np.abs(step).max()), 1e-9))
        blocked = free & (((joints >= UPPER - 1e-9) & (step > 0)) | ((joints <= LOWER + 1e-9) & (step < 0)))
        if not blocked.any():
            break
        free &= ~blocked
    return np.clip(joints + step, LOWER, UPPER), float(np.linalg.norm(offset)), float(np.linalg.norm(turn))


def _solve(goal: Pose, seed: Array) -> Array | None:
    joints = np.clip(seed, LOWER, UPPER)
    for _ in range(ITERATIONS):
        after, distance, angle = _step(goal, joints)
        if distance < EXACT_M and angle < EXACT_RAD:
            return joints
        joints = after
    return None


def approach(body_from_hand: Pose, joints: ArrayLike, *, steps: int = 3) -> Array:
    """(6,) joints a few steps nearer to a hand pose, for following one that moves; as near as it gets out of reach."""
    nearer = np.clip(np.asarray(joints, dtype=np.float64), LOWER, UPPER)
    for _ in range(steps):
        nearer, distance, angle = _step(body_from_hand, nearer)
        if distance < 1e-4 and angle < 1e-3:
            break
    return nearer


def postures(body_from_hand: Pose, like: Array) -> list[Array]:
    """All joint angles (6,) within limits that put the hand there, in closed form, those nearest to `like` first.

    The wrist's three axes meet in a point. Shoulder and elbow put that point in its place, in two ways; the wrist then
    turns the hand, in two ways. The shoulder faces the point, or turns its back on it. like: (6,) radians, also taken
    where an angle makes no difference.
    """
    rotation = body_from_hand.rotation
    x, y, z = (body_from_hand.position_m - rotation[:, 0] * HAND_FROM_WRIST_X_M - JOINTS[0].origin_m).tolist()
    across, away = math.hypot(x, y), math.sqrt(x * x + y * y + z * z)
    nearest, furthest = _FOREARM_M - _UPPER_ARM_M, _FOREARM_M + _UPPER_ARM_M
    if not nearest - EXACT_M < away < furthest + EXACT_M:
        return []
    cosine = (away * away - _UPPER_ARM_M**2 - _FOREARM_M**2) / (2 * _UPPER_ARM_M * _FOREARM_M)
    bend = math.acos(min(max(cosine, -1.0), 1.0))
    facing = math.atan2(y, x) if across > 1e-9 else float(like[0])
    found = []
    for sh0, ahead in ((facing, across), (facing + math.pi, -across)):
        for angle in (bend, -bend):
            lead = math.atan2(_FOREARM_M * math.sin(angle), _UPPER_ARM_M + _FOREARM_M * math.cos(angle))
            sh1, el0 = lead - math.atan2(z, ahead), _FOREARM_RAD - angle
            turned = (_turn("z", sh0) @ _turn("y", sh1 + el0)).T @ rotation
            for wrist in _wrist_angles(turned, float(like[3])):
                joints = np.array([sh0, sh1, el0, *wrist])
                joints -= 2 * np.pi * np.ceil((joints - UPPER - EXACT_RAD / 4) / (2 * np.pi))
                kept = np.clip(joints, LOWER, UPPER)
                if np.abs(kept - joints).max() < EXACT_RAD / 4:
                    found.append(kept)
    return sorted(found, key=lambda joints: float(np.abs(joints - like).max()))


def _wrist_angles(rotation: Array, el1_rad: float) -> list[tuple[float, float, float]]:
    """The angles about x, y and x that make a rotation (3, 3): el1, wr0 and wr1. el1_rad: for the straight wrist, where
    el1 and wr1 turn about the same axis."""
    (along, up, out), (side, r11, _), (down, r21, _) = rotation.tolist()
    bent = math.hypot(up, out)
    if bent < 1e-9:
        return [(el1_rad, 0.0, math.atan2(r21, r11) - el1_rad)] if along > 0 else []
    return [
        (math.atan2(sign * side, -sign * down), math.atan2(sign * bent, along), math.atan2(sign * up, sign * out))
        for sign in (1.0, -1.0)
    ]


def inverse(body_from_hand: Pose, seed: ArrayLike | None = None) -> Array | None:
    """(6,) joint angles within limits that put the hand there, to 0.5 mm and 2 mrad, or None. Deterministic.

    seed: angles to start from, so that a path stays on one branch; another branch follows if it leads nowhere. Without
    it, the posture most like READY whose shoulder faces the hand.
    """
    if seed is None:
        y, x = (body_from_hand.position_m - JOINTS[0].origin_m)[1::-1]
        like = np.array([math.atan2(y, x), *READY[1:]])
        found = [joints for joints in postures(body_from_hand, like) if abs(wrapped_rad(joints[0] - like[0])) < 1.571]
        return found[0] if found else None
    like = np.asarray(seed, dtype=np.float64)
    found = postures(body_from_hand, like)
    if not found:
        return None
    near = _solve(body_from_hand, like)
    return found[0] if near is None else near


@dataclass(frozen=True)
class SpotArm:
    """Implements `perception.grasping.reach.Arm`."""

    @property
    def shoulder_m(self) -> Vector:
        return np.array(JOINTS[0].origin_m)

    def joints_at(self, body_from_hand: Pose, seed: ArrayLike | None = None) -> Vector | None:
        return inverse(body_from_hand, seed)
