"""Analytic pictures for tests: an upright cylinder on a box in front of a wall, ray-cast with numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import perception.view
from behaviours.robots.fake.world import HAND_CAMERA
from perception.geometry import Pose, unit
from perception.types import Detection, Intrinsics, RgbdFrame

FAR_M = 20.0


@dataclass(frozen=True)
class Cylinder:
    """World frame, metres: the axis passes through (x, y), from z = bottom to bottom + height."""

    x: float = 0.0
    y: float = 0.0
    bottom: float = 0.5
    radius: float = 0.033
    height: float = 0.22


@dataclass(frozen=True)
class View:
    """What the camera sees, and the truth about it. depth: clean z-depth. normals: camera frame."""

    rgb: NDArray[np.uint8]
    depth: NDArray[np.float32]
    mask: NDArray[np.bool_]
    normals: NDArray[np.float32]
    intrinsics: Intrinsics
    world_from_camera: Pose

    def frame(self, depth: NDArray[np.float32] | None = None) -> RgbdFrame:
        used = self.depth if depth is None else depth
        return RgbdFrame(self.rgb, used, self.intrinsics, self.world_from_camera, 0.0)

    def detection(self) -> Detection:
        v, u = np.nonzero(self.mask)
        box = (float(u.min()), float(v.min()), float(u.max() + 1), float(v.max() + 1))
        return Detection("bottle", 0.9, self.mask, box)

    def seen(self, depth: NDArray[np.float32] | None = None) -> perception.view.View:
        """As perception sees it; depth: another than the clean one."""
        return perception.view.View(self.frame(depth), self.detection())


def camera_at(position: tuple[float, float, float], target: tuple[float, float, float]) -> Pose:
    """world_from_camera (optical frame) looking from `position` at `target`, picture upright."""
    forward = unit(np.subtract(target, position))
    right = unit(np.cross(forward, [0.0, 0.0, 1.0]))
    return Pose(np.stack([right, np.cross(forward, right), forward], axis=1), np.asarray(position))


def render(
    cylinder: Cylinder,
    world_from_camera: Pose,
    intrinsics: Intrinsics = HAND_CAMERA,
    wall_m: float = 1.5,
    support_half_m: float = 0.15,
) -> View:
    """The wall is the plane x = wall_m; the support's top is the square around the cylinder at its bottom."""
    v, u = np.mgrid[0 : intrinsics.height, 0 : intrinsics.width].astype(float)
    rays = intrinsics.back_project(u, v, np.ones(intrinsics.shape)) @ world_from_camera.rotation.T
    origin = world_from_camera.position_m
    depth = np.full(intrinsics.shape, FAR_M)
    normals = np.zeros((*intrinsics.shape, 3))
    mask = np.zeros(intrinsics.shape, bool)

    def put(hit: NDArray[np.bool_], t: NDArray[np.float64], normal: NDArray[np.float64], is_object: bool) -> None:
        nearer = hit & (t > 0) & (t < depth)
        depth[nearer] = t[nearer]
        normals[nearer] = np.broadcast_to(normal, normals.shape)[nearer]
        mask[nearer] = is_object

    top = cylinder.bottom + cylinder.height
    with np.errstate(divide="ignore", invalid="ignore"):
        put(np.isfinite(rays[..., 0]), (wall_m - origin[0]) / rays[..., 0], np.array([-1.0, 0.0, 0.0]), False)
        up = np.array([0.0, 0.0, 1.0])
        for height, half, is_object in ((cylinder.bottom, support_half_m, False), (top, cylinder.radius, True)):
            t = (height - origin[2]) / rays[..., 2]
            x, y = origin[0] + t * rays[..., 0] - cylinder.x, origin[1] + t * rays[..., 1] - cylinder.y
            inside = np.hypot(x, y) < half if is_object else np.maximum(np.abs(x), np.abs(y)) < half
            put(inside, t, up, is_object)
        offset = origin[:2] - (cylinder.x, cylinder.y)
        a = (rays[..., :2] ** 2).sum(-1)
        b = rays[..., :2] @ offset
        root = b * b - a * (offset @ offset - cylinder.radius**2)
        t = (-b - np.sqrt(np.maximum(root, 0.0))) / a
        z = origin[2] + t * rays[..., 2]
        across = (offset + t[..., None] * rays[..., :2]) / cylinder.radius
        put((root > 0) & (z >= cylinder.bottom) & (z <= top), t, np.dstack([across, np.zeros_like(t)]), True)
    rgb = np.full((*intrinsics.shape, 3), 120, np.uint8)
    rgb[mask] = (40, 90, 200)
    camera_normals = (normals @ world_from_camera.rotation).astype(np.float32)
    return View(rgb, depth.astype(np.float32), mask, camera_normals, intrinsics, world_from_camera)
