"""Per-pixel grasp labels: outcomes of simulated grasps at samples of an object's surface, projected into its views.

`python -m training.dataset.labels.project --views DIR --labels DIR --out DIR`

--views: files of training.dataset.views. --labels: one NAME.npz per object (NAME = family-seed) with points (N, 3)
metres and normals (N, 3) unit, outwards, both in the object's frame, and for each the outcome of the grasp there:
lifted, held, collided_support (N,) bool. --out gets one file per view, with the view's name: labels (480, 640) int8
and labelled (K,) bool, which objects of the view had labels. A label is 1 if the grasp at this surface point lifts and
holds, 0 if it fails, and -1 for background or where no sample is near. If neighbouring samples disagree, the label is
minus the share of good ones, in percent (-2 to -100). An interrupted run continues; a view whose objects have labels
now that they lacked before is projected again.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.dataset.labels.project")

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from perception.base import array_files
from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.base.plain_json import json_text
from perception.geometry import Pose
from perception.surface.normals import plane_fit_normals
from perception.types import Intrinsics
from training.dataset.folder import npz_bytes

VIEW: Final[dict[str, tuple[tuple[int | str, ...], type[np.generic]]]] = {
    "rgb": (("height", "width", 3), np.uint8),
    "depth": (("height", "width"), np.unsignedinteger),
    "instances": (("height", "width"), np.uint8),
    "families": (("objects",), np.str_),
    "seeds": (("objects",), np.integer),
    "world_from_object": (("objects", 4, 4), np.floating),
    "world_from_camera": ((4, 4), np.floating),
    "intrinsics": ((4,), np.floating),
}
"""Shape and type of the arrays that training.dataset.views writes."""
SCHEMA = 2
"""Of the label pictures."""
DEPTH_UNIT_M = 1e-4
"""Unit of the depth that training.dataset.views stores."""
UNKNOWN, BAD, GOOD = -1, 0, 1
LOWEST_LABEL = -100
REACH_M = 0.010
"""A sample labels surface points within this distance. 768 samples on a bottle are about 9 mm apart."""
AGREE_COS = float(np.cos(np.radians(45.0)))
"""A sample labels only surfaces that face about the same way: not the inside of a mug's wall or the top of a cap."""
CANDIDATES = 12
"""Nearest samples that are looked at for each point."""
VOTERS = 5
"""Nearest samples, of those that face the same way, that decide a label."""
SURE = 0.7
"""Share of the voters that must agree. Otherwise the label is their share of good ones; metrics ignore the pixel."""
NORMAL_SIGMA_PX = 3.0
CRITERIA: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "grasp": (("lifted", "held"), ("collided_support",)),
    "lift": (("lifted",), ()),
    "contact": (("contact",), ()),
}
"""By criterion: outcomes that a good grasp must have, and outcomes that it must not have."""


@dataclass(frozen=True, eq=False)
class SurfaceLabels:
    """points: (N, 3) metres, object frame. normals: (N, 3) unit, outwards. good: (N,) bool."""

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    good: NDArray[np.bool_]


def read_arrays(path: Path, keys: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """The named arrays of an npz file. ConfigError if it cannot be read, lacks one, or an array differs from VIEW."""
    try:
        arrays = array_files.read_arrays(path, "file of arrays", keys)
        _check_view(path, arrays)
    except ConfigError as error:
        raise ConfigError(f"{error}; delete it and make it again") from error
    return arrays


def _check_view(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    sides: dict[str | int, int] = {}
    for key, (shape, kind) in VIEW.items():
        if key not in arrays:
            continue
        array = arrays[key]
        sizes = tuple(side if isinstance(side, int) else sides.get(side, side) for side in shape)
        fits = array.ndim == len(shape) and all(
            have == want if isinstance(want, int) else have > 0 for have, want in zip(array.shape, sizes, strict=True)
        )
        if not fits or not np.issubdtype(array.dtype, kind) or (kind is np.floating and not np.isfinite(array).all()):
            expected = f"{kind.__name__} ({', '.join(map(str, sizes))})"
            raise ConfigError(f"{path}: {key} is {array.dtype} {array.shape}, or not finite; expected {expected}")
        sides |= dict(zip(shape, array.shape, strict=True))


def load_labels(path: Path, criterion: str = "grasp") -> SurfaceLabels:
    """The labels of one object.

    criterion: what counts as good: "grasp" (lifted, held through the shake, support never touched), "lift" (lifted) or
    "contact" (the success of arXiv 2508.17466). ConfigError for a bad file or criterion.
    """
    if criterion not in CRITERIA:
        raise ConfigError(f"unknown criterion {criterion!r}; choose from: {', '.join(CRITERIA)}")
    required, excluded = CRITERIA[criterion]
    outcomes = (*required, *excluded)
    data = read_arrays(path, ("points", "normals", *outcomes))
    count = len(data["points"])
    for key, shape in (("points", (count, 3)), ("normals", (count, 3))):
        if data[key].shape != shape or not np.isfinite(data[key]).all():
            raise ConfigError(f"{path}: {key} has shape {data[key].shape} or is not finite, expected {shape}")
    for key in outcomes:
        if data[key].shape != (count,):
            raise ConfigError(f"{path}: {key} has shape {data[key].shape}, expected {(count,)}")
    if count == 0:
        raise ConfigError(f"{path}: holds no samples; delete it and label the object again")
    good = np.all([data[key].astype(bool) for key in required] + [~data[key].astype(bool) for key in excluded], axis=0)
    return SurfaceLabels(data["points"].astype(np.float64), data["normals"].astype(np.float64), good)


def label_points(
    points: NDArray[np.float64], normals: NDArray[np.float64], labels: SurfaceLabels, *, everywhere: bool = False
) -> NDArray[np.int8]:
    """(N,) int8 labels of surface points (N, 3) with normals (N, 3), object frame.

    The nearest samples that face the same way vote. If fewer than SURE of them agree, the label is minus the percentage
    of good ones; -1 if no sample is in reach. everywhere: the majority decides (a tie is bad), and without a sample in
    reach the nearest sample decides, whichever way it faces.
    """
    count = min(CANDIDATES, len(labels.points))
    tree = cKDTree(labels.points)
    distance, index = tree.query(points, k=count, distance_upper_bound=REACH_M)
    distance, index = distance.reshape(len(points), count), index.reshape(len(points), count)
    in_reach = np.isfinite(distance)
    index = np.where(in_reach, index, 0)
    votes = in_reach & (np.einsum("nkd,nd->nk", labels.normals[index], normals) >= AGREE_COS)
    votes &= np.cumsum(votes, axis=1) <= VOTERS
    total, good = votes.sum(axis=1), (votes & labels.good[index]).sum(axis=1)
    agreed = np.maximum(good, total - good) >= (0.0 if everywhere else SURE) * total
    divided = -np.maximum(100 * good // np.maximum(total, 1), 2)
    result = np.where(agreed, np.where(2 * good > total, GOOD, BAD), divided)
    result = np.where(total > 0, result, UNKNOWN).astype(np.int8)
    if everywhere and (result == UNKNOWN).any():
        _, nearest = tree.query(points[result == UNKNOWN])
        result[result == UNKNOWN] = np.where(labels.good[nearest], GOOD, BAD)
    return result


def label_image(
    view: Mapping[str, NDArray[Any]], labels: Mapping[str, SurfaceLabels], *, everywhere: bool = False
) -> NDArray[np.int8]:
    """(H, W) int8, the label picture of a view of training.dataset.views.

    labels: by object name; the pixels of other objects are -1. everywhere: each pixel of a labelled object gets 0 or 1.
    """
    full = view["depth"].astype(np.float32) * np.float32(DEPTH_UNIT_M)
    fx, fy, cx, cy = (float(value) for value in view["intrinsics"])
    world_from_camera = Pose.from_matrix(view["world_from_camera"])
    image = np.full(full.shape, UNKNOWN, np.int8)
    for row, name in enumerate(object_names(view)):
        shown = (view["instances"] == row + 1) & (full > 0)
        if name not in labels or not shown.any():
            continue
        window = _window(shown)
        mask, depth, corner = shown[window], full[window], (window[1].start, window[0].start)
        camera = Intrinsics(mask.shape[1], mask.shape[0], fx, fy, cx - corner[0], cy - corner[1])
        facing = plane_fit_normals(depth, camera, NORMAL_SIGMA_PX, mask)[mask]
        v, u = np.nonzero(mask)
        object_from_camera = Pose.from_matrix(view["world_from_object"][row]).inverse() @ world_from_camera
        points = object_from_camera.transform(camera.back_project(u + 0.5, v + 0.5, depth[mask]))
        normals = facing @ object_from_camera.rotation.T
        image[window][mask] = label_points(points, normals, labels[name], everywhere=everywhere)
    return image


def _window(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns of the mask, with the margin that the normals need."""
    edge = round(4 * NORMAL_SIGMA_PX)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(max(0, rows[0] - edge), rows[-1] + edge), slice(max(0, columns[0] - edge), columns[-1] + edge)


def object_names(view: Mapping[str, NDArray[Any]]) -> list[str]:
    """The name family-seed of each object of a view, in the order of the instance numbers."""
    return [f"{family}-{seed}" for family, seed in zip(view["families"], view["seeds"], strict=True)]


def objects_in_views(folder: Path) -> list[tuple[str, int, int]]:
    """(family, seed, number of views that show it) of every object in a folder of views, most views first."""
    seen: Counter[tuple[str, int]] = Counter()
    for path in view_files(folder):
        view = read_arrays(path, ("families", "seeds", "instances"))
        for number in set(np.unique(view["instances"]).tolist()) - {0}:
            seen[str(view["families"][number - 1]), int(view["seeds"][number - 1])] += 1
    return [(*key, count) for key, count in sorted(seen.items(), key=lambda item: (-item[1], item[0]))]


def view_files(folder: Path) -> list[Path]:
    """The view-*.npz in a folder, sorted. ConfigError if there is none."""
    files = sorted(folder.glob("view-*.npz"))
    if not files:
        raise ConfigError(
            f"{folder}: no view-*.npz files here; make some with python -m training.dataset.views --out {folder}"
        )
    return files


def project(views: Path, labels: Path, out: Path, *, criterion: str = "grasp") -> dict[str, int]:
    """Write the label pictures that are missing or outdated; returns counts of views and pixels over all views.

    criterion: see `load_labels`; all label pictures of a folder have the same. ConfigError without views or labels.
    """
    known = {path.stem: load_labels(path, criterion) for path in sorted(labels.glob("*.npz"))}
    if not known:
        raise ConfigError(f"{labels}: no label files here; make some with python -m training.dataset.labels.grasps")
    out.mkdir(parents=True, exist_ok=True)
    counts = {"views": 0, "written": 0, "good": 0, "bad": 0, "unknown_on_labelled": 0}
    keys = ("depth", "instances", "families", "seeds", "world_from_object", "world_from_camera", "intrinsics")
    for path in view_files(views):
        view = read_arrays(path, keys)
        labelled = np.array([name in known for name in object_names(view)])
        target = out / path.name
        image = _current(target, labelled)
        if image is None:
            image = label_image(view, known, everywhere=criterion == "contact")
            write_atomic(target, npz_bytes(labels=image, labelled=labelled))
            counts["written"] += 1
        counts["views"] += 1
        counts["good"] += int((image == GOOD).sum())
        counts["bad"] += int((image == BAD).sum())
        on_labelled = np.isin(view["instances"], np.flatnonzero(labelled) + 1)
        counts["unknown_on_labelled"] += int((on_labelled & (image < 0)).sum())
    manifest = {"schema": SCHEMA, "objects": sorted(known), "criterion": criterion, **counts}
    del manifest["written"]
    write_atomic(out / "manifest.json", json_text(manifest, indent=1).encode())
    return counts


def _current(path: Path, labelled: NDArray[np.bool_]) -> NDArray[np.int8] | None:
    """The label picture in an existing file, if it was made with labels for the same objects."""
    if not path.exists():
        return None
    data = read_arrays(path, ("labels", "labelled"))
    return data["labels"] if np.array_equal(data["labelled"], labelled) else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    counts = project(args.views, args.labels, args.out)
    sys.stdout.write(json_text(counts) + "\n")
