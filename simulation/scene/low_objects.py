"""Low and irregular objects, made from a seed: fruit, bowls, tins, tools and toys, none of which stands like a bottle.

A family's place in LOW_FAMILIES is part of its seeds: new families go to the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from simulation.scene.objects import FAMILIES, GraspObject, centred, make_object
from simulation.scene.textures import wrapper_texture

Array = NDArray[np.float64]
LowFamily = Literal["fruit", "bowl", "tin", "tool", "toy"]
LOW_FAMILIES: Final[tuple[LowFamily, ...]] = get_args(LowFamily)
ALL_FAMILIES: Final = (*FAMILIES, *LOW_FAMILIES)
MASSES_KG: Final = {
    "fruit": (0.05, 0.4), "bowl": (0.1, 0.5), "tin": (0.05, 0.4), "tool": (0.05, 0.4), "toy": (0.05, 0.4),
}  # fmt: skip


def make_any_object(family: str, seed: int) -> GraspObject:
    """The object of any family and seed. ConfigError for an unknown family."""
    made: GraspObject = (make_low_object if family in LOW_FAMILIES else make_object)(family, seed)  # type: ignore[arg-type]
    return made


def make_low_object(family: LowFamily, seed: int) -> GraspObject:
    """The object of this family and seed, on z = 0 about its middle. ConfigError for an unknown family."""
    if family not in LOW_FAMILIES:
        raise ConfigError(f"unknown object family {family!r}; choose from: {', '.join(LOW_FAMILIES)}")
    rng = np.random.default_rng([1000 + LOW_FAMILIES.index(family), seed])
    mesh = _MAKERS[family](rng)
    vertices = centred(np.asarray(mesh.vertices, np.float64))
    around = np.arctan2(vertices[:, 1], vertices[:, 0]) / (2 * np.pi) + 0.5
    uv = np.stack([around, vertices[:, 2] / vertices[:, 2].max()], axis=1)
    mass, friction = float(rng.uniform(*MASSES_KG[family])), float(rng.uniform(0.5, 0.9))
    texture = wrapper_texture(rng, family)
    return GraspObject(family, seed, vertices, np.asarray(mesh.faces, np.int64), uv, texture, mass, friction)


def _fruit(rng: np.random.Generator) -> Any:
    """An ellipsoid that is thicker on one end, or bent like a banana."""
    import trimesh

    mesh = trimesh.creation.icosphere(subdivisions=3)
    half = rng.uniform(0.016, 0.042) * np.array([1.0, rng.uniform(0.85, 1.0), rng.uniform(0.8, 1.0)])
    half[0] *= rng.uniform(1.0, 2.2)
    points = np.asarray(mesh.vertices)
    share = points[:, :1]
    points = points * half * np.hstack([np.ones_like(share), *[1.0 + rng.uniform(-0.3, 0.3) * share] * 2])
    if rng.random() < 0.25:
        points[:, 1] += rng.uniform(0.2, 0.5) * half[0] * share[:, 0] ** 2
    return trimesh.Trimesh(points, mesh.faces, process=False)


def _bowl(rng: np.random.Generator) -> Any:
    import trimesh

    radius, height, wall = rng.uniform(0.045, 0.085), rng.uniform(0.03, 0.075), rng.uniform(0.003, 0.006)
    foot, bend = radius * rng.uniform(0.4, 0.8), rng.uniform(0.4, 1.0)
    steps = np.linspace(0.0, 1.0, 8)
    outside = [(foot + (radius - foot) * t**bend, height * t) for t in steps]
    inside = [(max(r - wall, 0.001), max(z, wall)) for r, z in outside[::-1]]
    return trimesh.creation.revolve(np.array([(0.0, 0.0), *outside, *inside, (0.0, wall)]), sections=32)


def _tin(rng: np.random.Generator) -> Any:
    """A flat can, a small box, or a bar."""
    import trimesh

    height = rng.uniform(0.02, 0.06)
    if rng.random() < 0.5:
        return trimesh.creation.cylinder(radius=rng.uniform(0.02, 0.05), height=height, sections=32)
    return trimesh.creation.box((rng.uniform(0.03, 0.18), rng.uniform(0.02, 0.09), height))


def _tool(rng: np.random.Generator) -> Any:
    """A handle and a head: a hammer, a brush, a wrench, a torch."""
    import trimesh

    length, thick = rng.uniform(0.09, 0.20), rng.uniform(0.007, 0.017)
    handle = trimesh.creation.capsule(height=length, radius=thick, count=(12, 12))
    handle.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, (0, 1, 0)))
    size = rng.uniform((0.02, 0.03, 0.015), (0.06, 0.10, 0.04))
    head = _lump(rng, size)
    head.apply_translation((length + rng.uniform(-0.01, 0.01), 0.0, rng.uniform(-0.3, 0.3) * size[2]))
    parts = [handle, head]
    if rng.random() < 0.4:
        parts.append(_lump(rng, np.full(3, 2.6 * thick)))
    return trimesh.util.concatenate(parts)


def _toy(rng: np.random.Generator) -> Any:
    """Two to five lumps that run into each other."""
    import trimesh

    middle, parts = np.zeros(3), []
    for _ in range(int(rng.integers(2, 6))):
        size = rng.uniform(0.02, 0.07, 3)
        part = _lump(rng, size)
        part.apply_translation(middle)
        parts.append(part)
        middle = middle + rng.uniform(-0.5, 0.5, 3) * size
    return trimesh.util.concatenate(parts)


def _lump(rng: np.random.Generator, size: Array) -> Any:
    """A box, an ellipsoid, a cylinder or a cone of this size, metres."""
    import trimesh

    kind = int(rng.integers(4))
    if kind == 0:
        mesh = trimesh.creation.box((1.0, 1.0, 1.0))
    elif kind == 1:
        mesh = trimesh.creation.icosphere(subdivisions=2, radius=0.5)
    elif kind == 2:
        mesh = trimesh.creation.cylinder(radius=0.5, height=1.0, sections=24)
    else:
        mesh = trimesh.creation.revolve(np.array([(0.0, -0.5), (0.5, -0.5), (0.2, 0.5), (0.0, 0.5)]), sections=24)
    mesh.apply_transform(trimesh.transformations.euler_matrix(*rng.integers(0, 2, 3) * np.pi / 2))
    mesh.apply_scale(size / mesh.extents)
    return mesh


_MAKERS: Final[dict[str, Callable[[np.random.Generator], Any]]] = {
    "fruit": _fruit, "bowl": _bowl, "tin": _tin, "tool": _tool, "toy": _toy,
}  # fmt: skip
