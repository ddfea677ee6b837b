"""Random scenes of labelled objects as they lie, alone and near each other, on the floor and on tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from simulation.scene.build import SceneSample, sample_scene
from simulation.scene.objects import GraspObject
from simulation.scene.placing import Box, Placed
from simulation.scene.spec import ClutterSpec, LightSpec, SceneSpec, SupportSpec, TargetSpec
from training.dataset.viewpoints import ViewPreset

Array = NDArray[np.float64]
SPEC: Final = SceneSpec(
    name="ways",
    folder=Path(),
    support=SupportSpec(height_m=(0.1, 0.9), half_width_m=(0.2, 0.5)),
    target=TargetSpec(families=(), edge_m=(0.05, 0.3)),
    clutter=ClutterSpec(count=(0, 0), floor_boxes=(0, 3)),
    light=LightSpec(intensity=(1.2, 6.0), ambient=(0.08, 0.5)),
)
SEED_BASE: Final = 9_000_000
"""Seeds of these scenes are above it, those of runs, evaluations and other data sets below."""
LOOKS: Final = ViewPreset((0.35, 1.0), (-0.05, 1.35), (-1.0, 1.0), 0.12)
ON_FLOOR: Final = 0.35
"""Chance of a scene without a table."""
ALONE: Final = 0.5
MOST_NEIGHBOURS: Final = 4
AROUND_M: Final = 0.16
"""Neighbours stand within this of the target, in x and in y."""
GAP_M: Final = (0.0, 0.06)
TRIES: Final = 6
DIRECTIONS: Final = np.stack([np.cos(np.linspace(0, np.pi, 24, False)), np.sin(np.linspace(0, np.pi, 24, False))])


@dataclass(frozen=True, eq=False)
class Lying:
    """A labelled object in one of the ways that it lies: arrays of its file of way labels, and which of its rests."""

    item: GraspObject
    arrays: Mapping[str, NDArray[Any]]
    rest: int

    @property
    def object(self) -> GraspObject:
        """The object as it lies, its vertices turned, on z = 0."""
        matrix = self.arrays["rests"][self.rest]
        return replace(self.item, vertices=self.item.vertices @ matrix[:3, :3].T + matrix[:3, 3])


def way_scene(target: Lying, others: Sequence[Lying], seed: int) -> tuple[SceneSample, tuple[Lying, ...]]:
    """(a scene, what each of its objects is, the target first). others: what may lie beside it."""
    rng = np.random.default_rng([seed, 41])
    sample = sample_scene(SPEC, SEED_BASE + seed)
    table = sample.supports[0]
    height, half = table.half_m[2] * 2, table.half_m[0]
    spot = table.center_m[:2] + rng.uniform(-0.6, 0.6, 2) * max(half - 0.12, 0.0)
    supports: tuple[Box, ...] = sample.supports
    if rng.random() < ON_FLOOR:
        height, supports = 0.0, supports[1:]
    placed, kinds = [_placed(target, spot, height, rng)], [target]
    wanted = 0 if rng.random() < ALONE else int(rng.integers(1, MOST_NEIGHBOURS + 1))
    for _ in range(wanted * TRIES if others else 0):
        if len(placed) > wanted:
            break
        other = others[int(rng.integers(len(others)))]
        near = _placed(other, spot + rng.uniform(-AROUND_M, AROUND_M, 2), height, rng)
        gap = float(rng.uniform(*GAP_M))
        if all(_apart_m(near, one) > gap for one in placed):
            placed.append(near)
            kinds.append(other)
    return replace(sample, supports=supports, target=placed[0], clutter=tuple(placed[1:])), tuple(kinds)


def _placed(lying: Lying, xy: Array, height_m: float, rng: np.random.Generator) -> Placed:
    item = lying.object
    middle = (item.vertices[:, :2].min(axis=0) + item.vertices[:, :2].max(axis=0)) / 2
    turned = Pose.from_rpy((0.0, 0.0, float(rng.uniform(-np.pi, np.pi))), (0.0, 0.0, height_m))
    offset = turned.rotation[:2, :2] @ middle
    return Placed(item, Pose(turned.rotation, np.array([xy[0] - offset[0], xy[1] - offset[1], height_m])))


def _apart_m(one: Placed, two: Placed) -> float:
    """How far the footprints of two objects are apart, at least; negative where they may meet."""
    a, b = (item.world_from_object.transform(item.object.vertices)[:, :2] @ DIRECTIONS for item in (one, two))
    return float(np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0)).max())
