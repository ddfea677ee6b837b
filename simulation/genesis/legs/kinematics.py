"""Feet and leg joints of Spot, exactly: where the feet are in the body frame, and the angles that put them there."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulation.robot_files.spot_model import (
    HIP_ORIGINS_M,
    LEG_LIMITS_RAD,
    LOWER_LEG_M,
    UPPER_LEG_OFFSET_Y_M,
    UPPER_LEG_XZ_M,
)

Array = NDArray[np.float64]

HIPS_M: Final = np.array(HIP_ORIGINS_M)
OUT_M: Final = np.sign(HIPS_M[:, 1]) * UPPER_LEG_OFFSET_Y_M
"""(4,) from each hip to the plane of its leg, along y."""
UPPER_M: Final = float(np.hypot(*UPPER_LEG_XZ_M))
BEND_RAD: Final = float(np.arctan2(UPPER_LEG_XZ_M[0], -UPPER_LEG_XZ_M[1]))
"""The knee sits ahead of the upper leg's axis by this angle."""
LOWEST: Final = np.tile([LEG_LIMITS_RAD[joint][0] for joint in ("hx", "hy", "kn")], 4)
HIGHEST: Final = np.tile([LEG_LIMITS_RAD[joint][1] for joint in ("hx", "hy", "kn")], 4)
REACH_M: Final = 0.999 * (UPPER_M + LOWER_LEG_M)


def feet_of(legs: Array) -> Array:
    """(4, 3) centres of the feet in the body frame, metres. legs: (12,) hx, hy, kn of each leg, radians."""
    hx, hy, kn = np.asarray(legs).reshape(4, 3).T
    ahead = UPPER_M * np.sin(BEND_RAD - hy) - LOWER_LEG_M * np.sin(hy + kn)
    down = UPPER_M * np.cos(BEND_RAD - hy) + LOWER_LEG_M * np.cos(hy + kn)
    c, s = np.cos(hx), np.sin(hx)
    return np.asarray(HIPS_M + np.stack([ahead, c * OUT_M + s * down, s * OUT_M - c * down], axis=1))


def legs_at(feet: Array) -> Array:
    """(12,) leg joints that put the feet's centres (4, 3) there, body frame, knees bent backwards.

    A foot out of reach stretches its leg towards it; the angles stay within the joints' limits.
    """
    x, y, z = (np.asarray(feet) - HIPS_M).T
    down = np.sqrt(np.maximum(y**2 + z**2 - OUT_M**2, 1e-6))
    hx = np.arctan2(y, -z) - np.arctan2(OUT_M, down)
    reach = np.minimum(np.hypot(x, down), REACH_M)
    inner = (UPPER_M**2 + LOWER_LEG_M**2 - reach**2) / (2 * UPPER_M * LOWER_LEG_M)
    at_hip = (UPPER_M**2 + reach**2 - LOWER_LEG_M**2) / (2 * UPPER_M * reach)
    kn = np.arccos(np.clip(inner, -1, 1)) - np.pi - BEND_RAD
    hy = np.arccos(np.clip(at_hip, -1, 1)) - np.arctan2(x, down) + BEND_RAD
    return np.asarray(np.clip(np.stack([hx, hy, kn], axis=1).reshape(12), LOWEST, HIGHEST))
