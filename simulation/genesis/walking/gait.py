"""Leg angles of a trot: a standing foot stays at one place on the floor while the body moves.

The base is driven by its own joints. The legs follow without contact.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulation.genesis.settings import GaitSettings
from simulation.robot_files.spot_model import (
    FOOT_RADIUS_M,
    HIP_ORIGINS_M,
    LOWER_LEG_M,
    UPPER_LEG_OFFSET_Y_M,
    UPPER_LEG_XZ_M,
)

TROT_PHASE = (0.0, 0.5, 0.5, 0.0)
"""Phase of front left, front right, hind left, hind right: diagonal pairs move together."""


def leg_ik(foot_x_m: float, foot_y_m: float, foot_z_m: float) -> tuple[float, float, float]:
    """(hx, hy, kn) radians that put the foot's centre at an offset from the upper leg's joint, body axes, z < 0.

    Only the hip roll takes the lateral offset, exact to first order. If the foot is out of reach, the leg is stretched.
    """
    hx = float(np.arctan2(foot_y_m, -foot_z_m))
    down = float(np.hypot(foot_y_m, foot_z_m))
    upper = float(np.hypot(*UPPER_LEG_XZ_M))
    reach = min(float(np.hypot(foot_x_m, down)), (upper + LOWER_LEG_M) * 0.999)
    inner = (upper**2 + LOWER_LEG_M**2 - reach**2) / (2 * upper * LOWER_LEG_M)
    kn_geometric = -(np.pi - np.arccos(np.clip(inner, -1, 1)))
    at_hip = (upper**2 + reach**2 - LOWER_LEG_M**2) / (2 * upper * reach)
    hy_geometric = np.arctan2(-foot_x_m, down) + np.arccos(np.clip(at_hip, -1, 1))
    bend = np.arctan2(UPPER_LEG_XZ_M[0], -UPPER_LEG_XZ_M[1])  # the knee sits ahead of the upper leg's axis
    return hx, float(hy_geometric + bend), float(kn_geometric - bend)


@dataclass
class Trot:
    """Angles of the twelve leg joints over time. `phase` runs 0..1 over one step of a pair of legs and back."""

    body_height_m: float
    settings: GaitSettings = field(default_factory=GaitSettings)
    phase: float = field(default=0.0, init=False)

    def step(self, velocity_mps: tuple[float, float], yaw_rate_radps: float, dt_s: float) -> NDArray[np.float64]:
        """(12,) radians after dt_s: hx, hy, kn of each leg in the order of HIP_ORIGINS_M, for a body-frame velocity."""
        settings = self.settings
        self.phase = (self.phase + dt_s / settings.step_period_s) % 1.0
        angles = np.empty(12)
        for leg, (hip, offset) in enumerate(zip(HIP_ORIGINS_M, TROT_PHASE, strict=True)):
            hip_y = hip[1] + np.sign(hip[1]) * UPPER_LEG_OFFSET_Y_M
            foot_speed = np.array([velocity_mps[0] - yaw_rate_radps * hip_y, velocity_mps[1] + yaw_rate_radps * hip[0]])
            phase = (self.phase + offset) % 1.0
            stride = foot_speed * settings.step_period_s / 2
            lift = 0.0
            if phase < 0.5:  # stance: the foot stays behind as the body moves on
                along = 0.5 - 2 * phase
            else:  # swing: forward again, lifted
                swing = 2 * (phase - 0.5)
                along = -0.5 + swing
                busy = min(1.0, float(np.linalg.norm(foot_speed)) / settings.full_swing_speed_mps)
                lift = settings.swing_height_m * busy * np.sin(np.pi * swing)
            x, y = stride * along
            angles[3 * leg : 3 * leg + 3] = leg_ik(x, y, FOOT_RADIUS_M - self.body_height_m + lift)
        return angles
