"""Compares projected labels with physics: random labelled pixels are simulated themselves.

`python -m training.studies.prove_projection --data DIR [--pixels 2000] [--seed S]`

DIR: a data set of spot-grasp dataset generate, of lift labels. A pixel's surface point comes from its rendered depth,
its normal from the object's nearest face, and the grasp there is tried like the samples. One JSON line: pixels,
agreement with its 95 % Wilson interval, counts of both kinds of disagreement, and the share of unlabelled pixels, which
are not compared.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.studies.prove_projection")

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from perception.geometry import Pose
from perception.types import Intrinsics
from simulation.scene.objects import FAMILIES, GraspObject, make_object
from training.common.confidence import wilson
from training.dataset.labels.grasps import grasp_at
from training.dataset.labels.project import DEPTH_UNIT_M, object_names, read_arrays, view_files

Points = list[tuple[NDArray[np.float64], int]]
VIEW_KEYS = ("depth", "instances", "families", "seeds", "world_from_object", "world_from_camera", "intrinsics")


def drawn_pixels(folder: Path, count: int, seed: int) -> tuple[dict[str, Points], float]:
    """({object: [(surface point (3,) in its frame, label)]}, share of object pixels without a label).

    The pixels are spread evenly over the views. ConfigError if the data set has no labelled pixel.
    """
    files = [path for path in view_files(folder / "views") if (folder / "projected" / path.name).is_file()]
    rng = np.random.default_rng(seed)
    drawn: dict[str, Points] = defaultdict(list)
    known = unknown = 0
    chosen = [files[int(i)] for i in rng.permutation(len(files))]
    for number, path in enumerate(chosen):
        view = read_arrays(path, VIEW_KEYS)
        data = read_arrays(folder / "projected" / path.name, ("labels", "labelled"))
        labelled = np.isin(view["instances"], np.flatnonzero(data["labelled"]) + 1) & (view["depth"] > 0)
        known += int((labelled & (data["labels"] >= 0)).sum())
        unknown += int((labelled & (data["labels"] < 0)).sum())
        rows, columns = np.nonzero(labelled & (data["labels"] >= 0))
        left = count - sum(len(points) for points in drawn.values())
        share = min(-(-left // (len(chosen) - number)), len(rows))
        if share <= 0:
            continue
        for index in rng.choice(len(rows), share, replace=False):
            v, u = int(rows[index]), int(columns[index])
            name, point = _surface_point(view, u, v)
            drawn[name].append((point, int(data["labels"][v, u])))
    if not drawn:
        raise ConfigError(f"{folder}: no labelled pixel; make the data set with spot-grasp dataset generate")
    return dict(drawn), unknown / max(1, known + unknown)


def _surface_point(view: dict[str, NDArray[Any]], u: int, v: int) -> tuple[str, NDArray[np.float64]]:
    row = int(view["instances"][v, u]) - 1
    height, width = view["depth"].shape
    camera = Intrinsics(width, height, *(float(value) for value in view["intrinsics"]))
    point = camera.back_project(u + 0.5, v + 0.5, float(view["depth"][v, u]) * DEPTH_UNIT_M)
    object_from_world = Pose.from_matrix(view["world_from_object"][row]).inverse()
    in_object = (object_from_world @ Pose.from_matrix(view["world_from_camera"])).transform(point)
    return object_names(view)[row], np.asarray(in_object)


def nearest_normals(item: GraspObject, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 3) outward normals of the faces nearest to points (N, 3)."""
    import trimesh

    mesh = item.mesh()
    _, _, face = trimesh.proximity.closest_point(mesh, points)
    return np.asarray(mesh.face_normals[face], dtype=np.float64)


def prove(folder: Path, count: int, seed: int = 0) -> dict[str, Any]:
    """Simulate random pixels of a data set and compare. Genesis must have been started. ConfigError for user meshes."""
    from simulation.trials.grasp_trials import run_trials

    drawn, unlabelled = drawn_pixels(folder, count, seed)
    agree = good_only = bad_only = 0
    for name, pixels in sorted(drawn.items()):
        family, number = name.rsplit("-", 1)
        if family not in FAMILIES:
            raise ConfigError(f"{name}: the proof makes objects again from their seeds; leave out user meshes")
        item = make_object(family, int(number))
        points = np.array([point for point, _ in pixels])
        normals = nearest_normals(item, points)
        poses = [grasp_at(item, point, normal)[0] for point, normal in zip(points, normals, strict=True)]
        simulated = run_trials(item, poses).good
        labels = np.array([label == 1 for _, label in pixels])
        agree += int((simulated == labels).sum())
        good_only += int((labels & ~simulated).sum())
        bad_only += int((~labels & simulated).sum())
    total = agree + good_only + bad_only
    low, high = wilson(agree, total)
    return {
        "pixels": total,
        "objects": len(drawn),
        "agreement": round(agree / total, 4),
        "interval": [round(low, 4), round(high, 4)],
        "label_good_simulation_bad": good_only,
        "label_bad_simulation_good": bad_only,
        "unlabelled": round(unlabelled, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pixels", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.pixels < 1:
        raise ConfigError(f"--pixels {args.pixels} must be at least 1")
    from simulation.genesis.physics import init_genesis

    init_genesis()
    report = prove(args.data, args.pixels, args.seed)
    sys.stdout.write(json_text(report) + "\n")
