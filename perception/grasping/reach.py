"""What an arm reaches and has not failed at, asked for hand poses in the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from perception.geometry import Pose, Vector
from perception.grasping.settings import GraspSettings

SAME_M, SAME_RAD = 0.03, 0.2
"""Poses nearer than this to one out of reach count as out of reach too: a search that finds nothing takes longest."""


class Arm(Protocol):
    """The arm of a robot. All poses are in the robot's body frame (x forward, y left, z up)."""

    @property
    def shoulder_m(self) -> Vector:
        """(3,) metres: where the arm begins."""

    def joints_at(self, body_from_hand: Pose, seed: ArrayLike | None = None) -> Vector | None:
        """Joint angles in radians that put the hand there, or None if it is out of reach. The same for the same input.

        seed: joint angles to stay near to, so that the poses of a path belong to one posture.
        """


class Reach:
    """Whether an arm reaches hand poses, from where the body stands.

    arm: of the robot. world_from_body: where the body stands. settings: how far back along its own x the hand must
    reach, too; and what is the same grasp. tried: world_from_hand of grasps that failed, which are refused.
    """

    def __init__(self, arm: Arm, world_from_body: Pose, settings: GraspSettings, tried: Sequence[Pose] = ()) -> None:
        self._arm, self._body_from_world = arm, world_from_body.inverse()
        self._settings, self._tried = settings, tried
        self._failed: list[tuple[Pose, str]] = []

    def problem(self, world_from_hand: Pose) -> str | None:
        """Why not, in a few words; None if the arm reaches the pose and the one before it, and it is a new one."""
        same = self._settings
        if any(
            pose.distance_m(world_from_hand) < same.again_m and pose.angle_rad(world_from_hand) < same.again_rad
            for pose in self._tried
        ):
            return "tried before"
        for pose, reason in self._failed:
            if pose.distance_m(world_from_hand) < SAME_M and pose.angle_rad(world_from_hand) < SAME_RAD:
                return reason
        goal = self._body_from_world @ world_from_hand
        back = Pose(np.eye(3), np.array([-same.standoff_m, 0.0, 0.0]))
        joints = self._arm.joints_at(goal)
        reason = ""
        if joints is None:
            reason = "out of reach"
        elif self._arm.joints_at(goal @ back, joints) is None:
            reason = f"out of reach {same.standoff_m * 1000:.0f} mm before the grasp"
        if not reason:
            return None
        self._failed.append((world_from_hand, reason))
        return reason
