"""The hand camera's pictures in Genesis. While the hand moves, colour is blurred and depth is a moment older."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.geometry import Pose, rotation_from_vector
from perception.types import Intrinsics
from simulation.genesis.settings import HandCameraSettings

Array = NDArray[np.float64]
Picture = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""Colour (H, W, 3), and clean depth (H, W) in metres, 0 where nothing is."""

FAR_M = 20.0


def earlier(pose: Pose, linear_mps: ArrayLike, angular_radps: ArrayLike, seconds: float) -> Pose:
    """Where a pose was before so many seconds. linear_mps, angular_radps: (3,) its velocity since then, world frame."""
    turned = rotation_from_vector(-np.asarray(angular_radps, np.float64) * seconds)
    return Pose(turned @ pose.rotation, pose.position_m - np.asarray(linear_mps, np.float64) * seconds)


def flow_px(camera: Intrinsics, before: Pose, now: Pose, depth_m: float) -> Array:
    """(2,) pixels by which what is depth_m ahead of a camera has moved in its picture.

    before, now: world_from_camera.
    """
    ahead = now.transform((0.0, 0.0, depth_m))
    x, y, z = before.inverse().transform(ahead)
    return np.asarray(np.array([-x * camera.fx, -y * camera.fy]) / max(z, 1e-3))


def blurred(rgb: NDArray[np.uint8], flow: ArrayLike) -> NDArray[np.uint8]:
    """A picture (H, W, 3) whose content moved by (2,) pixels, at an even speed, while it was exposed."""
    along = np.asarray(flow, np.float64)
    reach = int(np.ceil(np.abs(along).max() / 2)) + 1
    kernel = np.zeros((2 * reach + 1,) * 2, np.float32)
    steps = 1 + 4 * int(np.ceil(np.linalg.norm(along)))
    for share in np.linspace(-0.5, 0.5, steps):
        x, y = share * along + reach
        column, row = int(x), int(y)
        kernel[row : row + 2, column : column + 2] += np.outer([row + 1 - y, y - row], [column + 1 - x, x - column])
    return np.asarray(cv2.filter2D(rgb, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))


class HandCamera:
    """Draws what the hand camera sees. camera: a Genesis camera of a built scene. k: its intrinsics."""

    def __init__(self, camera: Any, k: Intrinsics, settings: HandCameraSettings) -> None:
        self._camera, self._k, self._settings = camera, k, settings

    def still(self, world_from_camera: Pose) -> Picture:
        """What it sees from a pose where it rests."""
        self._camera.set_pose(transform=world_from_camera.matrix() @ np.diag([1.0, -1.0, -1.0, 1.0]))
        rgb, depth, _, _ = self._camera.render(rgb=True, depth=True)
        clean = np.where(depth < 0.99 * FAR_M, depth, 0.0).astype(np.float32)
        return np.ascontiguousarray(rgb[..., :3], dtype=np.uint8), clean

    def moving(self, now: Pose, linear_mps: ArrayLike, angular_radps: ArrayLike) -> Picture:
        """What it sees from a pose that it moves through. linear_mps, angular_radps: (3,) its velocity, world frame."""
        colour, depth = self.still(now)
        away_m = float(np.median(depth[depth > 0])) if (depth > 0).any() else FAR_M
        times = self._settings.exposure_s, self._settings.depth_delay_s
        opened, before = (earlier(now, linear_mps, angular_radps, seconds) for seconds in times)
        if np.linalg.norm(flow := flow_px(self._k, opened, now, away_m)) > self._settings.least_px:
            colour = blurred(colour, flow)
        if np.linalg.norm(flow_px(self._k, before, now, away_m)) > self._settings.least_px:
            depth = self.still(before)[1]
        return colour, depth
