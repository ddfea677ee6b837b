"""Spot with an arm, as numbers: what leaves and perception need to know of it. Also for its simulations."""

from __future__ import annotations

from typing import Final

import numpy as np

from behaviours.limits import RobotLimits
from behaviours.model import RobotModel
from behaviours.robots.spot.arm import HAND_FROM_WRIST_X_M, SpotArm
from behaviours.robots.spot.gripper_shape import HINGE_IN_WRIST_M, JAW_OPEN_RAD, PIECES
from perception.geometry import Pose
from perception.hand.family import JawTips
from perception.hand.gripper import GripperHulls, GripperModel
from perception.types import Intrinsics

SPOT_LIMITS: Final = RobotLimits(
    walking_speed_mps=1.6,
    yaw_rate_radps=2.0,
    joint_speed_radps=2.5,
    hand_speed_mps=1.5,
    jaw_torque_nm=15.32,
    body_lower_m=0.15,
    body_raise_m=0.05,
    body_pitch_rad=0.35,
    body_speed_mps=0.3,
)
"""Walking speed and jaw torque are the maker's; of the arm's and the hand's, what the robot's interface does unasked.

The maker names no range for body poses. Within these every leg keeps its length. The hips are 0.30 m before and behind
the centre, the legs have 0.32 and 0.335 m, and the knees are at least 14 degrees bent (Spot SDK, "About Spot"). So the
body's ends can stand 0.27 to 0.67 m high. The SDK's gamepad example sends up to 0.3 m and 0.78 rad.
"""
HIP_M: Final = 0.3
"""From the body's centre to its ends, which move when it pitches."""


def body_time_s(height_m: float, pitch_rad: float, max_speed_mps: float) -> float:
    """Shortest time of an even motion by a height and a pitch in which the body's centre and ends keep the speed."""
    return (abs(height_m) + HIP_M * abs(pitch_rad)) / max_speed_mps


WRIST_FROM_COLOR_CAMERA: Final = Pose.from_rpy(np.radians([-81.0, 0.0, -90.0]), (0.13806, 0.020205, 0.02452))
_HAND_FROM_WRIST = Pose(np.eye(3), np.array([-HAND_FROM_WRIST_X_M, 0.0, 0.0]))

SPOT_TIPS: Final = JawTips(
    low_points_m=((0.052, 0.0225), (0.040, 0.0145), (0.0064, 0.0405), (-0.050, 0.0415)),
    tips_depth_m=0.015,
    least_overlap_m=0.002,
    fixed_tip_x_m=0.040,
    support_margin_m=0.006,
    spare_m=0.025,
    low_m=0.035,
    low_lean_rad=float(np.radians(12.0)),
    low_tips_m=((0.040, -0.039), (0.040, -0.060), (0.052, 0.0), (0.052, 0.025)),
    low_grip_x_m=0.032,
    wide_m=(0.055, 0.073),
    wide_lean_rad=float(np.radians(14.0)),
    wide_fades_m=0.020,
    wide_tips_m=((0.040, -0.032), (0.0524, 0.0163), (0.0516, 0.030), (0.050, 0.039), (0.0482, 0.048)),
)
_HAND_M: Final = np.array([HAND_FROM_WRIST_X_M, 0.0, 0.0])
_HULLS: Final = GripperHulls(
    fixed=tuple(piece.vertices_m() - _HAND_M for piece in PIECES if piece.link == "wr1"),
    moving=tuple(piece.vertices_m() for piece in PIECES if piece.link == "fngr"),
    hinge_m=np.array(HINGE_IN_WRIST_M) - _HAND_M,
    open_rad=-JAW_OPEN_RAD,
)

SPOT: Final = RobotModel(
    arm=SpotArm(),
    gripper=GripperModel(
        fixed_jaw_z_m=-0.032,
        clearance_m=0.012,
        close_gap_m=0.003,
        min_depth_m=0.015,
        max_depth_m=0.038,
        round_depth_m=0.028,
        max_width_m=0.11,
        half_breadth_m=0.0485,
        open_z_m=(-0.05, 0.10),
        low_x_m=(-0.05, 0.04),
        hulls=_HULLS,
    ),
    hand_from_camera=_HAND_FROM_WRIST @ WRIST_FROM_COLOR_CAMERA,
    hand_camera=Intrinsics(640, 480, 552.0291012161067, 552.0291012161067, 320.0, 240.0),
    body_height_m=0.52,
    tips=SPOT_TIPS,
)
"""The hand's colour camera as two robots' image services give it: the picture is upright when the hand is level, and
looks 9 degrees up."""
