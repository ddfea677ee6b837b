"""Pictures of a scene without a simulator: textured triangles with light but without shadows, in some milliseconds.

A scene camera of the simulator needs seconds to build a scene. Labels of many objects need many scenes, which nothing
moves in.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from perception.types import Intrinsics
from simulation.genesis.scene_camera import FAR_M, NEAR_M, Picture
from simulation.scene.build import SceneSample
from simulation.scene.placing import Box

Array = NDArray[np.float64]
FLOOR_M: Final = 6.0
"""Half the side of the floor."""
FLOOR_REPEATS: Final = 6.0
BRIGHT: Final = 0.25
"""Of a light of intensity 1, on a surface that faces it."""
jit = numba.njit(cache=True, fastmath=True, error_model="numpy", nogil=True)


def photograph_scene(sample: SceneSample, camera: Intrinsics, world_from_camera: Pose) -> Picture:
    """The picture of a scene from a world_from_camera pose (optical axes). Objects count as in the scene, the target
    first."""
    placed = ([sample.target] if sample.target else []) + list(sample.clutter)
    shapes = [_floor(sample), *(_box(box) for box in (*sample.supports, *sample.walls))]
    first_object = len(shapes)
    for item in placed:
        vertices = item.world_from_object.transform(item.object.vertices)
        shapes.append((vertices[item.object.faces], item.object.uv[item.object.faces], item.object.texture))
    corners = np.concatenate([shape[0] for shape in shapes])
    owner = np.repeat(np.arange(len(shapes)), [len(shape[0]) for shape in shapes])
    in_camera = world_from_camera.inverse().transform(corners)
    depth, triangle, share = rasterize(
        in_camera, camera.height, camera.width, camera.fx, camera.fy, camera.cx, camera.cy, NEAR_M, FAR_M
    )
    seen = triangle >= 0
    which, weight = triangle[seen], share[seen]
    of = owner[which]
    rgb = np.tile(np.asarray(sample.background, np.float32), (*depth.shape, 1))
    color = np.empty((len(which), 3), np.float32)
    for number, (_, uv, texture) in enumerate(shapes):
        mine = of == number
        local = uv[which[mine] - int(np.searchsorted(owner, number))]
        color[mine] = _lookup(texture, np.einsum("nk,nkc->nc", weight[mine], local))
    rgb[seen] = color * _light(sample, corners, world_from_camera)[which][:, None]
    instances = np.zeros(depth.shape, np.uint8)
    instances[seen] = np.maximum(of - first_object + 1, 0)
    return Picture(np.clip(rgb * 255.0, 0, 255).astype(np.uint8), depth, instances)


def _light(sample: SceneSample, corners: Array, world_from_camera: Pose) -> NDArray[np.float32]:
    """(T,) brightness of triangles with corners (T, 3, 3); a surface is lit on the side that is seen."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    away = np.einsum("td,td->t", normal, corners[:, 0] - world_from_camera.position_m) > 0
    normal[away] *= -1
    bright = np.full(len(corners), sample.ambient)
    for direction, intensity in sample.lights:
        towards = -np.asarray(direction) / np.linalg.norm(direction)
        bright += BRIGHT * intensity * np.maximum(normal @ towards, 0.0)
    return bright.astype(np.float32)


def _lookup(texture: NDArray[np.uint8], uv: Array) -> NDArray[np.float32]:
    height, width = texture.shape[:2]
    column: Any = np.mod(np.floor(uv[:, 0] * width), width).astype(np.intp)
    row: Any = np.mod(np.floor((1.0 - uv[:, 1]) * height), height).astype(np.intp)
    return np.asarray(texture[row, column], np.float32) / np.float32(255.0)


def _floor(sample: SceneSample) -> tuple[Array, Array, NDArray[np.uint8]]:
    square = np.array([[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return FLOOR_M * square[faces], FLOOR_REPEATS * square[faces][..., :2], sample.floor


def _box(box: Box) -> tuple[Array, Array, NDArray[np.uint8]]:
    """(corners (12, 3, 3), uv (12, 3, 2), texture) of a box."""
    place = Pose.from_rpy((0.0, 0.0, box.yaw_rad), box.center_m)
    corners, uv = [], []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            u, v, normal = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3], sign * np.eye(3)[axis]
            face = np.array([normal - u - v, normal + u - v, normal + u + v, normal - u + v]) * box.half_m
            for a, b, c in ((0, 1, 2), (0, 2, 3)):
                corners.append(place.transform(face[[a, b, c]]))
                uv.append(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])[[a, b, c]])
    return np.array(corners), np.array(uv), box.texture


@jit
def rasterize(
    corners: Any, height: int, width: int, fx: float, fy: float, cx: float, cy: float, near: float, far: float
) -> Any:
    """(depth (H, W), triangle (H, W), -1 for none, shares (H, W, 3) of its corners) of triangles (T, 3, 3) in the
    camera's frame. The nearest wins; a pixel shows what is behind its middle."""
    inverse = np.full((height, width), 1.0 / far)
    triangle = np.full((height, width), -1, np.int32)
    share = np.zeros((height, width, 3), np.float32)
    point, weight = np.empty((4, 3)), np.empty((4, 3))
    for t in range(corners.shape[0]):
        count = 0
        for i in range(3):  # clip at the near plane
            j = (i + 1) % 3
            a, b = corners[t, i], corners[t, j]
            if a[2] >= near:
                point[count] = a
                weight[count] = 0.0
                weight[count, i] = 1.0
                count += 1
            if (a[2] >= near) != (b[2] >= near):
                s = (near - a[2]) / (b[2] - a[2])
                for d in range(3):
                    point[count, d] = a[d] + s * (b[d] - a[d])
                weight[count] = 0.0
                weight[count, i] = 1.0 - s
                weight[count, j] = s
                count += 1
        for k in range(1, count - 1):
            x = (point[0, 0] / point[0, 2], point[k, 0] / point[k, 2], point[k + 1, 0] / point[k + 1, 2])
            y = (point[0, 1] / point[0, 2], point[k, 1] / point[k, 2], point[k + 1, 1] / point[k + 1, 2])
            w = (1.0 / point[0, 2], 1.0 / point[k, 2], 1.0 / point[k + 1, 2])
            u0, u1, u2 = x[0] * fx + cx - 0.5, x[1] * fx + cx - 0.5, x[2] * fx + cx - 0.5
            v0, v1, v2 = y[0] * fy + cy - 0.5, y[1] * fy + cy - 0.5, y[2] * fy + cy - 0.5
            area = (u1 - u0) * (v2 - v0) - (u2 - u0) * (v1 - v0)
            if abs(area) < 1e-12:
                continue
            low_v = max(0, int(np.ceil(max(min(v0, v1, v2), -1.0))))
            high_v = min(height - 1, int(np.floor(min(max(v0, v1, v2), height))))
            low_u = max(0, int(np.ceil(max(min(u0, u1, u2), -1.0))))
            high_u = min(width - 1, int(np.floor(min(max(u0, u1, u2), width))))
            for v in range(low_v, high_v + 1):
                for u in range(low_u, high_u + 1):
                    b1 = ((u - u0) * (v2 - v0) - (u2 - u0) * (v - v0)) / area
                    b2 = ((u1 - u0) * (v - v0) - (u - u0) * (v1 - v0)) / area
                    b0 = 1.0 - b1 - b2
                    if b0 < 0.0 or b1 < 0.0 or b2 < 0.0:
                        continue
                    z = b0 * w[0] + b1 * w[1] + b2 * w[2]
                    if z <= inverse[v, u]:
                        continue
                    inverse[v, u] = z
                    triangle[v, u] = t
                    b0, b1, b2 = b0 * w[0] / z, b1 * w[1] / z, b2 * w[2] / z
                    for d in range(3):
                        share[v, u, d] = b0 * weight[0, d] + b1 * weight[k, d] + b2 * weight[k + 1, d]
    return (1.0 / inverse).astype(np.float32), triangle, share
