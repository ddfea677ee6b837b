"""Where the hand goes for a surface point: the one rule shared by grasp labels, training and the run."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from perception.geometry import Pose, Vector, unit
from perception.hand.gripper import GripperModel


def hand_rotation(normal: ArrayLike, object_axis: ArrayLike) -> Vector:
    """(3, 3) rotation world_from_hand whose x goes into the surface and whose y lies along the object's axis.

    normal, object_axis: (3,) directions in the same frame. The jaws then close across the axis, so an upright bottle
    is gripped with the hand rolled by 90 degrees. Where the two are within 8 degrees of parallel the axis says
    nothing. Then the frame's x or y direction takes its place, whichever is further from the normal.
    """
    x = -unit(normal)
    axis = unit(object_axis)
    if abs(float(x @ axis)) > np.cos(np.radians(8.0)):
        axis = np.eye(3)[int(np.argmin(np.abs(x[:2])))]
    y = unit(axis - (axis @ x) * x)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def hand_pose(
    point_m: ArrayLike,
    normal: ArrayLike,
    object_axis: ArrayLike,
    width_m: float,
    gripper: GripperModel,
    *,
    flat: bool = False,
) -> Pose:
    """world_from_hand for gripping at a surface point.

    point_m: (3,) metres. normal: (3,) outwards. object_axis: (3,), the direction the object extends in, z for an
    upright bottle. width_m: extent of the object between the jaws at that height. flat: whether it has flat faces
    there. The object's near surface comes to lie `gripper.depth_m` behind the hand origin, its side `clearance_m` off
    the jaw.
    """
    rotation = hand_rotation(normal, object_axis)
    aside = gripper.fixed_jaw_z_m + gripper.clearance_m + width_m / 2
    point_in_hand = np.array([-gripper.depth_m(width_m, flat=flat), 0.0, aside])
    return Pose(rotation, np.asarray(point_m, dtype=np.float64) - rotation @ point_in_hand)
