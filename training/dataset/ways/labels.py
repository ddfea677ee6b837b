"""Labels of the whole family of grasps: what came of gripping an object all over, in every way, as it lies.

One NAME.npz an object. How it lies: rests (R, 4, 4) world_from_object, the floor at z = 0, and shares (R,), how often
it comes to lie so. Surface samples of each: points, normals (R, S, 3), object frame. Of each grasp that was asked for
(A,): rest, sample and way, numbers in these and in WAYS (of ways from above only the depth counts), axis (A, 3), the
jaw axis that was asked for, object frame; the jaws turn from it to where the object is narrowest. Of those that
geometry does not rule out (N,): asked, their numbers among all; poses (N, 4, 4) object_from_hand where the jaws close;
span_m (N, 2) of the object along the jaw axis from the sample; opened_rad of the jaws before they close; clearance_m
between the object and the way in, at most 0.1; lifted, held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.geometry import Pose
from perception.hand.family import WAYS
from simulation.scene.objects import GraspObject
from simulation.scene.resting import resting_poses
from simulation.trials.resting_trials import RestingBench
from training.dataset.folder import npz_bytes
from training.dataset.labels.grasps import sample_surface
from training.dataset.ways.candidates import KINDS, Asked, ask, solid_points

Array = NDArray[np.float64]
SCHEMA: Final = 1
ARRAYS: Final = {
    "rests": ("R", 4, 4), "shares": ("R",), "points": ("R", "S", 3), "normals": ("R", "S", 3), "rest": ("A",),
    "sample": ("A",), "way": ("A",), "axis": ("A", 3), "asked": ("N",), "poses": ("N", 4, 4), "span_m": ("N", 2),
    "opened_rad": ("N",), "clearance_m": ("N",), "lifted": ("N",), "held": ("N",),
}  # fmt: skip
"""The shape of each array of a file."""
ENVIRONMENTS: Final = 256
SOLID_POINTS: Final = 2500
MAX_TORQUE_NM: Final = 3.0


@dataclass(frozen=True, eq=False)
class WayLabels:
    """The arrays of the file, see the module."""

    arrays: dict[str, NDArray[Any]]

    def to_bytes(self) -> bytes:
        return npz_bytes(schema=np.int64(SCHEMA), **self.arrays)


def label_ways(thing: GraspObject, rests: int, samples: int, *, seed: int) -> WayLabels:
    """Try the family on an object; Genesis must have been started with `init_genesis`.

    rests: ways to lie, at most; standing as it was made comes first. samples: of the surface, for each of them.
    """
    with RestingBench(thing, ENVIRONMENTS) as bench:
        lying = resting_poses(thing.vertices, rests, seed, standing_first=True)
        settled = bench.settle([pose for pose, _ in lying])
        stays = [(rest, share) for rest, (_, share) in zip(settled, lying, strict=True) if rest is not None]
        solid = solid_points(bench.parts, SOLID_POINTS, seed)
        surfaces = [sample_surface(thing, samples, seed + number) for number in range(len(stays))]
        rng = np.random.default_rng([seed, 11])
        asked: list[tuple[int, Asked]] = []
        for number, ((rest, _), (points, normals)) in enumerate(zip(stays, surfaces, strict=True)):
            placed = rest.transform(points), normals @ rest.rotation.T
            asked += [(number, one) for one in ask(*placed, rest.transform(solid), rng)]
        left = [(number, one.candidate) for number, one in asked if one.candidate is not None]
        hands, objects = [one.closing for _, one in left], [stays[number][0] for number, _ in left]
        results = bench.run(hands, objects, np.array([one.opened_rad for _, one in left]), MAX_TORQUE_NM)
    poses = [world.inverse() @ hand for world, hand in zip(objects, hands, strict=True)]
    axes = [stays[number][0].rotation.T @ one.axis for number, one in asked]
    return WayLabels(
        {
            "rests": _matrices([rest for rest, _ in stays]),
            "shares": np.array([share for _, share in stays]),
            "points": np.array([points for points, _ in surfaces]).reshape(-1, samples, 3),
            "normals": np.array([normals for _, normals in surfaces]).reshape(-1, samples, 3),
            "rest": np.array([number for number, _ in asked], np.int16),
            "sample": np.array([one.sample for _, one in asked], np.int32),
            "way": np.array([WAYS.index(KINDS[one.kind]) for _, one in asked], np.int8),
            "axis": np.array(axes, np.float32).reshape(-1, 3),
            "asked": np.array([i for i, (_, one) in enumerate(asked) if one.candidate is not None], np.int32),
            "poses": _matrices(poses).astype(np.float32),
            "span_m": np.array([one.span_m for _, one in left], np.float32).reshape(-1, 2),
            "opened_rad": np.array([one.opened_rad for _, one in left], np.float32),
            "clearance_m": np.array([one.clearance_m for _, one in left], np.float32),
            "lifted": results.lifted,
            "held": results.held,
        }
    )


def _matrices(poses: list[Pose]) -> Array:
    return np.array([pose.matrix() for pose in poses]).reshape(-1, 4, 4)
