"""The limits that a grasp must keep, and whether a hand pose keeps them: width, support, reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from perception import spot_arm
from perception.geometry import Pose
from perception.types import Grasp


@dataclass(frozen=True)
class GraspSettings:
    """Limits of a grasp; metres and radians.

    max_width_m: widest object between the jaws. standoff_m: how far back along the approach the hand must also reach.
    hand_half_width_m: half the gripper's breadth along hand y; jaw_z_m: how far the open jaws stretch along hand z;
    hand_x_m: the part of the hand along x that passes near the support. support_margin_m: free height to keep above it.
    candidates: pixels tried, `spacing_px` apart. min_quality: pixels below are not tried. edge: share of the object's
    width at either side of the mask that is left out, but no more than edge_px, so that a neck on a wide body is not.
    heading_agree_rad, heading_weight: see perception.grasping.grasp.
    level_rad: elevations below the first count as 0, above the second as they are. edge_on_discount: a pixel at the
    outline counts this share less than one in the middle, which decides between equals. flat_width_m, flat_worst: a
    box's faces up to the first width count in full, above the second by this share: wide open jaws meet flat sides at
    an angle (grasps amid the sides of 13 simulated training cartons held in 97 % below 75 mm, in 60 % above).
    """

    max_width_m: float = 0.11
    standoff_m: float = 0.12
    hand_half_width_m: float = 0.0485
    jaw_z_m: tuple[float, float] = (-0.05, 0.10)
    hand_x_m: tuple[float, float] = (-0.05, 0.04)
    support_margin_m: float = 0.008
    candidates: int = 24
    spacing_px: int = 12
    min_quality: float = 0.02
    edge: float = 0.12
    edge_px: float = 8.0
    heading_agree_rad: float = float(np.radians(35.0))
    heading_weight: float = 0.8
    level_rad: tuple[float, float] = (float(np.radians(12.0)), float(np.radians(24.0)))
    edge_on_discount: float = 0.1
    flat_width_m: tuple[float, float] = (0.070, 0.080)
    flat_worst: float = 0.6


def problem_of(grasp: Grasp, support_z_m: float, settings: GraspSettings) -> str | None:
    """Why the object or its support forbid the grasp, in a few words; None if they do not."""
    if grasp.width_m > settings.max_width_m:
        return f"wider than {settings.max_width_m * 1000:.0f} mm"
    if lowest_point_m(grasp.world_from_hand, settings) < support_z_m + settings.support_margin_m:
        return "too close to the support"
    return None


class Reach:
    """Whether the arm reaches hand poses. Poses within 30 mm and 0.2 rad of one out of reach count as out of reach too,
    since a search that finds nothing takes 50 times as long as one that does."""

    def __init__(self, world_from_body: Pose, standoff_m: float) -> None:
        self._body_from_world = world_from_body.inverse()
        self._standoff_m = standoff_m
        self._failed: list[tuple[Pose, str]] = []

    def problem(self, world_from_hand: Pose) -> str | None:
        """Why the arm cannot, in a few words; None if it reaches the pose and the one `standoff_m` before it."""
        for pose, reason in self._failed:
            if pose.distance_m(world_from_hand) < 0.03 and pose.angle_rad(world_from_hand) < 0.2:
                return reason
        goal = self._body_from_world @ world_from_hand
        back = Pose(np.eye(3), np.array([-self._standoff_m, 0.0, 0.0]))
        joints = spot_arm.inverse(goal)
        reason = ""
        if joints is None:
            reason = "out of reach"
        elif spot_arm.inverse(goal @ back, joints) is None:
            reason = f"out of reach {self._standoff_m * 1000:.0f} mm before the grasp"
        if not reason:
            return None
        self._failed.append((world_from_hand, reason))
        return reason


def lowest_point_m(world_from_hand: Pose, settings: GraspSettings) -> float:
    """World z of the open gripper's lowest corner, metres."""
    corners: Any = np.meshgrid(
        settings.hand_x_m, (-settings.hand_half_width_m, settings.hand_half_width_m), settings.jaw_z_m
    )
    points = world_from_hand.transform(np.stack([axis.ravel() for axis in corners], axis=1))
    return float(points[:, 2].min())
