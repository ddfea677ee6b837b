"""Grasp labels: samples of an object's surface, and the outcome of a simulated grasp at each.

`python -m training.dataset.labels.grasps --out DIR --views DIR [--objects N] [--seed S] [--workers 1]`

One NAME.npz per object (NAME = family-seed): points (N, 3) metres and normals (N, 3) unit, outwards, in the object's
frame; poses (N, 4, 4) object_from_hand; width_m (N,); contact, lifted, held, collided_support (N,) bool; opening (N,)
0..1 at the end. With --views the objects seen most often in these views are labelled, else N objects drawn by the seed.
An interrupted run continues.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.dataset.labels.grasps")

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.base.plain_json import json_text
from perception.geometry import Pose, unit
from perception.hand.hand_pose import hand_pose
from simulation.genesis.physics import init_genesis
from simulation.scene.objects import FAMILIES, GraspObject, make_object
from simulation.trials.grasp_trials import TrialResults, run_trials
from training.common.mapping import LocalMapper
from training.dataset.folder import npz_bytes
from training.dataset.labels.project import objects_in_views

SCHEMA = 3
"""Of the label files."""
SAMPLES = 768
MIN_WIDTH_M = 0.005
"""Least width: a section without width (the rim of a cap, from above) is gripped as if it were this wide."""
STEEP = float(np.sin(np.radians(45.0)))
FLAT, FLAT_DEPTH = 0.7, 0.05
"""A face is flat if FLAT of the width between the jaws lies within FLAT_DEPTH, a share of that width. A circle has 0.44
within 0.05."""
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ObjectLabels:
    """points: (N, 3) metres, normals: (N, 3) unit, object frame. poses: N object_from_hand. width_m: (N,) between the
    jaws. results: outcomes of the N grasps.
    """

    points: Array
    normals: Array
    poses: tuple[Pose, ...]
    width_m: Array
    results: TrialResults

    def to_bytes(self) -> bytes:
        """The npz file; equal labels give equal bytes."""
        poses = np.array([pose.matrix() for pose in self.poses])
        return npz_bytes(
            schema=np.int64(SCHEMA),
            points=self.points,
            normals=self.normals,
            poses=poses,
            width_m=self.width_m,
            **asdict(self.results),
        )


def sample_surface(item: GraspObject, count: int, seed: int) -> tuple[Array, Array]:
    """(points, normals), each (count, 3), spread evenly over the object's area. The normals are those of the faces."""
    mesh = item.mesh()
    corners = np.asarray(mesh.triangles)
    edges = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(edges, axis=1)
    rng = np.random.default_rng(seed)
    # stratified along the summed area, so that few samples cover it evenly
    places = (np.arange(count) + rng.random(count)) / count * doubled.sum()
    face = np.minimum(np.searchsorted(np.cumsum(doubled), places), len(doubled) - 1)
    a, b = rng.random((2, count))
    flip = a + b > 1
    a, b = np.where(flip, 1 - a, a), np.where(flip, 1 - b, b)
    base, first, second = corners[face].transpose(1, 0, 2)
    points = base + a[:, None] * (first - base) + b[:, None] * (second - base)
    return points, edges[face] / doubled[face, None]


def grasp_at(item: GraspObject, point: Array, normal: Array) -> tuple[Pose, float]:
    """(object_from_hand, width in metres) at a surface point (3,) with outward normal (3,), object frame.

    The pose is that of `perception.grasping`, for the object's true width between the jaws. On a flat face the hand is
    centred on the face. The width depends on the closing direction, so the rotation is computed first.
    """
    upright = (0.0, 0.0, 1.0)
    across = hand_pose(point, normal, upright, 0.05, SPOT.gripper).rotation[:, 2]
    level = np.array([across[0], across[1], 0.0])
    width = item.extent_m(float(point[2]), level) if np.linalg.norm(level) > 0.1 else 0.0
    width = max(width, MIN_WIDTH_M)
    off = off_middle(item, point, normal, unit(level), width) if abs(normal[2]) < STEEP else None
    if off is not None:
        point = point + off * unit(level)
    return hand_pose(point, normal, upright, width, SPOT.gripper, flat=off is not None), width


def off_middle(item: GraspObject, point: Array, normal: Array, across: Array, width_m: float) -> float | None:
    """Metres from a point to the middle of its flat face, along `across` (3,), unit and level.

    None if the face is not flat: less than FLAT of the width lies within FLAT_DEPTH of the upright plane through the
    point. Also None if a part of the object lies further in front of that plane, as a mug does before its handle's
    side.
    """
    outline = item.outline_m(float(np.clip(point[2], 1e-4, item.height_m - 1e-4))) - point
    ahead = outline @ unit(np.cross(across, [0.0, 0.0, 1.0]))
    ahead *= np.sign(np.cross(across, [0.0, 0.0, 1.0]) @ normal)
    along = (outline @ across)[ahead > -FLAT_DEPTH * width_m]
    if not along.size or ahead.max() > FLAT_DEPTH * width_m or np.ptp(along) < FLAT * width_m:
        return None
    return float(along.max() + along.min()) / 2


def label_object(item: GraspObject, samples: int = SAMPLES, *, seed: int = 0, batch: int = 256) -> ObjectLabels:
    """Try `samples` grasps all over the object in physics. Genesis must have been started with `init_genesis`."""
    points, normals = sample_surface(item, samples, seed)
    pairs = [grasp_at(item, point, normal) for point, normal in zip(points, normals, strict=True)]
    poses = tuple(pose for pose, _ in pairs)
    results = run_trials(item, poses, batch=batch)
    return ObjectLabels(points, normals, poses, np.array([width for _, width in pairs]), results)


def drawn_objects(count: int, seed: int) -> list[tuple[str, int]]:
    """(family, seed) of `count` random objects, the families in turn."""
    rng = np.random.default_rng(seed)
    return [(FAMILIES[i % len(FAMILIES)], int(s)) for i, s in enumerate(rng.integers(0, 2**31, count))]


def _label(job: tuple[str, int, str, int]) -> dict[str, Any]:
    """Label one object and save it. Runs in a worker process."""
    family, seed, target, samples = job
    item = make_object(family, seed)  # type: ignore[arg-type]  # checked by make_object
    started = time.perf_counter()
    labels = label_object(item, samples, seed=seed % 2**31)
    write_atomic(Path(target), labels.to_bytes())
    share = float(labels.results.good.mean())
    return {"object": item.name, "good": round(share, 3), "seconds": round(time.perf_counter() - started, 1)}


def label_objects(objects: Sequence[tuple[str, int]], out: Path, *, samples: int = SAMPLES, workers: int = 1) -> int:
    """Label the objects that have no file in `out` yet; returns their number. Writes one line per object to stdout."""
    out.mkdir(parents=True, exist_ok=True)
    todo = [(family, seed, str(out / f"{family}-{seed}.npz"), samples) for family, seed in objects]
    todo = [job for job in todo if not Path(job[2]).exists()]
    for line in LocalMapper(workers).map(_label, todo, init_genesis):
        sys.stdout.write(json_text(line) + "\n")
        sys.stdout.flush()
    return len(todo)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--views", type=Path, help="label the objects seen in these views")
    parser.add_argument("--objects", type=int, help="how many objects; all of --views, or 60 without it")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    if args.workers < 1 or args.samples < 1 or (args.objects is not None and args.objects < 1):
        raise ConfigError("--workers, --samples and --objects must be at least 1")
    if args.views is not None:
        objects = [(family, seed) for family, seed, _ in objects_in_views(args.views)]
        objects = [item for item in objects if item[0] in FAMILIES][: args.objects]
    else:
        objects = drawn_objects(args.objects or 60, args.seed)
    done = label_objects(objects, args.out, samples=args.samples, workers=args.workers)
    sys.stdout.write(json_text({"objects": len(objects), "labelled_now": done}) + "\n")
