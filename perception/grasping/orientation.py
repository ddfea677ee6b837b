"""From a surface normal to the hand's orientation as Euler angles, and back.

The hand's x axis goes against the outward normal. Angles are radians about the fixed x, y, z axes in this order, as in
`Pose.from_rpy`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from perception.geometry import Pose, Vector, unit


def normal_to_euler(normal: ArrayLike) -> Vector:
    """(3,) roll, pitch, yaw of a hand that approaches against the normal, its roll 0.

    pitch is the normal's elevation: positive when the surface looks up and the hand comes in from above. Along the
    vertical, where yaw is free, it is 0. ValueError for a vector without direction.
    """
    x, y, z = unit(normal)
    yaw = 0.0 if np.hypot(x, y) < 1e-9 else float(np.arctan2(-y, -x))
    return np.array([0.0, np.arcsin(np.clip(z, -1.0, 1.0)), yaw])


def euler_to_normal(rpy_rad: ArrayLike) -> Vector:
    """(3,) outward normal that a hand with these angles approaches: the inverse of `normal_to_euler`."""
    return np.asarray(-Pose.from_rpy(rpy_rad).rotation[:, 0])
