"""Scenes of catalogue objects: random surroundings as in `training.dataset.views`, all objects of one split."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from perception.geometry import Pose
from simulation.scene.build import SceneSample, sample_scene
from simulation.scene.objects import GraspObject
from simulation.scene.placing import Placed
from simulation.scene.user_objects import load_user_mesh
from training.dataset.catalogue import SPLITS, Entry
from training.dataset.views import SEED_BASE, SPEC

CATALOGUE_SEEDS = 1_000_000
"""Added to SEED_BASE: surroundings that differ from those of training.dataset.views."""


def scene_objects(entries: Sequence[Entry], scene: int) -> tuple[Entry, tuple[Entry, ...]]:
    """(target, objects that may stand beside it) of scene number `scene`.

    The entries are targets in turn. All objects of a scene are of the target's split.
    """
    ordered = [entry for split in SPLITS for entry in entries if entry.split == split]
    target = ordered[scene % len(ordered)]
    return target, tuple(entry for entry in entries if entry.split == target.split and entry != target)


def catalogue_scene(entries: Sequence[Entry], scene: int, seed: int) -> SceneSample:
    """Scene number `scene` of a data set. Its target depends on `scene`, its surroundings on `scene` and `seed`."""
    target, others = scene_objects(entries, scene)
    rng = np.random.default_rng([seed, scene, 5])
    sample = sample_scene(SPEC, SEED_BASE + CATALOGUE_SEEDS + 10_000 * seed + scene)
    assert sample.target is not None
    count = min(len(sample.clutter), len(others))
    chosen = rng.permutation(len(others))[:count]
    clutter = tuple(
        replace(place, object=others[int(index)].make())
        for place, index in zip(sample.clutter[:count], chosen, strict=True)
    )
    return replace(sample, target=replace(sample.target, object=target.make()), clutter=clutter)


def mesh_scene(path: Path, scene: int, seed: int) -> SceneSample:
    """A user's object alone on a support, in surroundings as for the catalogue. ConfigError for an unusable mesh."""
    return scene_of_one(user_object(path), CATALOGUE_SEEDS + 10_000 * seed + scene)


def scene_of_one(item: GraspObject, seed: int) -> SceneSample:
    """An object alone on a support. seed: of the surroundings, above SEED_BASE."""
    sample = sample_scene(SPEC, SEED_BASE + seed)
    assert sample.target is not None
    return replace(sample, target=replace(sample.target, object=item), clutter=())


def paper_scene(item: GraspObject, seed: int) -> SceneSample:
    """One object alone on the floor at the origin, as in arXiv 2508.17466."""
    sample = sample_scene(SPEC, SEED_BASE + 2 * CATALOGUE_SEEDS + seed)
    standing = Placed(item, Pose(np.eye(3), np.array([0.0, 0.0, 0.0005])))
    return replace(sample, target=standing, clutter=(), supports=(), walls=())


def user_object(path: Path) -> GraspObject:
    """A user's mesh, with a seed computed from its shape so that its name is unique. ConfigError if unusable."""
    item = load_user_mesh(path)
    return replace(item, seed=zlib.crc32(item.vertices.tobytes() + item.faces.tobytes()) % 1_000_000)
