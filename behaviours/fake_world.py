"""The fake's world: bottle-like cylinders on tables on a floor, seen by casting rays at them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose, Vector
from perception.types import Intrinsics

HAND_CAMERA = Intrinsics(640, 480, 552.0291, 552.0291, 320.0, 240.0)
BOTTLE_RGB, TABLE_RGB, FLOOR_RGB, WALL_RGB = (230, 110, 20), (120, 120, 130), (70, 75, 80), (150, 160, 170)
OTHER_TABLE_RGB = (100, 110, 140)
MAX_RANGE_M = 4.0
Picture = tuple[NDArray[np.uint8], NDArray[np.float32]]


@dataclass
class FakeWorld:
    """bottle_m: (3,) middle of the cylinder's foot. others_m: feet of further bottles, all alike. All metres, world
    frame. The table's top is square, and so are those of other_tables, each (x, y, z of the top, half its width)."""

    bottle_m: Vector = field(default_factory=lambda: np.array([2.0, 0.15, 0.55]))
    radius_m: float = 0.034
    height_m: float = 0.21
    table_m: tuple[float, float, float] = (2.08, 0.15, 0.55)
    table_half_m: float = 0.15
    bottle_hidden: bool = False
    others_m: list[Vector] = field(default_factory=list)
    other_tables: tuple[tuple[float, float, float, float], ...] = ((0.2, 1.8, 0.52, 0.35),)
    _seen: tuple[object, Picture] | None = field(default=None, init=False, repr=False)

    def feet(self) -> list[Vector]:
        """The foot of every bottle, (3,) each; the first one is `bottle_m`."""
        return [self.bottle_m, *self.others_m]

    def put(self, which: int, foot_m: Vector) -> None:
        """Move a bottle; which: its place in `feet`."""
        if which == 0:
            self.bottle_m = foot_m
        else:
            self.others_m[which - 1] = foot_m

    def support_z_m(self, foot_m: Vector) -> float:
        """Height of what is below a point: the highest table's top that is not above it, else the floor's 0."""
        x, y, z = foot_m
        tops = [top for tx, ty, top, half in self._tables() if max(abs(x - tx), abs(y - ty)) < half and top < z + 0.02]
        return max(tops, default=0.0)

    def settle(self, which: int) -> None:
        """Let a bottle fall straight down, upright, onto what is below it."""
        x, y, _ = foot = self.feet()[which]
        self.put(which, np.array([x, y, self.support_z_m(foot)]))

    def _tables(self) -> list[tuple[float, float, float, float]]:
        return [(*self.table_m, self.table_half_m), *self.other_tables]

    def render(self, world_from_camera: Pose) -> Picture:
        """(480, 640, 3) RGB and (480, 640) z-depth in metres, 0 beyond 4 m; from where it looked last, drawn once."""
        seen = (world_from_camera.matrix().tobytes(), self._described())
        if self._seen is None or self._seen[0] != seen:
            self._seen = seen, self._draw(world_from_camera)
        return self._seen[1]

    def _described(self) -> tuple[object, ...]:
        bottles = tuple(foot.tobytes() for foot in self.feet())
        return (bottles, self.radius_m, self.height_m, self.bottle_hidden, *self._tables())

    def _draw(self, world_from_camera: Pose) -> Picture:
        rays = _rays() @ world_from_camera.rotation.astype(np.float32).T
        eye = world_from_camera.position_m.astype(np.float32)
        depth = np.full(HAND_CAMERA.shape, np.inf, np.float32)
        rgb = np.empty((*HAND_CAMERA.shape, 3), np.uint8)
        rgb[:] = WALL_RGB
        with np.errstate(divide="ignore", invalid="ignore"):
            floor = -eye[2] / rays[..., 2]
            _paint(depth, rgb, floor, floor > 0, FLOOR_RGB)
            for number, (x, y, z, half) in enumerate(self._tables()):
                top = (z - eye[2]) / rays[..., 2]
                hit = eye[:2] + top[..., None] * rays[..., :2] - np.array((x, y), np.float32)
                on_top = (top > 0) & (np.maximum(abs(hit[..., 0]), abs(hit[..., 1])) < half)
                _paint(depth, rgb, top, on_top, OTHER_TABLE_RGB if number else TABLE_RGB)
            for foot in [] if self.bottle_hidden else self.feet():
                t, inside = self._bottle(foot, eye, rays)
                _paint(depth, rgb, t, inside, BOTTLE_RGB)
                lid = (np.float32(foot[2] + self.height_m) - eye[2]) / rays[..., 2]
                hit = eye[:2] + lid[..., None] * rays[..., :2] - foot[:2].astype(np.float32)
                on_lid = hit[..., 0] ** 2 + hit[..., 1] ** 2 < np.float32(self.radius_m**2)
                _paint(depth, rgb, lid, (lid > 0) & on_lid, BOTTLE_RGB)
        return rgb, np.where(depth < MAX_RANGE_M, depth, 0.0).astype(np.float32)

    def _bottle(
        self, foot_m: Vector, eye: NDArray[np.float32], rays: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Ray parameters of a cylinder's flank, and where they count."""
        offset = eye[:2] - foot_m[:2].astype(np.float32)
        a = np.einsum("hwi,hwi->hw", rays[..., :2], rays[..., :2])
        b = rays[..., :2] @ offset
        t = (-b - np.sqrt(b * b - a * (offset @ offset - np.float32(self.radius_m**2)))) / a
        z = eye[2] + t * rays[..., 2] - np.float32(foot_m[2])
        return t, (t > 0) & (z > 0) & (z < self.height_m)


_CACHE: dict[str, NDArray[np.float32]] = {}


def _rays() -> NDArray[np.float32]:
    """(480, 640, 3) directions with z = 1 in the optical frame, so that the ray parameter is the z-depth."""
    if not _CACHE:
        u, v = np.meshgrid(np.arange(HAND_CAMERA.width), np.arange(HAND_CAMERA.height))
        _CACHE["rays"] = HAND_CAMERA.back_project(u, v, 1.0).astype(np.float32)
    return _CACHE["rays"]


def _paint(
    depth: NDArray[np.float32],
    rgb: NDArray[np.uint8],
    t: NDArray[np.float32],
    where: NDArray[np.bool_],
    color: tuple[int, ...],
) -> None:
    nearer = where & (t < depth)
    depth[nearer] = t[nearer]
    rgb[nearer] = color
