"""Grasps as the run would make them, tried in physics: labels that hold the pose's own errors.

A label of `training.dataset.grasp_labels` says what comes of gripping exactly at a surface point. The run does not grip
exactly there: its depth is some millimetres off, its heading some degrees, a carton may not be told from a round body.
So here perception itself gets the picture, with the sensor's faults and a rough mask; the grasp that it computes at a
pixel is tried on the true object, and the outcome is the label of that pixel in that picture. A network that learns
this learns which places forgive the errors, and where in this picture the pose is likely to be wrong.

Half of the pixels lie anywhere on the object, half where a network already thinks well of it, since it will choose
there. A data set of these is a folder:

    plan.json              what was asked for. Written first; another plan is refused here.
    rehearsed/NAME.npz     one an object: inputs (n, 8, 256, 256) float16; labels (n, 256, 256) int8, a spot about
                           each tried pixel, 1 lifted and held without touching the support, 0 not, -1 not tried
    inputs.npy, labels.npy, samples.json   the training arrays (training.dataset.array_folder) of all objects,
                           samples.json last

Files appear whole or not at all; a run that was killed goes on where it stopped. Only training and validation objects
are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError, WriteError
from perception.geometry import Pose
from perception.grasping.grasp import grasps_at, inner_pixels
from perception.models import HeatmapModel
from perception.preprocess import heatmap_input
from perception.rejection import Rejection
from perception.surface.depth import object_depth
from training.common.mapping import Mapper
from training.dataset.array_folder import Sample, write_arrays
from training.dataset.catalogue import Entry, catalogue
from training.dataset.folder import Progress, claim, npz_bytes, save
from training.dataset.project_labels import BAD, GOOD, UNKNOWN, read_arrays
from training.evaluation.grasp import shipped_or
from training.evaluation.scenes import Case, cases
from training.heatmap.build_arrays import rough_crop

SCHEMA = 1
SPOT_PX = 4
"""Radius of a label, of the picture's pixels: what the choice of a pixel is smoothed over."""
APART_PX = 9
PROMISING = 0.8
"""Of the best pixel's quality: the network's half of the pixels is drawn from those above."""
SEEDS = 100_000
"""Added to the plan's seed, so that no picture is one of an evaluation's."""


@dataclass(frozen=True)
class Rehearsal:
    """per_family: objects of each family in the catalogue whose training and validation objects are used. pictures: of
    each object. pixels: grasps tried in each. heatmap: network that proposes half of them; None is the shipped one."""

    per_family: int = 20
    pictures: int = 10
    pixels: int = 25
    seed: int = 0
    heatmap: str | None = None
    families: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.per_family, self.pictures, self.pixels) < 1 or self.seed < 0:
            raise ConfigError("objects, pictures and pixels must be at least 1, the seed at least 0")
        catalogue(self.per_family, self.families)  # refuses what it does not know

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in catalogue(self.per_family, self.families) if entry.split != "test")


@dataclass(frozen=True)
class RehearsalJob:
    """All pictures of one object."""

    plan: Rehearsal
    entry: Entry

    def __str__(self) -> str:
        return self.file

    @property
    def file(self) -> str:
        return f"rehearsed/{self.entry.name}.npz"


def rehearse(
    plan: Rehearsal, out: Path, mapper: Mapper, progress: Progress = lambda *_: None, device: str = "cpu"
) -> dict[str, Any]:
    """Make what is missing; returns what samples.json says. ConfigError if the folder holds something else or cannot be
    written: what is there stays, and a next run goes on."""
    from training.dataset.jobs import start_genesis

    claim(plan, SCHEMA, out)
    jobs = [RehearsalJob(plan, entry) for entry in plan.entries]
    todo = [job for job in jobs if not (out / job.file).is_file()]
    progress("grasps", len(jobs) - len(todo), len(jobs))
    made = mapper.map(rehearse_object, todo, partial(start_genesis, device))
    for done, (file, content) in enumerate(made, len(jobs) - len(todo) + 1):
        save(out / file, content)
        progress("grasps", done, len(jobs))
    facts = {"views": len(jobs) * plan.pictures, "draws": 1}
    try:
        return write_arrays(out, _samples(out, jobs), facts["views"], facts)
    except (OSError, WriteError) as error:
        raise ConfigError(f"cannot write {out}: {error.strerror or error}; run the same command to go on") from error


def rehearse_object(job: RehearsalJob) -> tuple[str, bytes]:
    """(file, its bytes); Genesis must have been started."""
    from simulation.trials.grasp_trials import run_trials

    plan = job.plan
    network = shipped_or(plan.heatmap)
    pictures = cases(job.entry, plan.pictures, SEEDS + plan.seed, None)
    inputs, spots = [], []
    poses: list[Pose] = []
    for number, case in enumerate(pictures):
        rng = np.random.default_rng([plan.seed, job.entry.seed, number])
        frame, mask = case.frame, np.asarray(case.detection.mask)
        pixels = draw_pixels(case, network, plan.pixels, rng)
        seen = object_depth(frame.depth, mask, frame.intrinsics, frame.world_from_camera)
        tried = []
        for grasp in grasps_at(frame, case.detection, pixels, seen=seen):
            tried.append(None if isinstance(grasp, Rejection) else len(poses))
            if not isinstance(grasp, Rejection):
                poses.append(case.truth.world_from_object.inverse() @ grasp.world_from_hand)
        tensor, crop = heatmap_input(
            frame.rgb, frame.depth, mask, frame.intrinsics, frame.world_from_camera, rough_crop(mask, rng)
        )
        inputs.append(tensor.astype(np.float16))
        spots.append((pixels, tried, mask, crop))
    good = run_trials(job.entry.make(), poses).good if poses else np.zeros(0, bool)
    labels = [
        crop.cut(_label_picture(mask, pixels, tried, good) + 1, smooth=False).astype(np.int8) - 1
        for pixels, tried, mask, crop in spots
    ]
    return job.file, npz_bytes(inputs=np.stack(inputs), labels=np.stack(labels).astype(np.int8))


def draw_pixels(case: Case, network: HeatmapModel, count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(u, v) of at most `count` different pixels that a grasp may choose, as far as there is room APART_PX from each
    other: every second where the network promises most, the others anywhere."""
    allowed = inner_pixels(np.asarray(case.detection.mask))
    quality = np.where(allowed, network.predict(case.frame, case.detection).quality, 0.0)
    promising = allowed & (quality >= PROMISING * max(float(quality.max()), 1e-6))
    chosen: list[tuple[int, int]] = []
    for turn in range(count):
        v, u = np.nonzero(promising if turn % 2 else allowed)
        if not v.size:
            v, u = np.nonzero(allowed)
        if not v.size:
            break
        place = int(rng.integers(v.size))
        chosen.append((int(u[place]), int(v[place])))
        for free in (allowed, promising):
            cv2.circle(free.view(np.uint8), chosen[-1], APART_PX, 0, -1)
    return chosen


def _label_picture(
    mask: NDArray[np.bool_], pixels: list[tuple[int, int]], tried: list[int | None], good: NDArray[np.bool_]
) -> NDArray[np.int16]:
    """(H, W): a spot about each pixel. tried: the index of its trial, None where no grasp can be done, which is bad."""
    picture = np.full(mask.shape, UNKNOWN, np.int16)
    for pixel, index in zip(pixels, tried, strict=True):
        label = GOOD if index is not None and good[index] else BAD
        cv2.circle(picture, pixel, SPOT_PX, label, -1)
    return np.where(mask, picture, np.int16(UNKNOWN))


def _samples(out: Path, jobs: list[RehearsalJob]) -> Iterator[Sample]:
    for job in jobs:
        arrays = read_arrays(out / job.file, ("inputs", "labels"))
        for number, (tensor, labels) in enumerate(zip(arrays["inputs"], arrays["labels"], strict=True)):
            yield {"object": job.entry.name, "view": f"{job.entry.name}-{number:02d}", "draw": 0}, tensor, labels
