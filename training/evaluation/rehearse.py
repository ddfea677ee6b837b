"""Labels from grasps as the run would make them: they include the errors of perception's pose.

A label of `training.dataset.labels.grasps` is for a grasp exactly at a surface point. A run's grasp differs: its depth
is off by millimetres, its heading by degrees, and a carton may be taken for a round body. Here perception gets a
picture with the sensor's faults and a rough mask. The grasp that it computes at a pixel is tried on the true object,
and the outcome labels that pixel. A network trained on these labels prefers pixels where such errors do no harm.

Half of the pixels lie anywhere on the object, half where a network already predicts a high quality. The data set is a
folder:

    plan.json              the options. Written first; the folder refuses another plan.
    rehearsed/NAME.npz     one per object: inputs (n, 8, 256, 256) float16; labels (n, 256, 256) int8, a disc at each
                           tried pixel: 1 lifted and held without touching the support, 0 not, -1 not tried
    inputs.npy, labels.npy, samples.json   the training arrays (training.dataset.array_folder) of all objects

Files are written whole or not at all, and a killed run continues. Only training and validation objects are used.
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

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError, WriteError
from perception.geometry import Pose
from perception.grasping.grasp import grasps_at, inner_pixels
from perception.networks.protocols import HeatmapModel
from perception.quality.preprocess import heatmap_input
from perception.types import Rejection
from perception.view import View
from training.common.mapping import Mapper
from training.common.workers import Progress
from training.dataset.array_folder import Sample, write_arrays
from training.dataset.catalogue import Entry, catalogue
from training.dataset.folder import claim, npz_bytes, save
from training.dataset.labels.project import BAD, GOOD, UNKNOWN, read_arrays
from training.evaluation.grasp import shipped_or
from training.evaluation.scenes import NOTHING_KNOWN, Case, cases
from training.heatmap.build_arrays import rough_crop

SCHEMA = 1
SPOT_PX = 4
"""Radius of a label in the picture: the range over which the run smooths the quality."""
APART_PX = 9
"""Distance between two tried pixels."""
PROMISING = 0.8
"""The network's half of the pixels has at least this share of the best pixel's quality."""
SEEDS = 100_000
"""Added to the plan's seed, so that no picture is also used in an evaluation."""


@dataclass(frozen=True)
class Rehearsal:
    """What such a data set holds.

    per_family: size of the catalogue whose training and validation objects are used. pictures: per object. pixels:
    grasps tried per picture. heatmap: the network that proposes half of them, None for the shipped network. families:
    only these; empty for all.
    """

    per_family: int = 20
    pictures: int = 10
    pixels: int = 25
    seed: int = 0
    heatmap: str | None = None
    families: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.per_family, self.pictures, self.pixels) < 1 or self.seed < 0:
            raise ConfigError("objects, pictures and pixels must be at least 1, the seed at least 0")
        catalogue(self.per_family, self.families)  # ConfigError for an unknown family

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
    """Make the missing files; returns the content of samples.json.

    ConfigError if the folder holds something else or cannot be written. Finished files stay; the same call continues.
    """
    from training.dataset.jobs import start_genesis

    claim(plan, SCHEMA, out)
    jobs = [RehearsalJob(plan, entry) for entry in plan.entries]
    todo = [job for job in jobs if not (out / job.file).is_file()]
    progress("grasps", len(jobs) - len(todo), len(jobs))
    results = mapper.map(rehearse_object, todo, partial(start_genesis, device))
    for done, (file, content) in enumerate(results, len(jobs) - len(todo) + 1):
        save(out / file, content)
        progress("grasps", done, len(jobs))
    facts = {"views": len(jobs) * plan.pictures, "draws": 1}
    try:
        return write_arrays(out, _samples(out, jobs), facts["views"], facts)
    except (OSError, WriteError) as error:
        raise ConfigError(f"cannot write {out}: {error.strerror or error}; run the same command to go on") from error


def rehearse_object(job: RehearsalJob) -> tuple[str, bytes]:
    """(file, its bytes). Genesis must have been started."""
    from simulation.trials.grasp_trials import run_trials

    plan = job.plan
    network = shipped_or(plan.heatmap)
    pictures = cases(job.entry, plan.pictures, SEEDS + plan.seed, NOTHING_KNOWN)
    inputs, spots = [], []
    poses: list[Pose] = []
    for number, case in enumerate(pictures):
        rng = np.random.default_rng([plan.seed, job.entry.seed, number])
        frame, mask = case.frame, np.asarray(case.detection.mask)
        pixels = draw_pixels(case, network, plan.pixels, rng)
        tried = []
        for grasp in grasps_at(View(frame, case.detection), pixels, gripper=SPOT.gripper):
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
    """(u, v) of at most `count` pixels inside the mask, at least APART_PX from each other.

    Every second pixel lies where the network predicts a high quality, the others anywhere.
    """
    allowed = inner_pixels(np.asarray(case.detection.mask))
    quality = np.where(allowed, network.predict(View(case.frame, case.detection)).quality, 0.0)
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
    """(H, W) labels, a disc at each pixel. tried: index of its trial; None if no grasp is possible, which is bad."""
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
