"""A small ray caster for training pictures: boxes and surfaces of revolution, lit, textured, shiny or clear.

Everything is in metres in a world with z up; cameras and rays as in perception.geometry (optical axes). Compiled by
numba; a picture of 288 x 288 takes about a fifth of a second on one core, and no scene has to be built in Genesis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from training.detector.rendered.raycast_kernel import render_kernel

Array = NDArray[np.float64]
TEXTURE_PX = 256
BOX, REVOLUTION = 0, 1
DIFFUSE, GLOSSY, METAL, CLEAR = 0, 1, 2, 3
CREASE_RAD = 0.7
"""Two strips of a profile that meet at a smaller angle are shaded as one smooth surface."""


class Material(NamedTuple):
    """kind: DIFFUSE, GLOSSY (a clear coat), METAL (mirrors, tinted by the texture) or CLEAR (seen through, tinted).

    rough: 0 a mirror .. 0.5 satin. label: share of the height (from, to) that is diffuse all the same: a paper label
    on glass, paint on steel; (0, 0) for none. tile_m: size of one repeat of the texture on a box; 0 = once a face.
    """

    kind: int = DIFFUSE
    rough: float = 0.1
    label: tuple[float, float] = (0.0, 0.0)
    tile_m: float = 0.0


MATT = Material()


@dataclass(frozen=True, eq=False)
class Solid:
    """One body. half_m (3,) for a box about its middle, or profile (K, 2) of (radius, z) for a surface of revolution
    about its own z. thing: 0 scenery, k = object k of the picture's labels; several solids may be one thing."""

    pose: Pose
    texture: NDArray[np.uint8]
    half_m: tuple[float, float, float] | None = None
    profile: Array | None = None
    material: Material = MATT
    thing: int = 0


@dataclass(frozen=True, eq=False)
class Lighting:
    """ambient 0..1; suns (L, 7): direction towards the light (unit), red, green, blue, softness in radians.
    sky: (h, w, 3) 0..1, what is seen where nothing is hit, and in mirrors: rows from up to down, columns around."""

    ambient: float
    suns: Array
    sky: Array


@dataclass(frozen=True, eq=False)
class View:
    """A camera: size (height, width), focal length in pixels, world_from_camera with optical axes."""

    size: tuple[int, int]
    focal_px: float
    world_from_camera: Pose


def segments(profile: Array) -> Array:
    """(K - 1, 8): radius and z of both ends of each strip, and the outward normals (radial, z) there."""
    start, end = profile[:-1], profile[1:]
    along = end - start
    flat = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.maximum(np.linalg.norm(along, axis=1), 1e-12)[:, None]
    normal_from, normal_to = flat.copy(), flat.copy()
    for index in range(1, len(flat)):
        if flat[index - 1] @ flat[index] > np.cos(CREASE_RAD):
            mean = flat[index - 1] + flat[index]
            normal_to[index - 1] = normal_from[index] = mean / np.linalg.norm(mean)
    return np.hstack([start, end, normal_from, normal_to])


def pack(solids: list[Solid]) -> dict[str, NDArray[Any]]:
    """The solids as flat arrays for the kernel."""
    strips = [segments(s.profile) if s.profile is not None else np.zeros((0, 8)) for s in solids]
    first = np.concatenate([[0], np.cumsum([len(strip) for strip in strips])])
    centers, radii = [], []
    for solid in solids:
        if solid.profile is not None:
            low, high = solid.profile[:, 1].min(), solid.profile[:, 1].max()
            centers.append(solid.pose.transform([0.0, 0.0, (low + high) / 2]))
            radii.append(np.hypot(np.abs(solid.profile[:, 0]).max(), (high - low) / 2))
        else:
            centers.append(solid.pose.position_m)
            radii.append(float(np.linalg.norm(solid.half_m or (0.0, 0.0, 0.0))))
    return {
        "kind": np.array([BOX if s.profile is None else REVOLUTION for s in solids], np.int64),
        "rotation": np.stack([s.pose.rotation for s in solids]).astype(np.float64),
        "position": np.stack([s.pose.position_m for s in solids]).astype(np.float64),
        "sphere": np.hstack([np.stack(centers), np.array(radii)[:, None] * 1.0001]),
        "half": np.array([s.half_m or (0.0, 0.0, 0.0) for s in solids], np.float64),
        "first": first.astype(np.int64),
        "strips": np.concatenate(strips),
        "material": np.array([[m.kind, m.rough, *m.label, m.tile_m] for m in (s.material for s in solids)], np.float64),
        "thing": np.array([s.thing for s in solids], np.int64),
        "textures": np.stack([s.texture for s in solids]),
    }


def render(
    solids: list[Solid], light: Lighting, view: View, seed: int, samples: int = 4
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """(rgb (h, w, 3) linear 0..about 2, things (h, w), depth (h, w) along the ray, inf where nothing is).

    Textures must be (TEXTURE_PX, TEXTURE_PX, 3) uint8. Where a pixel's neighbours show other solids it is the mean
    of `samples` rays; elsewhere one ray is enough, and soft shadows are grainy like a picture in poor light.
    """
    kernel: Any = render_kernel
    rgb, things, depth = kernel(
        view.size[0], view.size[1], view.focal_px, view.world_from_camera.rotation.astype(np.float64),
        view.world_from_camera.position_m.astype(np.float64), *pack(solids).values(), light.ambient, light.suns,
        light.sky, seed, samples,
    )  # fmt: skip
    return rgb, things, depth
