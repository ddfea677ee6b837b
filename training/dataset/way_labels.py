"""Labels of the whole family of grasps: what came of gripping an object all over, in every way, as it lies.

One NAME.npz an object. How it lies: rests (R, 4, 4) world_from_object, the floor at z = 0, and shares (R,), how often
it comes to lie so. Surface samples of each: points, normals (R, S, 3), object frame. Of each grasp (N,): rest, sample
and way, numbers in these and in WAYS (the roll of ways from above is in the pose); poses (N, 4, 4) object_from_hand
where the jaws close; span_m (N, 2) of the object along the jaw axis from the sample; opened_rad of the jaws before they
close; clearance_m between the object and the way in, at most 0.1; lifted, held. Grasps that geometry rules out are not
listed: `tried` (R, K) counts the samples that each of K kinds of way was asked for, `kinds` (K,) their numbers in WAYS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from perception.grasping.family import WAYS, applies
from simulation.scene.objects import GraspObject
from simulation.scene.resting import resting_poses
from simulation.trials.resting_trials import RestingBench
from training.dataset.folder import npz_bytes
from training.dataset.grasp_labels import sample_surface
from training.dataset.way_candidates import KINDS, Candidate, candidates, solid_points

Array = NDArray[np.float64]
SCHEMA: Final = 1
ENVIRONMENTS: Final = 256
SOLID_POINTS: Final = 2500
MAX_TORQUE_NM: Final = 3.0
LOWEST_RISE: Final = -0.75
"""Surfaces that look further down are seen by no camera above them."""


@dataclass(frozen=True, eq=False)
class WayLabels:
    """The arrays of the file, see the module."""

    arrays: dict[str, NDArray[Any]]

    def to_bytes(self) -> bytes:
        return npz_bytes(schema=np.int64(SCHEMA), **self.arrays)


def label_ways(thing: GraspObject, rests: int, samples: int, *, seed: int) -> WayLabels:
    """Try the family on an object; Genesis must have been started with `init_genesis`.

    rests: ways to lie, at most. samples: of the surface, for each of them.
    """
    with RestingBench(thing, ENVIRONMENTS) as bench:
        lying = resting_poses(thing.vertices, rests, seed)
        settled = bench.settle([pose for pose, _ in lying])
        stays = [(rest, share) for rest, (_, share) in zip(settled, lying, strict=True) if rest is not None]
        solid = solid_points(bench.parts, SOLID_POINTS, seed)
        surfaces = [sample_surface(thing, samples, seed + number) for number in range(len(stays))]
        rng = np.random.default_rng([seed, 11])
        found: list[tuple[int, Candidate]] = []
        for number, ((rest, _), (points, normals)) in enumerate(zip(stays, surfaces, strict=True)):
            placed = rest.transform(points), normals @ rest.rotation.T
            found += [(number, one) for one in candidates(*placed, rest.transform(solid), rng)]
        hands, objects = [one.closing for _, one in found], [stays[number][0] for number, _ in found]
        results = bench.run(hands, objects, np.array([one.opened_rad for _, one in found]), MAX_TORQUE_NM)
    poses = [world.inverse() @ hand for world, hand in zip(objects, hands, strict=True)]
    return WayLabels(
        {
            "rests": _matrices([rest for rest, _ in stays]),
            "shares": np.array([share for _, share in stays]),
            "points": np.array([points for points, _ in surfaces]).reshape(-1, samples, 3),
            "normals": np.array([normals for _, normals in surfaces]).reshape(-1, samples, 3),
            "kinds": np.array([WAYS.index(way) for way in KINDS]),
            "tried": _tried(stays, surfaces),
            "rest": np.array([number for number, _ in found], np.int16),
            "sample": np.array([one.sample for _, one in found], np.int32),
            "way": np.array([WAYS.index(KINDS[one.kind]) for _, one in found], np.int8),
            "poses": _matrices(poses).astype(np.float32),
            "span_m": np.array([one.span_m for _, one in found], np.float32).reshape(-1, 2),
            "opened_rad": np.array([one.opened_rad for _, one in found], np.float32),
            "clearance_m": np.array([one.clearance_m for _, one in found], np.float32),
            "lifted": results.lifted,
            "held": results.held,
        }
    )


def _tried(stays: list[tuple[Pose, float]], surfaces: list[tuple[Array, Array]]) -> NDArray[np.int64]:
    return np.array(
        [
            [sum(applies(way, normal) for normal in normals @ rest.rotation.T) for way in KINDS]
            for (rest, _), (_, normals) in zip(stays, surfaces, strict=True)
        ],
        np.int64,
    ).reshape(-1, len(KINDS))


def _matrices(poses: list[Pose]) -> Array:
    return np.array([pose.matrix() for pose in poses]).reshape(-1, 4, 4)
