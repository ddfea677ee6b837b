"""What the toy robot sees: one upright orange block on a table on a floor, drawn by casting rays at boxes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from behaviours import Intrinsics, Pose, Vector

CAMERA = Intrinsics(640, 480, 550.0, 550.0, 320.0, 240.0)
BLOCK_RGB, TABLE_RGB, FLOOR_RGB = (240, 120, 0), (120, 120, 130), (70, 75, 80)
BLOCK_HALF_M = np.array([0.03, 0.03, 0.1])
TABLE_MIDDLE_M, TABLE_HALF_M = np.array([1.9, 0.0, 0.25]), np.array([0.2, 0.3, 0.25])
FARTHEST_M = 4.0


@dataclass
class World:
    """block_m: (3,) middle of the block, world frame, metres."""

    block_m: Vector = field(default_factory=lambda: np.array([1.8, 0.0, 0.6]))

    def draw(self, world_from_camera: Pose) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """(480, 640, 3) RGB and (480, 640) depth in metres along the optical axis, 0 beyond 4 m."""
        v, u = np.mgrid[: CAMERA.height, : CAMERA.width]
        rays = CAMERA.back_project(u, v, 1.0) @ world_from_camera.rotation.T
        eye = world_from_camera.position_m
        floor_half = np.array([50.0, 50.0, 0.5])
        rgb, depth = np.zeros((*CAMERA.shape, 3), np.uint8), np.full(CAMERA.shape, np.inf)
        for middle, half, colour in (
            (np.array([0.0, 0.0, -0.5]), floor_half, FLOOR_RGB),
            (TABLE_MIDDLE_M, TABLE_HALF_M, TABLE_RGB),
            (self.block_m, BLOCK_HALF_M, BLOCK_RGB),
        ):
            with np.errstate(divide="ignore", invalid="ignore"):
                sides = np.stack([(middle - half - eye) / rays, (middle + half - eye) / rays])
            enters, leaves = sides.min(axis=0).max(axis=-1), sides.max(axis=0).min(axis=-1)
            nearer = (enters > 0) & (enters < leaves) & (enters < depth)
            depth[nearer], rgb[nearer] = enters[nearer], colour
        return rgb, np.where(depth < FARTHEST_M, depth, 0.0).astype(np.float32)
