"""The fake's world with light and shade: a bottle with a neck that a detector trained on photographs finds.

It is what `spot-grasp simulate --robot fake` shows. Everything else about the fake world stays as it is.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector, unit
from perception.types import Intrinsics

Box = tuple[float, float, float, float]
"""x, y and z of the middle of a table's top, and half its width, metres."""
PROFILE = (
    (0.0, 0.9),
    (0.02, 1.0),
    (0.55, 1.0),
    (0.74, 0.4),
    (0.88, 0.38),
    (0.881, 0.47),
    (1.0, 0.47),
)
"""Height and radius of the bottle's outline, as shares of its own."""
LABEL, CAP = (0.19, 0.48), 0.88
"""Shares of the height: the label's, and where the cap begins."""
GLASS_RGB, LABEL_RGB, CAP_RGB = (60, 120, 70), (230, 225, 210), (190, 30, 30)
TABLE_RGB, FLOOR_RGB, WALL_RGB = (160, 120, 80), (128, 119, 106), (200, 200, 195)
LIGHT = unit((-0.5, 0.4, 0.76))
AMBIENT, SHINE, SHARPNESS = 0.35, 150.0, 40


class Canvas:
    """A picture in the making. rays: (H, W, 3) world directions whose parameter is the z-depth."""

    def __init__(self, camera: Intrinsics, world_from_camera: Pose) -> None:
        self.camera, self.pose = camera, world_from_camera
        u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
        rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], axis=-1)
        self.rays = (rays @ world_from_camera.rotation.T).astype(np.float32)
        self.eye = world_from_camera.position_m.astype(np.float32)
        self.depth = np.full(camera.shape, np.inf, np.float32)
        self.rgb = np.empty((*camera.shape, 3), np.float32)
        self.rgb[:] = WALL_RGB

    def paint(self, t: NDArray[Any], where: NDArray[np.bool_], color: Any, part: tuple[slice, slice]) -> None:
        """Where it is hit, and nearer than what is there. color: (3,) or one for each pixel of the part."""
        depth, rgb = self.depth[part], self.rgb[part]
        nearer = where & (t > 0) & (t < depth)
        depth[nearer] = t[nearer]
        rgb[nearer] = np.broadcast_to(np.asarray(color, np.float32), rgb.shape)[nearer]

    def around(self, foot_m: Vector, radius_m: float, height_m: float) -> tuple[slice, slice] | None:
        """The part of the picture in which a standing cylinder may be seen; all of it when it is beside the camera."""
        corners = [(x, y, z) for x in (-radius_m, radius_m) for y in (-radius_m, radius_m) for z in (0.0, height_m)]
        seen = self.pose.inverse().transform(foot_m + np.array(corners))
        if seen[:, 2].max() < 0.01:
            return None
        if seen[:, 2].min() < 0.05:
            return slice(None), slice(None)
        low, high = (edge(self.camera.project(seen), axis=0) for edge in (np.min, np.max))
        (left, top), (right, bottom) = np.floor(low).astype(int), np.ceil(high).astype(int) + 1
        return slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))


def shaded(
    camera: Intrinsics, pose: Pose, tables: list[Box], feet: list[Vector], radius_m: float, height_m: float
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(H, W, 3) RGB and (H, W) z-depth in metres, infinite beyond everything, as seen from world_from_camera."""
    canvas = Canvas(camera, pose)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = (slice(None), slice(None))
        floor = -canvas.eye[2] / canvas.rays[..., 2]
        canvas.paint(floor, floor > 0, FLOOR_RGB, whole)
        for table in tables:
            _table(canvas, table)
        for foot in feet:
            part = canvas.around(foot, radius_m, height_m)
            if part is not None:
                _bottle(canvas, part, foot, radius_m, height_m)
    smooth = cv2.GaussianBlur(np.clip(canvas.rgb, 0, 255).astype(np.uint8), (3, 3), 0.6)
    return np.asarray(smooth, np.uint8), canvas.depth


def _table(canvas: Canvas, table: Box) -> None:
    """A box from the floor up."""
    *middle, top, half = table
    whole, (eye, rays) = (slice(None), slice(None)), (canvas.eye, canvas.rays)
    t = (top - eye[2]) / rays[..., 2]
    off = [np.abs(eye[axis] + t * rays[..., axis] - middle[axis]) for axis in (0, 1)]
    canvas.paint(t, np.maximum(*off) < half, TABLE_RGB, whole)
    for axis, shade in ((0, 0.6), (1, 0.45)):
        for side in (-half, half):
            t = (middle[axis] + side - eye[axis]) / rays[..., axis]
            height = eye[2] + t * rays[..., 2]
            off_other = np.abs(eye[1 - axis] + t * rays[..., 1 - axis] - middle[1 - axis])
            canvas.paint(t, (off_other < half) & (height > 0) & (height < top), shade * np.array(TABLE_RGB), whole)


def _bottle(canvas: Canvas, part: tuple[slice, slice], foot: Vector, radius_m: float, height_m: float) -> None:
    """A stack of cones around an upright axis; each is hit where its radius and the ray's distance agree."""
    x, y, z = np.moveaxis(canvas.rays[part], -1, 0)
    off_x, off_y, off_z = canvas.eye - foot.astype(np.float32)
    view = -unit_vectors(canvas.rays[part])
    outline = [(height * height_m, radius * radius_m) for height, radius in PROFILE]
    for (low, wide), (high, narrow) in pairwise(outline):
        slope = (narrow - wide) / (high - low)
        at_eye = wide + slope * (off_z - low)
        a = x * x + y * y - slope**2 * z * z
        b = x * off_x + y * off_y - slope * z * at_eye
        t = (-b - np.sqrt(b * b - a * (off_x**2 + off_y**2 - at_eye**2))) / a
        height = off_z + t * z
        normal = unit_vectors(np.stack([*_level(off_x + t * x, off_y + t * y), np.full(t.shape, -slope)], axis=-1))
        share = height[..., None] / height_m
        color = np.where((share > LABEL[0]) & (share < LABEL[1]), LABEL_RGB, GLASS_RGB)
        color = np.where(share > CAP, CAP_RGB, color)
        shine = np.clip((normal * unit_vectors(view + LIGHT)).sum(axis=-1), 0, 1) ** SHARPNESS
        bright = AMBIENT + (1 - AMBIENT) * np.clip(normal @ LIGHT, 0, 1)
        lit = color * bright[..., None] + SHINE * shine[..., None]
        canvas.paint(t, (height >= low) & (height <= high), lit, part)
    lid = (height_m - off_z) / z
    on_lid = np.hypot(off_x + lid * x, off_y + lid * y) < outline[-1][1]
    canvas.paint(lid, on_lid, CAP_RGB, part)


def _level(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    length = np.hypot(x, y)
    return x / length, y / length


def unit_vectors(vectors: NDArray[Any]) -> NDArray[Any]:
    """(..., 3) vectors scaled to length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
