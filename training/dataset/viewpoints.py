"""Camera poses of views: as the robot sees an object, from all sides, and on the grid of arXiv 2508.17466."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, looking_along, unit
from perception.types import Intrinsics
from simulation.scene.build import SceneSample

SHAPE = SPOT.hand_camera.shape
_PAPER_FOCAL_PX = SHAPE[0] / 2 / np.tan(np.radians(15.0))
PAPER_CAMERA = Intrinsics(SHAPE[1], SHAPE[0], _PAPER_FOCAL_PX, _PAPER_FOCAL_PX, SHAPE[1] / 2, SHAPE[0] / 2)
"""A vertical field of view of 30 degrees."""
PAPER_COLUMNS, PAPER_ROWS = 100, 10


@dataclass(frozen=True)
class ViewPreset:
    """Ranges of the camera's place.

    distance_m: to the point that it looks at. elevation_rad: above the horizon. azimuth_rad: off the robot's direction.
    miss: how far the point may be from the object, as a share of the distance.
    """

    distance_m: tuple[float, float]
    elevation_rad: tuple[float, float]
    azimuth_rad: tuple[float, float]
    miss: float


PRESETS = {
    "near": ViewPreset((0.32, 0.85), (-0.05, 0.75), (-1.0, 1.0), 0.12),
    "far": ViewPreset((0.45, 3.0), (-0.05, 0.5), (-0.8, 0.8), 0.3),
    "hemisphere": ViewPreset((0.32, 0.85), (0.0, 1.3), (-np.pi, np.pi), 0.12),
}


def camera_pose(rng: np.random.Generator, preset: ViewPreset, sample: SceneSample) -> Pose:
    """world_from_camera (optical axes) looking near one of the scene's objects."""
    placed = ([sample.target] if sample.target else []) + list(sample.clutter)
    item = placed[0] if rng.random() < 0.7 else placed[int(rng.integers(len(placed)))]
    center = item.world_from_object.transform([0.0, 0.0, item.object.height_m * rng.uniform(0.2, 0.8)])
    robot = np.array([*sample.robot_xy_yaw[:2], center[2]])
    back = unit(robot - center)
    azimuth = np.arctan2(back[1], back[0]) + rng.uniform(*preset.azimuth_rad)
    elevation, distance = rng.uniform(*preset.elevation_rad), rng.uniform(*preset.distance_m)
    level = np.cos(elevation)
    eye = center + distance * np.array([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)])
    pose = looking_along(eye, center + rng.normal(0, preset.miss * distance / 2, 3) - eye)
    return pose @ Pose.from_rpy((0, 0, rng.normal(0, 0.06)))


def paper_pose(index: int, seed: int) -> Pose:
    """world_from_camera of view `index` of the paper's 1,000, near the object at the origin.

    x and z are on the grid, y is 0.5 m from the object. seed: of the point that the camera looks at.
    """
    column, row = index // PAPER_ROWS, index % PAPER_ROWS
    x = np.linspace(-0.5, 0.5, PAPER_COLUMNS)[column]
    z = np.linspace(0.16, 0.6, PAPER_ROWS)[row]
    rng = np.random.default_rng([seed, index, 11])
    target = np.array([*rng.uniform(-0.03, 0.03, 2), rng.uniform(0.0, 0.09)])
    eye = np.array([x, 0.5, z])
    return looking_along(eye, target - eye)
