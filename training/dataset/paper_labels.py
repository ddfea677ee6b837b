"""Labels after the protocol of arXiv 2508.17466: contact alone, on an object that is fixed to the floor."""

from __future__ import annotations

import numpy as np

from simulation.scene.objects import GraspObject
from simulation.trials.contact_trials import paper_hand_pose, run_contact_trials
from simulation.trials.grasp_trials import TrialResults
from training.dataset.grasp_labels import ObjectLabels, sample_surface


def paper_labels(thing: GraspObject, samples: int, *, seed: int = 0) -> ObjectLabels:
    """The object's samples with the paper's label in `contact`; nothing is lifted, so the rest is False and 0.
    Genesis must have been started."""
    points, normals = sample_surface(thing, samples, seed)
    poses = tuple(paper_hand_pose(point, normal) for point, normal in zip(points, normals, strict=True))
    contact = run_contact_trials(thing, poses)
    never = np.zeros(samples, dtype=bool)
    results = TrialResults(contact, never, never.copy(), never.copy(), np.zeros(samples))
    return ObjectLabels(points, normals, poses, np.zeros(samples), results)
