"""The ground of a scene: a floor that may slope, with hills, steps, rubble, slippery patches; how high it is where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.geometry import Pose, unit
from simulation.scene.ground.relief import Relief, hills, pictured
from simulation.scene.ground.shapes import BOX_HALF_M, rubble, stairs
from simulation.scene.placing import Box
from simulation.scene.spec import GroundSpec
from simulation.scene.textures import Image, surface_texture

Array = NDArray[np.float64]

PATCH_HALF_M: Final = 0.0025
"""Half the thickness of a slippery patch: a foot that stands on it does not touch the floor."""
PATCHES_M: Final = (0.4, 2.0), (-0.4, 0.4)
"""Ahead of the robot's start and to the left, where patches lie."""
AROUND: Final = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)], np.float64)
BESIDE_M: Final = 0.1
"""What lies on the ground begins above the highest ground so near to it."""


@dataclass(frozen=True)
class Land:
    """Ground, level with z = 0 at the start of the robot. World frame, metres.

    start_m: (2,) where the robot starts. slope: (2,) rise of the floor a metre of x and of y. relief: heights above
    that, or None. steps: boxes on which things may stand. rubble: boxes among which they stand. patches: thin boxes
    that lie on the floor as it slopes, with a friction of slip. uneven: the first key of [ground] that makes the ground
    other than flat; empty for a flat one.
    """

    start_m: tuple[float, float]
    slope: tuple[float, float] = (0.0, 0.0)
    relief: Relief | None = None
    steps: tuple[Box, ...] = ()
    rubble: tuple[Box, ...] = ()
    patches: tuple[Box, ...] = ()
    slip: float = 1.0
    uneven: str = ""

    @property
    def blocks(self) -> tuple[Box, ...]:
        """What stands up from the floor."""
        return (*self.steps, *self.rubble)

    def plane_m(self, xy_m: ArrayLike) -> Array:
        """Heights (...,) of the sloping plane alone at places (..., 2)."""
        return np.asarray((np.asarray(xy_m, np.float64) - self.start_m) @ np.asarray(self.slope))

    def floor_m(self, xy_m: ArrayLike) -> Array:
        """Heights (...,) of the floor with its hills at places (..., 2)."""
        plane_m = self.plane_m(xy_m)
        return plane_m if self.relief is None else plane_m + self.relief.height_m(xy_m)

    def height_m(self, xy_m: ArrayLike) -> float:
        """Height of the floor, or of the steps, at a place (2,): where a table stands."""
        return _highest(self.steps, xy_m, float(self.floor_m(xy_m)), 0.0)

    def surface_m(self, xy_m: ArrayLike) -> float:
        """Height from which an object at a place (2,) can be put down: of the highest ground there, rubble too."""
        uphill = BESIDE_M * float(np.hypot(*self.slope))
        floor_m = float(self.floor_m(np.asarray(xy_m, np.float64) + AROUND * BESIDE_M).max())
        return _highest(self.blocks, xy_m, max(floor_m, float(self.floor_m(xy_m)) + uphill), BESIDE_M)

    def pose(self, xy_yaw: ArrayLike) -> Pose:
        """world_from_ground at x, y, yaw (3,): on the plane, x along the heading, z out of it."""
        x, y, yaw = np.asarray(xy_yaw, np.float64)
        up = unit([-self.slope[0], -self.slope[1], 1.0])
        ahead = np.array([np.cos(yaw), np.sin(yaw), np.array([np.cos(yaw), np.sin(yaw)]) @ np.asarray(self.slope)])
        left = np.cross(up, unit(ahead))
        return Pose(np.stack([np.cross(left, up), left, up], axis=1), np.array([x, y, float(self.plane_m((x, y)))]))

    def upright(self, xy_m: Any, half_m: tuple[float, float], top_m: float, yaw_rad: float, texture: Image) -> Box:
        """A box about a place (2,) that stands upright on the floor and reaches it everywhere, with its top at this
        height."""
        x, y = (float(value) for value in xy_m)
        flat = Box((x, y, 0.0), (*half_m, 0.0), yaw_rad, texture)
        corners = [flat.place((sx * half_m[0], sy * half_m[1])) for sx in (-1, 1) for sy in (-1, 1)]
        low = float(self.plane_m(corners).min())
        return Box((x, y, (top_m + low) / 2), (*half_m, (top_m - low) / 2), yaw_rad, texture)


def _highest(boxes: tuple[Box, ...], xy_m: ArrayLike, floor_m: float, beside_m: float) -> float:
    over = [box for box in boxes if (np.abs(box.inside(xy_m)) <= np.asarray(box.half_m[:2]) + beside_m).all()]
    return max([floor_m, *(box.center_m[2] + box.half_m[2] for box in over)])


def lay(spec: GroundSpec, start_m: tuple[float, float], way_rad: float, seed: int, folder: Path = Path()) -> Land:
    """The ground that a seed draws. It has its own random numbers, so that it does not change the rest of the scene.

    way_rad: heading from the robot's start (2,) to the target. folder: that a picture's path is relative to.
    ConfigError for a picture that cannot be read.
    """
    rng = np.random.default_rng([seed, 7])
    ramp, uphill = float(rng.uniform(*spec.ramp_rad)), way_rad + float(rng.uniform(*spec.uphill_rad))
    rise = float(np.tan(ramp))
    slope = (rise * float(np.cos(uphill)), rise * float(np.sin(uphill))) if rise > 0.0 else (0.0, 0.0)
    bare = Land(start_m, slope, _relief(spec, start_m, seed, folder))
    count, high = int(rng.integers(int(spec.steps[0]), int(spec.steps[1]) + 1)), float(rng.uniform(*spec.step_m))
    steps = _on(bare, stairs(high, count), way_rad, surface_texture(rng)) if count else ()
    high = float(rng.uniform(*spec.rubble_m))
    stones = _on(bare, rubble(high, rng), way_rad, surface_texture(rng)) if high > 0.0 else ()
    patches = []
    for _ in range(int(rng.integers(int(spec.slippery[0]), int(spec.slippery[1]) + 1))):
        place = _ahead(bare, np.array([rng.uniform(*span) for span in PATCHES_M]), way_rad)
        half = float(rng.uniform(*spec.slippery_half_m))
        z = bare.height_m(place)
        patches.append(Box((*place, z), (half, half, PATCH_HALF_M), way_rad, surface_texture(rng)))
    rolling = "picture" if spec.picture else "hills_m"
    found = {"ramp_rad": rise > 0.0, rolling: bare.relief, "steps": steps, "rubble_m": stones, "slippery": patches}
    uneven = next((key for key, value in found.items() if value), "")
    return Land(start_m, slope, bare.relief, steps, stones, tuple(patches), spec.slippery_friction, uneven)


def _relief(spec: GroundSpec, start_m: tuple[float, float], seed: int, folder: Path) -> Relief | None:
    """The hills, or None. They have their own random numbers, too."""
    rng = np.random.default_rng([seed, 9])
    highest_m = float(rng.uniform(*spec.hills_m))
    if spec.picture:
        return pictured(folder / spec.picture, spec.white_m, start_m)
    return hills(highest_m, start_m, rng) if highest_m > 0.0 else None


def _on(floor: Land, middles_m: Array, way_rad: float, texture: Image) -> tuple[Box, ...]:
    """Boxes of BOX_HALF_M on a floor; middles_m: (N, 3) ahead along the way, to its left, above the floor."""
    places = [(_ahead(floor, middle[:2], way_rad), float(middle[2])) for middle in middles_m]
    return tuple(
        Box((*place, float(floor.floor_m(place)) + z), BOX_HALF_M, way_rad, texture) for place, z in places
    )  # fmt: skip


def _ahead(floor: Land, offset_m: Array, way_rad: float) -> tuple[float, float]:
    c, s = np.cos(way_rad), np.sin(way_rad)
    x, y = np.array([[c, -s], [s, c]]) @ offset_m + floor.start_m
    return float(x), float(y)
