"""Objects of our own making as models: those of the ray caster's rooms and the low families of the simulation."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from simulation.scene.low_objects import make_low_object
from training.detector.furnished.models import Model, smooth_normals, stacked
from training.detector.rendered.objects import Rng, fit, random_object
from training.detector.rendered.others import WORDLESS, other_object
from training.detector.rendered.raycast import DIFFUSE, GLOSSY, TEXTURE_PX, Array, Solid

AROUND: Final = 40
"""Triangles around a surface of revolution."""
CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
SIDES: Final = ((0, 1, 3, 2), (5, 4, 6, 7), (1, 0, 4, 5), (2, 3, 7, 6), (4, 0, 2, 6), (1, 5, 7, 3))
LOW: Final = {"bowl": "bowl", "ball": "fruit", "can": "tin", "tool": "tool", "none": "toy"}
"""The families of simulation.scene.low_objects by word."""


def box_model(half_m: Array, texture: NDArray[np.uint8], kind: int = DIFFUSE, tile_m: float = 0.0) -> Model:
    """A box on z = 0. half_m: (3,). texture: once on every side, or repeated each `tile_m` metres."""
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    corners, uv = [], []
    for side in SIDES:
        ring = CUBE[list(side)] * half_m + [0, 0, half_m[2]]
        lengths = np.array([np.linalg.norm(ring[1] - ring[0]), np.linalg.norm(ring[3] - ring[0])])
        for triangle in ((0, 1, 2), (0, 2, 3)):
            corners.append(ring[list(triangle)])
            uv.append(square[list(triangle)] * (lengths / tile_m if tile_m else 1.0))
    at = np.array(corners)
    flat = np.cross(at[:, 1] - at[:, 0], at[:, 2] - at[:, 0])
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    outward = np.sign(np.einsum("td,td->t", flat, at.mean(axis=1) - [0, 0, half_m[2]]))[:, None]
    normals = np.repeat((flat * outward)[:, None], 3, axis=1)
    row = np.array([[kind, 0.2, 1, 1, 1, 0, 0, 0]], np.float64)
    return Model(at, normals, np.array(uv), np.zeros(12, np.int64), row, texture[None])


def solid_model(solids: list[Solid]) -> Model:
    """The ray caster's solids as one model."""
    return joined([_revolved(s) if s.profile is not None else _boxed(s) for s in solids])


def _boxed(solid: Solid) -> Model:
    half = np.array(solid.half_m)
    model = box_model(half, solid.texture, solid.material.kind)
    corners = solid.pose.transform(model.corners - [0, 0, half[2]])
    return replace(model, corners=corners, normals=model.normals @ solid.pose.rotation.T)


def _revolved(solid: Solid) -> Model:
    """A surface of revolution in triangles; v goes up with its height, as in the ray caster."""
    assert solid.profile is not None
    turns = np.linspace(0, 2 * np.pi, AROUND + 1)
    ring = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    r, z = solid.profile[:, 0], solid.profile[:, 1]
    points = np.concatenate(
        [r[:, None, None] * ring, np.broadcast_to(z[:, None, None], (len(r), AROUND + 1, 1))], axis=2
    )
    top = max(float(z.max()), 1e-9)
    uv = np.stack(np.broadcast_arrays(turns[None] / (2 * np.pi) + 0.5, (z / top)[:, None]), axis=-1)
    row, column = (x.ravel() for x in np.meshgrid(np.arange(len(r) - 1), np.arange(AROUND), indexing="ij"))
    quads = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
    index = np.concatenate([np.stack([np.stack(quads[k]) for k in t], axis=0) for t in ((0, 1, 2), (0, 2, 3))], axis=2)
    corners = points[index[:, 0].T, index[:, 1].T]
    shared = index[:, 0].T * AROUND + index[:, 1].T % AROUND
    normals = smooth_normals(corners, shared)
    large = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) > 1e-12
    low, high = solid.material.label
    material = np.array([[solid.material.kind, solid.material.rough, 1, 1, 1, 0, low, high]], np.float64)
    return Model(
        solid.pose.transform(corners[large]), normals[large] @ solid.pose.rotation.T,
        uv[index[:, 0].T, index[:, 1].T][large], np.zeros(int(large.sum()), np.int64), material, solid.texture[None],
    )  # fmt: skip


def joined(models: list[Model]) -> Model:
    """Several models as one."""
    corners, normals, uv = (np.concatenate([getattr(m, name) for m in models]) for name in ("corners", "normals", "uv"))
    return Model(corners, normals, uv, *stacked(models))


def made_object(rng: Rng, word: str) -> Model:
    """A random object of a word, or of none for "none"."""
    if word in ("bottle", "can", "mug") and not (word == "can" and rng.random() < 0.1):
        family = "thermos" if word == "bottle" and rng.random() < 0.35 else word
        return solid_model(random_object(rng, family, Pose.identity(), 1)[0])  # type: ignore[arg-type]
    if word in LOW and (word in ("tool", "can") or rng.random() < 0.5):
        return _low(rng, LOW[word])
    kind = str(rng.choice(WORDLESS)) if word == "none" else word
    return solid_model(other_object(rng, Pose.identity(), 1, kind)[0])


def _low(rng: Rng, family: str) -> Model:
    """A random object of a low family. A tin is a round one here; the others would be boxes."""
    while True:
        item = make_low_object(family, int(rng.integers(1 << 31)))  # type: ignore[arg-type]
        flat = np.unique(np.round(item.vertices[:, :2], 4), axis=0)
        if family != "tin" or len(flat) > 8:
            break
    corners = item.vertices[item.faces]
    row = np.array([[GLOSSY if rng.random() < 0.4 else DIFFUSE, 0.25, 1, 1, 1, 0, 0, 0]], np.float64)
    assert item.texture.ndim == 3
    return Model(
        corners, smooth_normals(corners, item.faces), item.uv[item.faces], np.zeros(len(corners), np.int64), row,
        fit(item.texture)[None, :TEXTURE_PX],
    )  # fmt: skip
