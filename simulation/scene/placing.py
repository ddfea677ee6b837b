"""How objects stand, lie, and share a bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.geometry import Pose
from simulation.scene.objects import GraspObject
from simulation.scene.textures import Image

DROP_M: Final = 0.001
RIM_HALF_M: Final = 0.006
"""Half the thickness of a bin's rim."""
TRIES: Final = 200
"""Places drawn for one object of a bin, before it is left out."""


@dataclass(frozen=True)
class Box:
    """A fixed box on the floor. center_m: (3,). half_m: (3,). yaw_rad. texture: (h, w, 3) uint8."""

    center_m: tuple[float, float, float]
    half_m: tuple[float, float, float]
    yaw_rad: float
    texture: Image

    def inside(self, xy_m: ArrayLike) -> NDArray[np.float64]:
        """Points (..., 2) of the floor plan in the box's own axes, metres from its middle."""
        c, s = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        offset = np.asarray(xy_m, np.float64) - self.center_m[:2]
        return np.asarray(offset @ np.array([[c, -s], [s, c]]))

    def place(self, xy_m: ArrayLike) -> NDArray[np.float64]:
        """(2,) point of the floor plan at a place in the box's own axes."""
        c, s = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        return np.asarray(np.array([[c, -s], [s, c]]) @ np.asarray(xy_m, np.float64) + self.center_m[:2])


@dataclass(frozen=True)
class Placed:
    """An object and its pose at the start."""

    object: GraspObject
    world_from_object: Pose

    def outline_m(self) -> NDArray[np.float64]:
        """(N, 2) its points on the floor plan."""
        return np.asarray(self.world_from_object.transform(self.object.vertices)[:, :2])


def stand(item: GraspObject, xy: ArrayLike, z: float, yaw: float) -> Placed:
    """The object upright over a place (2,), just above the height z."""
    x, y = np.asarray(xy, np.float64)
    return Placed(item, Pose.from_rpy((0.0, 0.0, yaw), (x, y, z + DROP_M)))


def lie(item: GraspObject, xy: ArrayLike, z: float, yaw: float) -> Placed:
    """The object as it most likely comes to rest, its middle over a place (2,), just above the height z."""
    from simulation.scene.resting import resting_poses

    ((resting, _),) = resting_poses(item.vertices, 1, item.seed)
    turned = Pose.from_rpy((0.0, 0.0, yaw), (0.0, 0.0, 0.0)) @ resting
    points = turned.transform(item.vertices)
    middle = 0.5 * (points[:, :2].min(axis=0) + points[:, :2].max(axis=0))
    shift = np.array([*(np.asarray(xy, np.float64) - middle), z + DROP_M])
    return Placed(item, Pose(turned.rotation, turned.position_m + shift))


def rim(box: Box, height_m: float) -> tuple[Box, ...]:
    """The four walls round the top of a box, each a box."""
    hx, hy, hz = box.half_m
    z = box.center_m[2] + hz + height_m / 2
    walls = []
    for along, sign in ((0, -1.0), (0, 1.0), (1, -1.0), (1, 1.0)):
        offset = np.zeros(2)
        offset[along] = sign * ((hx, hy)[along] - RIM_HALF_M)
        half = (RIM_HALF_M, hy) if along == 0 else (hx, RIM_HALF_M)
        x, y = box.place(offset)
        walls.append(Box((float(x), float(y), z), (*half, height_m / 2), box.yaw_rad, box.texture))
    return tuple(walls)


def fill(box: Box, objects: Sequence[Placed], gap_m: float, rng: np.random.Generator) -> list[Placed]:
    """The objects as they lie or stand, turned and moved to random places on top of a box, `gap_m` apart and from its
    edge. What finds no place in TRIES is left out.
    """
    found: list[Placed] = []
    for one in objects:
        middle = one.outline_m().min(axis=0) / 2 + one.outline_m().max(axis=0) / 2
        for _ in range(TRIES):
            xy, yaw = box.place(rng.uniform(-1.0, 1.0, 2) * box.half_m[:2]), float(rng.uniform(-np.pi, np.pi))
            turned = Pose.from_rpy((0.0, 0.0, yaw), (*xy, 0.0)) @ Pose(np.eye(3), np.array([*-middle, 0.0]))
            placed = Placed(one.object, turned @ one.world_from_object)
            within = np.abs(box.inside(placed.outline_m())).max(axis=0) < np.asarray(box.half_m[:2]) - gap_m
            if within.all() and all(_apart_m(placed, other) > gap_m for other in found):
                found.append(placed)
                break
    return found


def _apart_m(one: Placed, other: Placed) -> float:
    """Metres between two objects on the floor plan, 0 where their hulls overlap."""
    import trimesh

    apart = -np.inf
    hulls = [trimesh.convex.hull_points(placed.outline_m()) for placed in (one, other)]
    for hull in hulls:
        middle = hull.mean(axis=0)
        order = hull[np.argsort(np.arctan2(*(hull - middle).T[::-1]))]
        edges = np.roll(order, -1, axis=0) - order
        normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        mine, theirs = (points @ normals.T for points in hulls)
        away = np.maximum(theirs.min(axis=0) - mine.max(axis=0), mine.min(axis=0) - theirs.max(axis=0))
        apart = max(apart, float(away.max()))
    return max(apart, 0.0)
