"""Whether a grasp can be done: the jaws' width and the support. `reach.Reach` asks the arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from perception.geometry import Pose
from perception.hand.gripper import GripperModel
from perception.types import Grasp


def problem_of(grasp: Grasp, support_z_m: float, gripper: GripperModel, margin_m: float) -> str | None:
    """Why the object or its support forbid a grasp, in a few words; None if they do not.

    support_z_m: height of what the object stands on, world frame. margin_m: free height to keep above it.
    """
    if grasp.width_m > gripper.max_width_m:
        return f"wider than {gripper.max_width_m * 1000:.0f} mm"
    if lowest_point_m(grasp.world_from_hand, gripper) < support_z_m + margin_m:
        return "too close to the support"
    return None


def lowest_point_m(world_from_hand: Pose, gripper: GripperModel) -> float:
    """World z of the open gripper's lowest corner, metres."""
    breadth = -gripper.half_breadth_m, gripper.half_breadth_m
    corners: Any = np.meshgrid(gripper.low_x_m, breadth, gripper.open_z_m)
    points = world_from_hand.transform(np.stack([axis.ravel() for axis in corners], axis=1))
    return float(points[:, 2].min())
