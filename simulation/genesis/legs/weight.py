"""What the robot's weight asks of its joints while it stands: torques of the legs and of the arm."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.arm import chain
from behaviours.robots.spot.gripper_shape import HINGE_IN_WRIST_M
from simulation.genesis.legs.kinematics import HIPS_M, OUT_M, feet_of
from simulation.robot_files.spot_model import ARM_JOINTS, MASSES_KG, UPPER_LEG_XZ_M

Array = NDArray[np.float64]

GRAVITY_MPS2: Final = 9.81
ARM_KG: Final = np.array([*(MASSES_KG[name] for name in ARM_JOINTS), MASSES_KG["fngr"]])
"""(7,) of the arm's links and the moving jaw."""
LEG_KG: Final = MASSES_KG["hip"] + MASSES_KG["upper_leg"] + MASSES_KG["lower_leg"]
TOTAL_KG: Final = MASSES_KG["body"] + 4 * LEG_KG + float(ARM_KG.sum())
_STEP_RAD: Final = 1e-5


def arm_weight(arm: Array, down: Array) -> tuple[Array, Array]:
    """(6,) torques that hold the arm up, N·m, and the sum (3,) of its masses times their places, kg·m, body frame.

    arm: (6,) joints, radians. down: (3,) unit vector of gravity, body frame. The links' masses are at their joints.
    """
    rotation, _, axes, origins = chain(arm)
    wrist = origins[-1]
    finger = wrist + rotation @ np.asarray(HINGE_IN_WRIST_M)
    places = np.vstack([origins, finger])
    moments = ARM_KG[:, None] * places
    beyond_kg = np.cumsum(ARM_KG[::-1])[::-1][:6]
    beyond = np.cumsum(moments[::-1], axis=0)[::-1][:6] - beyond_kg[:, None] * origins
    torques = GRAVITY_MPS2 * np.einsum("ij,jk,ik->i", axes, _crossing(down), beyond)
    return torques, moments.sum(axis=0)


def _crossing(vector: Array) -> Array:
    """(3, 3) matrix M of the cross product: M v = vector x v."""
    x, y, z = vector
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def leg_weight(legs: Array, arm_moment: Array, down: Array) -> Array:
    """(12,) torques of the legs, N·m, that carry the robot on four feet which push along gravity alone.

    legs: (12,) joints, radians. arm_moment: second answer of `arm_weight`. down: (3,) unit vector, body frame.
    The four forces balance weight and tilting moments with the least squares.
    """
    feet = feet_of(legs)
    knees = HIPS_M + _hip_to_knee(legs)
    outer = HIPS_M + np.stack([np.zeros(4), np.cos(legs[::3]) * OUT_M, np.sin(legs[::3]) * OUT_M], axis=1)
    moment = arm_moment + (
        MASSES_KG["hip"] * HIPS_M + MASSES_KG["upper_leg"] * outer + MASSES_KG["lower_leg"] * knees
    ).sum(axis=0)
    across = np.linalg.svd(down[None])[2][1:]
    balance = np.vstack([np.ones(4), across @ feet.T])
    wanted = TOTAL_KG * GRAVITY_MPS2 * np.array([1.0, *(across @ moment / TOTAL_KG)])
    forces = np.linalg.lstsq(balance, wanted, rcond=None)[0]
    return np.asarray((_slopes(legs) @ down * forces[:, None]).reshape(12))


def foot_loads(legs: Array, torques_nm: Array, down: Array) -> Array:
    """(4,) forces with which the feet push along gravity, newtons, by the torques (12,) of the legs' motors.

    legs: (12,) joints, radians. down: (3,) unit vector, body frame. Legs without mass; nothing else is touched.
    """
    forces = np.linalg.solve(_slopes(legs) + _STEP_RAD * np.eye(3), torques_nm.reshape(4, 3, 1))
    return np.asarray(forces[:, :, 0] @ down)


def _slopes(legs: Array) -> Array:
    """(4, 3, 3) of each foot: how its place (last axis) changes with each joint of its leg."""
    feet = feet_of(legs)
    slopes = np.empty((4, 3, 3))
    for joint in range(3):
        moved = legs.copy()
        moved[joint::3] += _STEP_RAD
        slopes[:, joint] = (feet_of(moved) - feet) / _STEP_RAD
    return slopes


def _hip_to_knee(legs: Array) -> Array:
    hx, hy = legs[::3], legs[1::3]
    c, s = np.cos(hy), np.sin(hy)
    ahead = UPPER_LEG_XZ_M[0] * c + UPPER_LEG_XZ_M[1] * s
    below = UPPER_LEG_XZ_M[0] * s - UPPER_LEG_XZ_M[1] * c
    return np.stack([ahead, np.cos(hx) * OUT_M + np.sin(hx) * below, np.sin(hx) * OUT_M - np.cos(hx) * below], axis=1)
