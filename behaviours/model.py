"""A robot as a value: what leaves and perception need to know of it, besides what it is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from perception.geometry import Pose
from perception.grasping.reach import Arm
from perception.hand.family import JawTips
from perception.hand.gripper import GripperModel
from perception.types import Intrinsics

ArmPose = Literal["stow", "ready", "carry"]
"""Named poses of an arm: folded; hand forward, camera looking ahead; holding an object while walking."""
ARM_POSES: Final[tuple[ArmPose, ...]] = get_args(ArmPose)


@dataclass(frozen=True)
class RobotModel:
    """arm: what the hand reaches, in the body frame. gripper: its jaws, in the hand frame. hand_from_camera: pose of
    the hand camera's optical frame (x right, y down, z forward). hand_camera: that camera, as its frames say.
    body_height_m: the body's centre above the ground when it stands. tips: how deep its jaws may go, for grasps from
    above; None without these."""

    arm: Arm
    gripper: GripperModel
    hand_from_camera: Pose
    hand_camera: Intrinsics
    body_height_m: float
    tips: JawTips | None = None
