"""Labels by the protocol of arXiv 2508.17466: contact only, on an object that is fixed to the floor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulation.scene.objects import GraspObject
from simulation.trials.contact_trials import paper_hand_pose, run_contact_trials
from simulation.trials.grasp_trials import TrialResults
from training.dataset.labels.grasps import ObjectLabels, sample_surface


def paper_labels(item: GraspObject, samples: int, *, seed: int = 0) -> ObjectLabels:
    """Samples of an object with the paper's label in `contact`. All other outcomes are False or 0.

    samples: how many. seed: of the samples. Genesis must have been started.
    """
    points, normals = sample_surface(item, samples, seed)
    poses = tuple(paper_hand_pose(point, normal) for point, normal in zip(points, normals, strict=True))
    results = replace(TrialResults.none(samples), contact=run_contact_trials(item, poses))
    return ObjectLabels(points, normals, poses, np.zeros(samples), results)
