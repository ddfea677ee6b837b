"""Objects to grasp, made from a seed: surfaces of revolution and cartons.

A family's place in FAMILIES is part of its seeds: new families go to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from simulation.scene.mesh_files import write_obj
from simulation.scene.textures import wrapper_texture

Array = NDArray[np.float64]
Family = Literal["bottle", "thermos", "can", "mug", "jar", "carton", "flask"]
FAMILIES: tuple[Family, ...] = get_args(Family)
LABELS = {
    "bottle": "bottle", "thermos": "bottle", "can": "can", "mug": "mug", "jar": "jar", "carton": "carton",
    "flask": "flask", "mesh": "object",
}  # fmt: skip
"""What each family is called in pictures; a thermos flask is a bottle."""
IN_PARTS = {
    "flask": (0.0, 6), "mesh": (0.10, 16), "mug": (0.0, 16), "bowl": (0.0, 16), "tool": (0.10, 6), "toy": (0.10, 6),
}  # fmt: skip
"""Families that are solid as convex parts, where their hull has this share more volume, and as how many at most. The
others are solid as their hull, which would fill a flask up beside its neck, or a user's mug."""
SEGMENTS = 32


@dataclass(frozen=True, eq=False)
class GraspObject:
    """A rigid object standing on z = 0 with its axis on z.

    family: one of FAMILIES or "mesh". seed: of its shape, 0 for a mesh. vertices: (N, 3) metres. faces: (M, 3) indices.
    uv: (N, 2) texture coordinates 0..1 (v up). texture: (h, w, 3) uint8 RGB. mass_kg. friction: of its surface.
    """

    family: str
    seed: int
    vertices: Array
    faces: NDArray[np.int64]
    uv: Array
    texture: NDArray[np.uint8]
    mass_kg: float
    friction: float

    @property
    def name(self) -> str:
        """`bottle-3`: family and seed."""
        return f"{self.family}-{self.seed}"

    @property
    def label(self) -> str:
        """The detector's label for its family."""
        return LABELS[self.family]

    @property
    def height_m(self) -> float:
        """The height of its top above z = 0, metres."""
        return float(self.vertices[:, 2].max())

    @property
    def radius_m(self) -> float:
        """Of the upright cylinder about the z axis that holds it."""
        return float(np.linalg.norm(self.vertices[:, :2], axis=1).max())

    def solid(self) -> tuple[dict[str, Any], float]:
        """(options of gs.morphs.Mesh that make its solid, the density kg/m3 that gives it its mass)."""
        if self.family not in IN_PARTS:
            volume = float(self.mesh().convex_hull.volume)
            return {"decompose_object_error_threshold": float("inf")}, self.mass_kg / volume
        import genesis as gs

        excess, most = IN_PARTS[self.family]
        parts = gs.options.CoacdOptions(threshold=0.06, max_convex_hull=most)
        options = {"decompose_object_error_threshold": excess, "coacd_options": parts}
        return options, self.mass_kg / self.volume_m3

    @property
    def volume_m3(self) -> float:
        """Of the body; of its hull, if the surface is so open that it says nothing."""
        mesh = self.mesh()
        volume, hull = abs(float(mesh.volume)), float(mesh.convex_hull.volume)
        return volume if 0.02 * hull <= volume <= hull else hull

    def mesh(self) -> Any:
        """As a trimesh.Trimesh without texture."""
        import trimesh

        return trimesh.Trimesh(self.vertices, self.faces, process=False)

    def outline_m(self, height_m: float) -> Array:
        """(N, 3) corners of the horizontal section at a height; none above and below the object."""
        section = self.mesh().section(plane_origin=[0, 0, height_m], plane_normal=[0, 0, 1])
        return np.zeros((0, 3)) if section is None else np.asarray(section.vertices)

    def extent_m(self, height_m: float, direction: Array, slab_m: float = 0.015) -> float:
        """Width along a unit `direction` (3,) of the part within `slab_m` of a height; 0 if there is none."""
        rings = np.linspace(height_m - slab_m, height_m + slab_m, 5)
        outlines = (self.outline_m(ring) for ring in np.clip(rings, 1e-4, self.height_m - 1e-4))
        return float(max((np.ptp(outline @ direction) for outline in outlines if len(outline)), default=0.0))

    def write(self, folder: Path) -> Path:
        """Write NAME.obj, .mtl and .png into `folder`; returns the OBJ file. Genesis shows the texture as given."""
        folder.mkdir(parents=True, exist_ok=True)
        digits = 9 if self.family == "mesh" else 6  # convex parts are cached by shape, whatever its scale
        lines = [f"v {x:.{digits}f} {y:.{digits}f} {z:.{digits}f}" for x, y, z in self.vertices]
        lines += [f"vt {u:.5f} {v:.5f}" for u, v in self.uv]
        lines += ["f " + " ".join(f"{i}/{i}" for i in face) for face in self.faces + 1]
        return write_obj(folder / f"{self.name}.obj", self.texture, lines)


def centred(vertices: Array) -> Array:
    """The vertices (N, 3) moved onto z = 0, the middle of their extent on the z axis."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return np.asarray(vertices - [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])


def _revolve(profile: Array, outline: Array | None = None) -> tuple[Array, NDArray[np.int64], Array]:
    """(vertices, faces, uv) of a profile (K, 2) of (radius, z) turned about z, bottom first; the seam is double.

    outline: (SEGMENTS + 1, 2) closed ring, counter-clockwise, to take instead of the unit circle.
    """
    angles = np.linspace(0, 2 * np.pi, SEGMENTS + 1)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1) if outline is None else outline
    rows = len(profile)
    r, z = profile[:, 0], profile[:, 1]
    vertices = np.stack(
        [np.outer(r, ring[:, 0]), np.outer(r, ring[:, 1]), np.repeat(z[:, None], SEGMENTS + 1, axis=1)], axis=-1
    ).reshape(-1, 3)
    v = z / z.max()
    uv = np.stack(np.broadcast_arrays(angles[None, :] / (2 * np.pi), v[:, None]), axis=-1).reshape(-1, 2)
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(SEGMENTS), indexing="ij")
    a = (row * (SEGMENTS + 1) + column).ravel()
    b, c, d = a + 1, a + SEGMENTS + 1, a + SEGMENTS + 2
    return vertices, np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)]).astype(np.int64), uv


def _bottle_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
    radius, height = rng.uniform(0.026, 0.040), rng.uniform(0.17, 0.28)
    shoulder, neck = rng.uniform(0.55, 0.72) * height, rng.uniform(0.78, 0.86) * height
    neck_radius = max(0.011, rng.uniform(0.35, 0.5) * radius)
    waist = rng.uniform(0.9, 1.0) if rng.random() < 0.4 else 1.0
    points = [(0.0, 0.0), (0.9 * radius, 0.0), (radius, 0.006)]
    points += [
        (radius * (1 - (1 - waist) * np.sin(np.pi * t)), 0.006 + t * (shoulder - 0.006))
        for t in np.linspace(0.1, 1, 10)
    ]
    for t in np.linspace(0.15, 1, 7):
        blend = 0.5 - 0.5 * np.cos(np.pi * t)
        points.append((radius + (neck_radius - radius) * blend, shoulder + t * (neck - shoulder)))
    cap = neck_radius * rng.uniform(1.0, 1.25)
    cap_from = rng.uniform(0.88, 0.93) * height
    return [
        *points,
        (neck_radius, cap_from),
        (cap, cap_from + 0.001),
        (cap, height - 0.002),
        (0.9 * cap, height),
        (0, height),
    ]


def _thermos_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
    radius, height = rng.uniform(0.030, 0.039), rng.uniform(0.19, 0.28)
    lid_from, lid = rng.uniform(0.72, 0.85) * height, radius * rng.uniform(0.75, 1.0)
    straight = [(radius, z) for z in np.linspace(0.005, lid_from - 0.006, 10)]
    return [
        (0, 0),
        (0.94 * radius, 0),
        *straight,
        (lid, lid_from),
        (lid, height - 0.004),
        (0.92 * lid, height),
        (0, height),
    ]


def _can_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
    radius, height = rng.uniform(0.027, 0.036), rng.uniform(0.09, 0.17)
    straight = [(radius, z) for z in np.linspace(0.006, height - 0.008, 8)]
    rim = [(0.87 * radius, height), (0.82 * radius, height - 0.003)]
    return [(0, 0), (0.85 * radius, 0), *straight, *rim, (0, height - 0.003)]


def _mug_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
    radius, height = rng.uniform(0.034, 0.044), rng.uniform(0.08, 0.115)
    foot, wall = radius * rng.uniform(0.75, 1.0), 0.004
    outside = [(foot + (radius - foot) * np.sqrt(t), 0.003 + t * (height - 0.003)) for t in np.linspace(0, 1, 8)]
    inside = [(max(r - wall, 0.01), z) for r, z in outside[::-1] if z > 0.01]
    return [(0, 0), (0.95 * foot, 0), *outside, *inside, (0, 0.008)]


def _jar_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
    radius, height = rng.uniform(0.030, 0.043), rng.uniform(0.08, 0.16)
    shoulder, lid_from = rng.uniform(0.68, 0.8) * height, rng.uniform(0.82, 0.87) * height
    neck = radius * rng.uniform(0.72, 0.95)
    lid = min(radius, neck * rng.uniform(1.02, 1.15))
    body = [(radius, z) for z in np.linspace(0.006, shoulder, 8)]
    return [
        (0, 0),
        (0.9 * radius, 0),
        *body,
        (0.5 * (radius + neck), 0.7 * shoulder + 0.3 * lid_from),
        (neck, lid_from),
        (lid, lid_from + 0.001),
        (lid, height - 0.002),
        (0.92 * lid, height),
        (0, height),
    ]


def _carton_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Shares of the outline, which `_carton_outline` draws in metres; a third have a gabled top."""
    height = rng.uniform(0.09, 0.24)
    top = [(1.0, z) for z in np.linspace(0.002, height - 0.002, 10)]
    if rng.random() < 1 / 3:
        fold = rng.uniform(0.75, 0.88) * height
        top = [*((1.0, z) for z in np.linspace(0.002, fold, 8)), (rng.uniform(0.5, 0.8), height - 0.001)]
    return [(0, 0), (0.97, 0), *top, (0.97 * top[-1][0], height), (0, height)]


def _carton_outline(rng: np.random.Generator) -> Array:
    """(SEGMENTS + 1, 2) metres: a rectangle with rounded corners, eight points a quarter."""
    half = np.array([rng.uniform(0.024, 0.042), rng.uniform(0.018, 0.040)])
    round_m = rng.uniform(0.002, 0.006)
    turn = np.linspace(0, np.pi / 2, SEGMENTS // 4)
    arc = round_m * np.stack([np.cos(turn), np.sin(turn)], axis=1) + half - round_m
    quarters = [arc, arc[::-1] * [-1, 1], -arc, arc[::-1] * [1, -1]]
    ring = np.concatenate(quarters)
    return np.concatenate([ring, ring[:1]])


def _flask_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
    """A round body, as a rule too wide for the jaws, and a neck that they close about."""
    bulb, neck = rng.uniform(0.050, 0.068), rng.uniform(0.012, 0.019)
    body = 2 * bulb * rng.uniform(0.8, 0.95)
    height = body + rng.uniform(0.07, 0.12)
    turn = np.linspace(-np.arccos(rng.uniform(0.5, 0.7)), np.arccos(neck / bulb), 12)
    rise = (np.sin(turn) - np.sin(turn[0])) / np.ptp(np.sin(turn))
    return [
        (0, 0),
        *((bulb * np.cos(t), body * share) for t, share in zip(turn, rise, strict=True)),
        (neck, height - 0.008),
        (1.25 * neck, height - 0.005),
        (1.25 * neck, height),
        (0, height),
    ]


def _handle(radius: float, height: float, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64], Array]:
    """Half a ring at the side of a mug, as a tube."""
    thick, out = rng.uniform(0.004, 0.006), rng.uniform(0.024, 0.032)
    turns, around = np.linspace(-np.pi / 2, np.pi / 2, 13), np.linspace(0, 2 * np.pi, 9)
    t, a = np.meshgrid(turns, around, indexing="ij")
    reach = 0.35 * height
    x = radius - 0.003 + (out + thick * np.cos(a)) * np.cos(t)
    z = 0.52 * height + (reach + thick * np.cos(a)) * np.sin(t)
    vertices = np.stack([x, thick * np.sin(a), z], axis=-1).reshape(-1, 3)
    row, column = np.meshgrid(np.arange(len(turns) - 1), np.arange(len(around) - 1), indexing="ij")
    i = (row * len(around) + column).ravel()
    j, k, m = i + 1, i + len(around), i + len(around) + 1
    faces = np.concatenate([np.stack([i, k, m], 1), np.stack([i, m, j], 1)]).astype(np.int64)
    return vertices, faces, np.full((len(vertices), 2), 0.5)


_PROFILES = {
    "bottle": _bottle_profile, "thermos": _thermos_profile, "can": _can_profile, "mug": _mug_profile,
    "jar": _jar_profile, "carton": _carton_profile, "flask": _flask_profile,
}  # fmt: skip
_MASSES_KG = {
    "bottle": (0.2, 0.6), "thermos": (0.25, 0.6), "can": (0.12, 0.4), "mug": (0.2, 0.4), "jar": (0.2, 0.6),
    "carton": (0.15, 0.5), "flask": (0.2, 0.5),
}  # fmt: skip


def make_object(family: Family, seed: int) -> GraspObject:
    """The object of this family and seed: its shape, skin, mass and friction. ConfigError for an unknown family."""
    if family not in FAMILIES:
        raise ConfigError(f"unknown object family {family!r}; choose from: {', '.join(FAMILIES)}")
    rng = np.random.default_rng([FAMILIES.index(family), seed])
    profile = np.array(_PROFILES[family](rng), dtype=np.float64)
    vertices, faces, uv = _revolve(profile, _carton_outline(rng) if family == "carton" else None)
    if family == "mug":
        extra, extra_faces, extra_uv = _handle(float(profile[:, 0].max()), float(profile[:, 1].max()), rng)
        faces = np.concatenate([faces, extra_faces + len(vertices)])
        vertices, uv = np.concatenate([vertices, extra]), np.concatenate([uv, extra_uv])
    mass = float(rng.uniform(*_MASSES_KG[family]))
    friction = float(rng.uniform(0.5, 0.9))
    return GraspObject(family, seed, vertices, faces, uv, wrapper_texture(rng, family), mass, friction)
