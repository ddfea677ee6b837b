"""The numbers that leaves use and no port gives: of the robot and its sensors, not of the task."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from perception.grasping.settings import GraspSettings
from perception.surface.settings import SurfaceSettings


@dataclass(frozen=True)
class LookingSettings:
    """How the hand camera is held before an object, and how a view is judged.

    elevations_rad: heights that the camera looks down from, tried in this order. offsets_m: then added to the distance,
    one after the other. best_share, best_px: the quality of a view is the mean of its best pixels, this share of the
    object's but at least so many, so that no single pixel decides.
    """

    elevations_rad: tuple[float, ...] = tuple(math.radians(angle) for angle in (18.0, 12.0, 25.0, 5.0, 32.0))
    offsets_m: tuple[float, ...] = (0.0, -0.05, 0.05, 0.1, -0.1)
    best_share: float = 0.01
    best_px: int = 20


@dataclass(frozen=True)
class PlacingSettings:
    """How an object is held out and put down.

    turns_rad: how far to the side the hand may point, tried in this order. begun_m, rest_s, rest_m: a hand that has
    gone down by the first and then, in the second, by less than the third has met something.
    """

    turns_rad: tuple[float, ...] = (0.0, 0.3, -0.3, 0.6, -0.6, 0.9, -0.9)
    begun_m: float = 0.005
    rest_s: float = 0.3
    rest_m: float = 0.0015


@dataclass(frozen=True)
class Settings:
    """surface: what is read from depth and outline. grasp: how a grasp is chosen. looking, placing: see there.
    motion_timeout_s: the longest time for any one motion."""

    surface: SurfaceSettings = field(default_factory=SurfaceSettings)
    grasp: GraspSettings = field(default_factory=GraspSettings)
    looking: LookingSettings = field(default_factory=LookingSettings)
    placing: PlacingSettings = field(default_factory=PlacingSettings)
    motion_timeout_s: float = 40.0
