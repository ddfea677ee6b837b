"""Jobs of a worker process: label one object, or render one scene. A job returns (file name, bytes) pairs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.dataset.folder import npz_bytes
from training.dataset.plan import Plan

Files = list[tuple[str, bytes]]


@dataclass(frozen=True)
class LabelJob:
    """An object to label: of a family and seed, or, if `mesh` names a file, a user's mesh."""

    preset: str
    family: str
    seed: int
    mesh: str
    samples: int

    def __str__(self) -> str:
        return self.last_file

    @property
    def name(self) -> str:
        from training.dataset.scenes import user_object

        return user_object(Path(self.mesh)).name if self.mesh else f"{self.family}-{self.seed}"

    @property
    def last_file(self) -> str:
        return f"labels/{self.name}.npz"


@dataclass(frozen=True)
class ViewJob:
    """A scene to render, with all its views."""

    plan: Plan
    scene: int

    def __str__(self) -> str:
        return f"the views of scene {self.scene}"

    def file(self, view: int) -> str:
        return f"views/view-{self.scene:05d}-{view:02d}.npz"

    @property
    def last_file(self) -> str:
        return self.file(self.plan.views - 1)


def start_genesis(device: str = "cpu") -> None:
    from simulation.genesis.physics import init_genesis

    init_genesis(device)


def label_job(job: LabelJob) -> Files:
    """The label file of an object. Genesis must have been started."""
    from simulation.scene.objects import make_object
    from training.dataset.labels.grasps import label_object
    from training.dataset.labels.paper import paper_labels
    from training.dataset.scenes import user_object

    item = user_object(Path(job.mesh)) if job.mesh else make_object(job.family, job.seed)  # type: ignore[arg-type]
    label = paper_labels if job.preset == "paper" else label_object
    return [(job.last_file, label(item, job.samples, seed=item.seed).to_bytes())]


def view_job(job: ViewJob) -> Files:
    """The view files of a scene. Genesis must have been started."""
    from behaviours.robots.spot.model import SPOT
    from training.dataset.scenes import catalogue_scene, mesh_scene, paper_scene
    from training.dataset.viewpoints import PAPER_CAMERA, PRESETS, camera_pose, paper_pose
    from training.dataset.views import render_views

    plan = job.plan
    if plan.preset == "paper":
        first = job.scene * plan.views
        poses = [paper_pose(index, plan.seed) for index in range(first, first + plan.views)]
        rendered = render_views(paper_scene(plan.entries[0].make(), plan.seed), PAPER_CAMERA, poses)
    else:
        every = len(plan.entries) + len(plan.meshes)
        turn = job.scene % every - len(plan.entries)
        if turn >= 0:
            sample = mesh_scene(Path(plan.meshes[turn]), job.scene, plan.seed)
        else:
            sample = catalogue_scene(plan.entries, job.scene, plan.seed)
        round_about = plan.preset == "hemisphere" or job.scene % 4 == 3
        preset = PRESETS["hemisphere" if round_about else "near"]
        rng = np.random.default_rng([plan.seed, job.scene, 7])
        rendered = render_views(sample, SPOT.hand_camera, [camera_pose(rng, preset, sample) for _ in range(plan.views)])
    return [(job.file(index), npz_bytes(**view)) for index, view in enumerate(rendered)]
