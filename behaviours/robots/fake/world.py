"""The fake's world: bottle-like cylinders on tables on a floor, seen by casting rays at them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.fake.shading import shaded
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, Vector

HAND_CAMERA = SPOT.hand_camera
BOTTLE_RGB, TABLE_RGB, FLOOR_RGB, WALL_RGB = (230, 110, 20), (120, 120, 130), (70, 75, 80), (150, 160, 170)
OTHER_TABLE_RGB = (100, 110, 140)
LABEL_RGB = {"bottle": BOTTLE_RGB, "can": (20, 150, 60), "mug": (40, 60, 220), "other": (200, 40, 160)}
"""The colour of an object by its label; the fake detector knows all but the last."""
LABELS = tuple(LABEL_RGB)
MAX_RANGE_M = 4.0
PICTURES = 16
"""So many are kept, 2 MB each."""
_UPRIGHT = np.eye(3)
Picture = tuple[NDArray[np.uint8], NDArray[np.float32]]
Axes = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class FakeShape:
    """A cylinder. label: of LABELS. height_m: its length. lying_rad: heading of its axis when it lies; None stands."""

    label: str = "bottle"
    radius_m: float = 0.034
    height_m: float = 0.21
    lying_rad: float | None = None

    @property
    def rises_m(self) -> float:
        """How far its top is above its foot."""
        return self.height_m if self.lying_rad is None else 2 * self.radius_m

    def seen_along(self, x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
        """(across, across, along its axis) of directions or offsets in the world."""
        if self.lying_rad is None:
            return x, y, z
        c, s = np.float32(np.cos(self.lying_rad)), np.float32(np.sin(self.lying_rad))
        return c * y - s * x, z, c * x + s * y

    def end_m(self, foot_m: Vector) -> Vector:
        """(3,) the middle of its lower or rear end, for a foot (3,) below its middle."""
        if self.lying_rad is None:
            return foot_m
        half = self.height_m / 2
        shift = np.array([-half * np.cos(self.lying_rad), -half * np.sin(self.lying_rad), self.radius_m])
        return np.asarray(foot_m + shift)

    def axis_near(self, foot_m: Vector, point_m: Vector) -> Vector | None:
        """(3,) the point of its axis beside a point; None if the point is beyond its ends."""
        end = self.end_m(foot_m)
        along = float(self.seen_along(*(point_m - end))[2])
        if not 0.0 < along < self.height_m:
            return None
        if self.lying_rad is None:
            return np.array([*end[:2], point_m[2]])
        return np.asarray(end + along * np.array([np.cos(self.lying_rad), np.sin(self.lying_rad), 0.0]))


@dataclass
class FakeWorld:
    """bottle_m: (3,) middle of the cylinder's foot. others_m: feet of further bottles. All metres, world frame. shapes:
    of the bottle and of the others, in order; those without one are upright bottles of radius_m and height_m.
    The table's top is square, and so are those of other_tables, each (x, y, z of the top, half its width).
    shaded: drawn with light and shade, for a detector trained on photographs; else in flat colours, which the fake
    detector knows."""

    bottle_m: Vector = field(default_factory=lambda: np.array([2.0, 0.15, 0.55]))
    radius_m: float = 0.034
    height_m: float = 0.21
    table_m: tuple[float, float, float] = (2.08, 0.15, 0.55)
    table_half_m: float = 0.15
    bottle_hidden: bool = False
    others_m: list[Vector] = field(default_factory=list)
    other_tables: tuple[tuple[float, float, float, float], ...] = ((0.2, 1.8, 0.52, 0.35),)
    shaded: bool = False
    shapes: tuple[FakeShape, ...] = ()
    _poses: dict[str, tuple[Vector, Pose]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def feet(self) -> list[Vector]:
        """The foot of every bottle, (3,) each; the first one is `bottle_m`."""
        return [self.bottle_m, *self.others_m]

    def shape(self, which: int) -> FakeShape:
        """The shape of a bottle; which: its place in `feet`."""
        if which < len(self.shapes):
            return self.shapes[which]
        return FakeShape(radius_m=self.radius_m, height_m=self.height_m)

    def true_poses(self) -> dict[str, Pose]:
        """world_from_object of every bottle, its foot the origin, the first one `target`."""
        names = ["target", *(f"object_{number}" for number in range(1, len(self.others_m) + 1))]
        return {name: self._standing(name, foot) for name, foot in zip(names, self.feet(), strict=True)}

    def _standing(self, name: str, foot: Vector) -> Pose:
        """The same pose as before where the foot is the same array: these are replaced, never changed."""
        before = self._poses.get(name)
        if before is None or before[0] is not foot:
            before = self._poses[name] = foot, Pose(_UPRIGHT, foot)
        return before[1]

    def put(self, which: int, foot_m: Vector, shape: FakeShape | None = None) -> None:
        """Move a bottle; which: its place in `feet`. shape: that it has now; None leaves it."""
        if shape is not None and shape != self.shape(which):
            known = [self.shape(number) for number in range(len(self.feet()))]
            self.shapes = (*known[:which], shape, *known[which + 1 :])
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
        """(480, 640, 3) RGB and (480, 640) z-depth in metres, 0 beyond 4 m. The last few pictures of all worlds are
        kept: runs of one tree look at the same things from the same places."""
        seen = (world_from_camera.matrix().tobytes(), self._described())
        picture = _drawn.pop(seen, None) or self._draw(world_from_camera)
        _drawn[seen] = picture
        if len(_drawn) > PICTURES:
            _drawn.pop(next(iter(_drawn)), None)
        return picture

    def _described(self) -> tuple[object, ...]:
        bottles = tuple(foot.tobytes() for foot in self.feet())
        return (bottles, self.radius_m, self.height_m, self.shapes, self.bottle_hidden, self.shaded, *self._tables())

    def _draw(self, world_from_camera: Pose) -> Picture:
        if self.shaded:
            feet = [] if self.bottle_hidden else self.feet()
            rgb, depth = shaded(HAND_CAMERA, world_from_camera, self._tables(), feet, self.radius_m, self.height_m)
            return rgb, np.where(depth < MAX_RANGE_M, depth, 0.0).astype(np.float32)
        x, y, z = world_from_camera.rotation.astype(np.float32) @ _rays()
        eye = world_from_camera.position_m.astype(np.float32)
        depth = np.full(x.shape, np.inf, np.float32)
        rgb = np.empty((x.size, 3), np.uint8)
        rgb[:] = WALL_RGB
        with np.errstate(divide="ignore", invalid="ignore"):
            floor = -eye[2] / z
            _paint(depth, rgb, floor, floor > 0, FLOOR_RGB)
            for number, (table_x, table_y, height, half) in enumerate(self._tables()):
                top = (height - eye[2]) / z
                off_x, off_y = abs(eye[0] - table_x + top * x), abs(eye[1] - table_y + top * y)
                on_top = (top > 0) & (np.maximum(off_x, off_y) < half)
                _paint(depth, rgb, top, on_top, OTHER_TABLE_RGB if number else TABLE_RGB)
            for which, foot in enumerate([] if self.bottle_hidden else self.feet()):
                _paint_cylinder(depth, rgb, (x, y, z), eye, foot, self.shape(which))
        depth = np.where(depth < MAX_RANGE_M, depth, 0.0).astype(np.float32)
        return rgb.reshape(*HAND_CAMERA.shape, 3), depth.reshape(HAND_CAMERA.shape)


_drawn: dict[object, Picture] = {}
"""Pictures by what they show, the one used last at the end."""


@functools.cache
def _rays() -> NDArray[np.float32]:
    """(3, 480 * 640) directions with z = 1 in the optical frame, so that the ray parameter is the z-depth."""
    camera = HAND_CAMERA
    u, v = np.arange(camera.width, dtype=np.float32), np.arange(camera.height, dtype=np.float32)
    x, y = np.meshgrid((u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy)
    rays: NDArray[np.float32] = np.stack([x.ravel(), y.ravel(), np.ones(x.size, np.float32)]).astype(np.float32)
    return rays


def _paint_cylinder(
    depth: NDArray[np.float32],
    rgb: NDArray[np.uint8],
    rays: Axes,
    eye: NDArray[np.float32],
    foot: Vector,
    shape: FakeShape,
) -> None:
    """Its flank, and the ends that can be seen: of a standing one the upper."""
    x, y, z = shape.seen_along(*rays)
    off_x, off_y, off_z = shape.seen_along(*(eye - shape.end_m(foot).astype(np.float32)))
    color, square = LABEL_RGB[shape.label], np.float32(shape.radius_m**2)
    a, b = x * x + y * y, x * off_x + y * off_y
    flank = (-b - np.sqrt(b * b - a * (off_x**2 + off_y**2 - square))) / a
    above = off_z + flank * z
    _paint(depth, rgb, flank, (flank > 0) & (above > 0) & (above < shape.height_m), color)
    for end in (shape.height_m,) if shape.lying_rad is None else (0.0, shape.height_m):
        lid = (np.float32(end) - off_z) / z
        on_lid = (off_x + lid * x) ** 2 + (off_y + lid * y) ** 2 < square
        _paint(depth, rgb, lid, (lid > 0) & on_lid, color)


def _paint(
    depth: NDArray[np.float32],
    rgb: NDArray[np.uint8],
    t: NDArray[np.float32],
    where: NDArray[np.bool_],
    color: tuple[int, ...],
) -> None:
    nearer = where & (t < depth)
    np.copyto(depth, t, where=nearer)
    rgb[nearer] = color
