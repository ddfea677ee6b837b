"""The family's oracle: a grasp that holds an object as it lies, known by its true shape and physics.

The whole family is tried all over the object, as for labels. Of the grasps that hold, those whose neighbours hold as
well are tried with the whole motion of an evaluation.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from perception.geometry import Pose
from perception.hand.rooms import OPENINGS_RAD
from simulation.scene.objects import GraspObject
from simulation.trials.grasp_trials import run_trials
from simulation.trials.resting_trials import RestingBench
from training.dataset.labels.grasps import sample_surface
from training.dataset.ways.candidates import ask, solid_points
from training.dataset.ways.labels import ENVIRONMENTS, MAX_TORQUE_NM, SOLID_POINTS

SAMPLES: Final = 200
TRIED: Final = 12
NEAR_M: Final = 0.02
NEAR_COS: Final = float(np.cos(np.radians(22.5)))
ON_FLOOR_M: Final = 0.0005


def best_of_family(item: GraspObject, seed: int, support_half_m: float) -> tuple[Pose, float] | None:
    """(object_from_hand on its way in, opening of the jaws) of a grasp that lifts and holds; None if none is known.

    item: as it lies on z = 0. support_half_m: half the width of the support that it is then tried on. Genesis must have
    been started.
    """
    with RestingBench(item, ENVIRONMENTS) as bench:
        rest = bench.settle([Pose(np.eye(3), np.array([0.0, 0.0, ON_FLOOR_M]))])[0]
        if rest is None:
            return None
        points, normals = sample_surface(item, SAMPLES, seed)
        solid = rest.transform(solid_points(bench.parts, SOLID_POINTS, seed))
        asked = ask(rest.transform(points), normals @ rest.rotation.T, solid, np.random.default_rng([seed, 11]))
        free = [one.candidate for one in asked if one.candidate is not None]
        opened = np.array([candidate.opened_rad for candidate in free])
        poses = [candidate.closing for candidate in free]
        held = bench.run(poses, [rest] * len(free), opened, MAX_TORQUE_NM).held if free else np.zeros(0, bool)
    if not held.any():
        return None
    axes = np.array([pose.rotation[:, 2] for pose in poses])
    approaches = np.array([pose.rotation[:, 0] for pose in poses])
    tree = cKDTree([pose.position_m for pose in poses])
    worth = np.full(len(poses), -1.0)
    for index in np.flatnonzero(held):
        near = np.array(tree.query_ball_point(poses[index].position_m, NEAR_M))
        alike = (np.abs(axes[near] @ axes[index]) > NEAR_COS) & (approaches[near] @ approaches[index] > NEAR_COS)
        worth[index] = (held[near[alike]].sum() + 1.0) / (alike.sum() + 2.0)
    chosen = [int(i) for i in np.argsort(-worth, kind="stable")[: min(TRIED, int(held.sum()))]]
    coming = [rest.inverse() @ free[i].world_from_hand for i in chosen]
    openings = [float(opened[i] / OPENINGS_RAD[-1]) for i in chosen]
    closing = [rest.inverse() @ poses[i] for i in chosen]
    good = run_trials(item, coming, support_half_m=support_half_m, openings=openings, closing=closing).good
    first = int(np.argmax(good)) if good.any() else 0
    return coming[first], openings[first]
