"""Jobs for tests of the data engine that other processes can import, and how to do jobs in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from perception.base.errors import ConfigError
from training.dataset import jobs
from training.dataset.folder import npz_bytes


def nothing_to_start() -> None:
    """For jobs that need no simulator."""


def pixels(seed: int) -> bytes:
    """A job that takes no simulator; a negative seed is an error."""
    if seed < 0:
        raise ConfigError(f"seed {seed} is negative")
    return npz_bytes(noise=np.random.default_rng(seed).random(100))


class InlineMapper:
    """In this process, one after the other; counts what it did and may break off."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.done, self._stop_after = 0, stop_after

    def map(self, function: Callable[[Any], Any], todo: Sequence[Any], start: Callable[[], None]) -> Iterator[Any]:
        for job in todo:
            if self.done == self._stop_after:
                raise KeyboardInterrupt
            self.done += 1
            yield function(job)


def fake_label_job(job: jobs.LabelJob) -> jobs.Files:
    rng = np.random.default_rng(job.seed)
    count = 1000
    flags = {name: rng.random(count) < 0.5 for name in ("contact", "lifted", "held", "collided_support")}
    points = np.stack([np.full(count, 0.5), rng.uniform(-0.1, 0.1, count), rng.uniform(-0.1, 0.1, count)], axis=1)
    normals = np.tile([-1.0, 0.0, 0.0], (count, 1))
    return [(job.last_file, npz_bytes(points=points, normals=normals, **flags))]


def fake_view_job(job: jobs.ViewJob) -> jobs.Files:
    files = []
    for view in range(job.plan.views):
        instances = np.zeros((48, 64), np.uint8)
        instances[10:40, 20:40] = 1
        pose = np.eye(4)
        pose[:3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
        arrays = {
            "rgb": np.full((48, 64, 3), 10 * job.scene, np.uint8),
            "depth": np.full((48, 64), 5000, np.uint16),
            "instances": instances,
            "families": np.array(["bottle"]),
            "seeds": np.array([1_000_000]),
            "world_from_object": np.eye(4)[None],
            "world_from_camera": pose,
            "intrinsics": np.array([55.0, 55.0, 32.0, 24.0]),
        }
        files.append((job.file(view), npz_bytes(**arrays)))
    return files
