"""Time laws of motions: distance along a path at a time, within speed and acceleration limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NO_DISTANCE = 1e-9
"""Metres or radians; shorter motions take no time."""
MIN_JERK_PEAK = 1.875
"""Peak speed of a minimum-jerk motion over its mean speed (Flash and Hogan 1985)."""


@dataclass(frozen=True)
class Trapezoid:
    """Accelerate, cruise, brake over `distance` >= 0 (metres or radians) within max_speed and max_accel.

    If the distance is too short to reach the speed, the law is a triangle. ValueError for impossible values.
    """

    distance: float
    max_speed: float
    max_accel: float

    def __post_init__(self) -> None:
        if not (self.distance >= 0 and self.max_speed > 0 and self.max_accel > 0):
            raise ValueError(f"not a motion: {self}")

    @property
    def peak_speed(self) -> float:
        return min(self.max_speed, float(np.sqrt(self.distance * self.max_accel)))

    @property
    def duration_s(self) -> float:
        if self.distance < NO_DISTANCE:
            return 0.0
        return self.distance / self.peak_speed + self.peak_speed / self.max_accel

    def at(self, time_s: float) -> tuple[float, float]:
        """(distance covered, speed) at a time in seconds, clamped to the ends."""
        if time_s <= 0:
            return 0.0, 0.0
        if self.distance < NO_DISTANCE:
            return self.distance, 0.0
        total, peak = self.duration_s, self.peak_speed
        if time_s >= total:
            return self.distance, 0.0
        ramp = peak / self.max_accel
        if time_s < ramp:
            return 0.5 * self.max_accel * time_s**2, self.max_accel * time_s
        if time_s > total - ramp:
            left = total - time_s
            return self.distance - 0.5 * self.max_accel * left**2, self.max_accel * left
        return 0.5 * peak * ramp + peak * (time_s - ramp), peak


def min_jerk(phase: float) -> tuple[float, float]:
    """(fraction covered, its rate per unit phase) at phase 0..1: 10 p^3 - 15 p^4 + 6 p^5."""
    p = min(max(phase, 0.0), 1.0)
    return p**3 * (10 - 15 * p + 6 * p * p), 30 * p * p * (1 - p) ** 2
