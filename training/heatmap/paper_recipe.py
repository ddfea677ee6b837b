"""Inputs and depth rule of arXiv 2508.17466, the method to compare with.

Inputs are eight channels of the whole picture at half its size, so that a CPU can train it: red, green, blue 0..1;
depth with 2 m for the background, divided by the largest; normals by D2NT v3 in the camera frame, (n + 1) / 2, with
0.498, 0.498, 1 for the background; mask. The pixel is the largest logit inside the mask, its depth the mean of the
mask's returns between 0.1 and 0.8 m, and the hand moves along the normal. Difference: normals and labels are in one
frame for training and run (the published code mixes world and camera).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.surface.normals import d2nt_normals
from perception.types import Intrinsics
from training.dataset.array_folder import NoSamplesError, Sample, write_arrays
from training.dataset.labels.project import label_image, load_labels, object_names, read_arrays, view_files
from training.dataset.views import DEPTH_UNIT_M, photograph
from training.heatmap import build_arrays

SIZE = (240, 320)
BACKGROUND_M = 2.0
BACKGROUND_NORMAL = (0.498, 0.498, 1.0)
NEAR_M, FAR_M = 0.1, 0.8
"""Range of the depths in the paper's mean."""
Float32 = NDArray[np.float32]


def paper_input(rgb: NDArray[np.uint8], depth: Float32, mask: NDArray[np.bool_], camera: Intrinsics) -> Float32:
    """(8, 240, 320) input from a picture (H, W, 3), depth (H, W) metres, 0 = no return, and a mask (H, W)."""
    on_object = mask & (depth > 0)
    distance = np.where(on_object, depth, np.float32(BACKGROUND_M))
    normals = (d2nt_normals(depth, camera, "v3") + 1.0) / 2.0
    normals[~mask] = BACKGROUND_NORMAL
    planes = np.dstack([rgb.astype(np.float32) / 255.0, distance / distance.max(), normals, mask.astype(np.float32)])
    size = (SIZE[1], SIZE[0])
    small = np.dstack([cv2.resize(planes[..., :3], size, interpolation=cv2.INTER_AREA),
                       cv2.resize(planes[..., 3:], size, interpolation=cv2.INTER_NEAREST)])  # fmt: skip
    return np.ascontiguousarray(small.transpose(2, 0, 1), np.float32)


def paper_depth(depth: Float32, mask: NDArray[np.bool_]) -> float | None:
    """The paper's depth of an object, metres: the mean of the mask's returns; None without one."""
    eroded = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=3).astype(bool)
    values = depth[(eroded if eroded.any() else mask) & (depth > NEAR_M) & (depth < FAR_M)]
    return float(values.mean()) if values.size else None


def build_paper(views: Path, labels: Path, out: Path, *, most_views: int | None = None) -> dict[str, Any]:
    """Write the arrays for the recipe "paper": one sample per view, with contact labels; returns samples.json.

    most_views: take only so many views, spread evenly. ConfigError without views or labels.
    """
    known = {path.stem: load_labels(path, "contact") for path in sorted(labels.glob("*.npz"))}
    if not known:
        raise ConfigError(f"{labels}: no label files here; make some with spot-grasp dataset generate")
    files = view_files(views)
    if most_views is not None:
        files = [files[i] for i in np.unique(np.linspace(0, len(files) - 1, most_views).astype(int))]

    def samples() -> Iterator[Sample]:
        for path in files:
            view = read_arrays(path, (*build_arrays.VIEW_KEYS, "world_from_object"))
            sample = _sample(view, known, np.random.default_rng([zlib.crc32(path.stem.encode()), 3]))
            if sample is not None:
                name, tensor, target = sample
                yield {"object": name, "view": path.stem, "draw": 0}, tensor, target

    try:
        return write_arrays(out, samples(), len(files), {"recipe": "paper", "views": len(files), "draws": 1}, size=SIZE)
    except NoSamplesError as error:
        raise ConfigError(f"{views}: no object in these views is labelled; label the objects that they show") from error


def _sample(
    view: dict[str, NDArray[Any]], known: dict[str, Any], rng: np.random.Generator
) -> tuple[str, NDArray[np.float16], NDArray[np.int8]] | None:
    """(object, input, labels) of the view's largest labelled object; None without one."""
    names = object_names(view)
    sizes = [int((view["instances"] == row + 1).sum()) if name in known else 0 for row, name in enumerate(names)]
    row = int(np.argmax(sizes))
    if sizes[row] < build_arrays.MIN_MASK_PX:
        return None
    mask = view["instances"] == row + 1
    fx, fy, cx, cy = (float(value) for value in view["intrinsics"])
    camera = Intrinsics(mask.shape[1], mask.shape[0], fx, fy, cx, cy)
    labels = np.where(mask, label_image(view, {names[row]: known[names[row]]}, everywhere=True), np.int8(-1))
    clean = view["depth"].astype(np.float32) * np.float32(DEPTH_UNIT_M)
    depth = build_arrays.noisy_depth(clean, camera, rng)
    tensor = paper_input(photograph(view["rgb"], rng), depth, build_arrays.rough_mask(mask, rng), camera)
    small = cv2.resize((labels + 1).astype(np.uint8), (SIZE[1], SIZE[0]), interpolation=cv2.INTER_NEAREST)
    return names[row], tensor.astype(np.float16), small.astype(np.int8) - np.int8(1)
