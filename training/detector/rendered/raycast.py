"""A small ray caster for training pictures: boxes and surfaces of revolution with light, textures and reflections.

Lengths are metres in a world frame with z up; cameras have optical axes. It is compiled by numba.
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
    """A material. kind: DIFFUSE, GLOSSY (a clear coat), METAL (a mirror tinted by the texture) or CLEAR (tinted glass).

    rough: 0 for a mirror to 0.5 for satin. label: range of the height, as shares, that is glossy instead, such as a
    paper label on glass; (0, 0) for none. tile_m: size of one repeat of the texture on a box; 0 for once per face.
    """

    kind: int = DIFFUSE
    rough: float = 0.1
    label: tuple[float, float] = (0.0, 0.0)
    tile_m: float = 0.0


MATT = Material()


@dataclass(frozen=True, eq=False)
class Solid:
    """One body: a box, or a surface of revolution about its own z.

    pose: world_from_solid. texture: (TEXTURE_PX, TEXTURE_PX, 3) uint8. half_m: half sizes of a box about its middle.
    profile: (K, 2) of (radius, z). instance: instance number of its object, 0 for scenery; an object may have several
    solids.
    """

    pose: Pose
    texture: NDArray[np.uint8]
    half_m: tuple[float, float, float] | None = None
    profile: Array | None = None
    material: Material = MATT
    instance: int = 0


@dataclass(frozen=True, eq=False)
class Lighting:
    """The light of a scene.

    ambient: 0..1. suns: (L, 7) unit direction towards the light, red, green, blue, softness in radians. sky: (h, w, 3)
    0..1, the background and its reflections; rows from up to down, columns around.
    """

    ambient: float
    suns: Array
    sky: Array


@dataclass(frozen=True, eq=False)
class View:
    """A camera. size: (height, width) pixels. world_from_camera: optical axes."""

    size: tuple[int, int]
    focal_px: float
    world_from_camera: Pose


def segments(profile: Array) -> Array:
    """(K - 1, 8): radius and z of both ends of each strip of a profile, and the outward normals (radial, z) there."""
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
        "instance": np.array([s.instance for s in solids], np.int64),
        "textures": np.stack([s.texture for s in solids]),
    }


def render(
    solids: list[Solid], light: Lighting, view: View, seed: int, samples: int = 4
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """(rgb (h, w, 3) linear light 0 to about 2, instances (h, w), depth (h, w) metres along the ray, inf for none).

    samples: rays per pixel at the edges of solids; other pixels have one ray.
    """
    kernel: Any = render_kernel
    rgb, instances, depth = kernel(
        view.size[0], view.size[1], view.focal_px, view.world_from_camera.rotation.astype(np.float64),
        view.world_from_camera.position_m.astype(np.float64), *pack(solids).values(), light.ambient, light.suns,
        light.sky, seed, samples,
    )  # fmt: skip
    return rgb, instances, depth
