"""Makes training arrays of the network that rates the ways, from labels of `spot-grasp dataset ways`.

Random scenes of the labelled objects are photographed as the hand camera sees them, with the sensor's faults and the
run's own input. One sample is one object in one picture: inputs (10, 192, 192), labels packed as
`training.dataset.ways.targets` says. All follows from the labels: the same labels give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.quality.way_input import square_around, way_input
from perception.types import RgbdFrame
from perception.view import View
from simulation.scene.build import SceneSample
from training.common.mapping import LocalMapper
from training.common.workers import Progress
from training.dataset.array_folder import WAY_ARRAYS, Sample, write_arrays
from training.dataset.catalogue import split_of
from training.dataset.viewpoints import camera_pose
from training.dataset.views import photograph
from training.dataset.ways.catalogue import WAY_FILES
from training.dataset.ways.raster import photograph_scene
from training.dataset.ways.scenes import LOOKS, Lying, way_scene
from training.dataset.ways.targets import targets
from training.heatmap.build_arrays import cut_by_border, detection_of, noisy_depth

SCENES: Final = 3
"""Of each object in each of its ways to lie, as their target."""
VIEWS: Final = 2
"""Pictures of a scene."""
MOST_OBJECTS: Final = 5
MIN_MASK_PX, MIN_TARGETS = 300, 40
"""Smallest mask, and fewest known pixels, of an object that becomes a sample."""
SHIFT, SCALE = 0.06, (0.9, 1.1)
"""Random changes of the square: of its place, as a share of its side, and of its side."""
KEYS: Final = ("rests", "points", "normals", "rest", "sample", "way", "axis", "asked", "held")


@dataclass(frozen=True)
class SceneJob:
    """A scene to photograph. folder: of the way labels. number: of the scene."""

    folder: Path
    number: int

    def __str__(self) -> str:
        return f"the pictures of scene {self.number}"


@dataclass(frozen=True, eq=False)
class Labelled:
    """An object of a folder of way labels, as it lies in one way."""

    name: str
    lying: Lying


def build_ways(folder: Path, out: Path, progress: Progress = lambda *_: None) -> dict[str, Any]:
    """Write the arrays of a folder of way labels, finished or not; returns samples.json. ConfigError if there is no
    label, or none that a picture shows."""
    count = SCENES * len(_labelled(folder))
    jobs = [SceneJob(folder, number) for number in range(count)]

    def samples() -> Iterator[Sample]:
        waiting: dict[int, list[Sample]] = {}
        following = 0
        mapper = LocalMapper(os.cpu_count() or 1, jobs_per_process=count)
        for number, made in mapper.map(scene_job, jobs, partial(_read, folder)):
            waiting[number] = made
            while following in waiting:
                yield from waiting.pop(following)
                following += 1
                progress("pictures", following, count)

    return write_arrays(out, samples(), count * VIEWS * MOST_OBJECTS, {"views": count * VIEWS}, WAY_ARRAYS)


def scene_job(job: SceneJob) -> tuple[int, list[Sample]]:
    """(number of the scene, its samples)."""
    every = _labelled(job.folder)
    target = every[job.number % len(every)]
    split = split_of(target.name)
    others = [one for one in every if split_of(one.name) == split]
    sample, chosen = way_scene(target.lying, [one.lying for one in others], job.number)
    names = {id(one.lying): one.name for one in every}
    rng = np.random.default_rng([job.number, 43])
    made: list[Sample] = []
    for view in range(VIEWS):
        for entry, tensor, packed in _picture(sample, chosen, rng):
            name = names[id(chosen[entry.pop("number")])]
            made.append(({"object": name, **entry, "view": f"{job.number:05d}-{view:02d}"}, tensor, packed))
    return job.number, made


def _picture(sample: SceneSample, chosen: tuple[Lying, ...], rng: np.random.Generator) -> Iterator[Sample]:
    """Samples of one random picture of a scene; their entries say `number`, which of the scene's objects it is."""
    camera, pose = SPOT.hand_camera, camera_pose(rng, LOOKS, sample)
    picture = photograph_scene(sample, camera, pose)
    clean = np.where(picture.depth < 6.0, picture.depth, np.float32(0.0)).astype(np.float32)
    frame = RgbdFrame(photograph(picture.rgb, rng), noisy_depth(clean, camera, rng), camera, pose, 0.0)
    assert sample.target is not None
    for number, (lying, placed) in enumerate(zip(chosen, (sample.target, *sample.clutter), strict=True)):
        mask = picture.instances == number + 1
        if mask.sum() < MIN_MASK_PX:
            continue
        view = View(frame, detection_of(mask, rng))
        if view.repaired.layer is None:
            continue
        square = square_around(view)
        side = square.side_px * float(rng.uniform(*SCALE))
        left, top = (
            corner + (square.side_px - side) / 2 + square.side_px * float(rng.uniform(-SHIFT, SHIFT))
            for corner in (square.left_px, square.top_px)
        )
        tensor, crop = way_input(view, replace(square, left_px=left, top_px=top, side_px=side))
        packed = targets(lying.arrays, lying.rest, placed.world_from_object, pose, camera, clean, mask, crop)
        if np.count_nonzero(packed) >= MIN_TARGETS:
            entry = {"number": number, "cut": cut_by_border(mask), "crop": [left, top, side]}
            yield entry, tensor.astype(np.float16), packed


def _read(folder: Path) -> None:
    """Read the labels once in a process."""
    _labelled(folder)


@lru_cache(maxsize=1)
def _labelled(folder: Path) -> tuple[Labelled, ...]:
    """What is labelled in a folder so far."""
    found = []
    for job in (job for job in WAY_FILES.plan_of(folder).jobs if (folder / job.file).is_file()):
        arrays, item = WAY_FILES.read(folder / job.file, KEYS), job.object()
        found += [Labelled(item.name, Lying(item, arrays, rest)) for rest in range(len(arrays["rests"]))]
    if not found:
        raise ConfigError(f"{folder}: nothing is labelled yet; run spot-grasp dataset ways --out {folder}")
    return tuple(found)
