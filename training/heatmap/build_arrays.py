"""Makes training arrays of the heatmap network from views and their labels, with the run's own preprocessing.

`python -m training.heatmap.build_arrays --views DIR --labels DIR --out DIR [--draws N]`

One sample is one object in one view with one draw of sensor noise. --out gets a training.dataset.array_folder with
inputs (N, 8, 256, 256). An entry of samples.json tells the object, whether the picture's border cuts it, the crop
(left, top and side in pixels) and the view. Noise, exposure and crop are drawn from the view's name: the same views
give the same bytes.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.heatmap.build_arrays")

import argparse
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from perception.geometry import Pose
from perception.quality.preprocess import Crop, heatmap_input
from perception.surface.depth import median_depth
from perception.types import Detection, Intrinsics
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from training.common.outputs import refuse_replacing
from training.dataset.array_folder import NoSamplesError, Sample, write_arrays
from training.dataset.labels.project import object_names, read_arrays, view_files
from training.dataset.views import DEPTH_UNIT_M, photograph

MIN_MASK_PX = 500
MIN_LABELLED = 0.3
"""Smallest mask, and least share of its pixels with a label, of an object that becomes a sample."""
MOST_FRAMES = 3
"""A run takes the median of this many frames; training of 1 to this many."""
VIEW_KEYS = ("rgb", "depth", "instances", "families", "seeds", "world_from_camera", "intrinsics")


def rough_mask(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """A mask (H, W) as a detector may give it: grown or shrunk by up to two pixels."""
    size = int(rng.integers(-2, 3))
    if size == 0:
        return mask
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(size) + 1,) * 2)
    change = cv2.dilate if size > 0 else cv2.erode
    changed = change(mask.astype(np.uint8), kernel).astype(bool)
    return changed if changed.any() else mask


def detection_of(mask: NDArray[np.bool_], rng: np.random.Generator, label: str = "object") -> Detection:
    """The detection as a detector may give it, its edge wrong by up to 2 px."""
    seen = rough_mask(mask, rng)
    u, v, width, height = cv2.boundingRect(seen.astype(np.uint8))
    return Detection(label, 1.0, seen, (float(u), float(v), float(u + width), float(v + height)))


def rough_crop(mask: NDArray[np.bool_], rng: np.random.Generator) -> Crop:
    """The square around a mask, randomly moved and scaled."""
    square = Crop.around(mask)
    shift = rng.uniform(-0.06, 0.06, 2) * square.side_px
    return replace(
        square,
        left_px=square.left_px + shift[0],
        top_px=square.top_px + shift[1],
        side_px=square.side_px * float(rng.uniform(0.92, 1.15)),
    )


def noisy_depth(clean: NDArray[np.float32], camera: Intrinsics, rng: np.random.Generator) -> NDArray[np.float32]:
    """(H, W) metres as in a run: one sensor, one material, the median of 1 to MOST_FRAMES frames.

    clean: (H, W) metres, 0 for no surface.
    """
    config = DepthSensorConfig()
    sensor = DepthSensor(config, rng)
    material_mm = float(np.exp(rng.uniform(*np.log(config.material_mm))))
    frames = int(rng.integers(1, MOST_FRAMES + 1))
    return median_depth([sensor.measure(clean, camera, material_mm=material_mm) for _ in range(frames)])


def view_samples(view: dict[str, NDArray[Any]], labels: NDArray[np.int8], rng: np.random.Generator) -> list[Sample]:
    """A sample of each object with enough pixels and labels.

    view: arrays of training.dataset.views. labels: (480, 640) int8 of training.dataset.labels.project.
    """
    fx, fy, cx, cy = (float(value) for value in view["intrinsics"])
    height, width = view["instances"].shape
    camera = Intrinsics(width, height, fx, fy, cx, cy)
    pose = Pose.from_matrix(view["world_from_camera"])
    clean = view["depth"].astype(np.float32) * np.float32(DEPTH_UNIT_M)
    depth = noisy_depth(clean, camera, rng)
    rgb = photograph(view["rgb"], rng)
    samples = []
    for row, name in enumerate(object_names(view)):
        mask = view["instances"] == row + 1
        known = mask & (labels >= 0)
        if mask.sum() < MIN_MASK_PX or known.sum() < MIN_LABELLED * mask.sum():
            continue
        seen = rough_mask(mask, rng)
        tensor, crop = heatmap_input(rgb, depth, seen, camera, pose, rough_crop(seen, rng))
        square = [float(crop.left_px), float(crop.top_px), float(crop.side_px)]
        entry = {"object": name, "cut": cut_by_border(mask), "crop": square}
        samples.append((entry, tensor.astype(np.float16), cut_labels(labels, mask, crop)))
    return samples


def cut_labels(labels: NDArray[np.int8], mask: NDArray[np.bool_], crop: Crop) -> NDArray[np.int8]:
    """The crop (256, 256) of a label picture (H, W), -1 outside the mask."""
    cut: NDArray[np.int8] = crop.cut(np.where(mask, labels, -1).astype(np.int16) + 1, smooth=False).astype(np.int8) - 1
    return cut


def cut_by_border(mask: NDArray[np.bool_]) -> bool:
    """Whether a mask (H, W) touches the picture's border, so that a part of the object may be outside."""
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())


def build(views: Path, labels: Path, out: Path, *, draws: int = 1) -> dict[str, Any]:
    """Write the arrays; returns samples.json. draws: of noise per view. ConfigError if views or labels are missing."""
    if draws < 1:
        raise ConfigError(f"--draws is {draws}, must be at least 1")
    files = view_files(views)
    missing = [path.name for path in files if not (labels / path.name).is_file()]
    if missing:
        text = f"{labels}: lacks {len(missing)} of {len(files)} label pictures, {missing[0]} the first"
        raise ConfigError(f"{text}; make them with python -m training.dataset.labels.project --out {labels}")
    limit = draws * sum(len(read_arrays(path, ("families",))["families"]) for path in files)
    try:
        return write_arrays(out, _view_samples(files, labels, draws), limit, {"views": len(files), "draws": draws})
    except NoSamplesError as error:
        text = f"{views}: no object in these views is labelled; label the objects that they show"
        raise ConfigError(text) from error


def _view_samples(files: Sequence[Path], labels: Path, draws: int) -> Iterator[Sample]:
    for path in files:
        view = read_arrays(path, VIEW_KEYS)
        image = read_arrays(labels / path.name, ("labels",))["labels"]
        for draw in range(draws):
            rng = np.random.default_rng([zlib.crc32(path.stem.encode()), draw])
            for entry, tensor, target in view_samples(view, image, rng):
                yield {**entry, "view": path.stem, "draw": draw}, tensor, target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--overwrite", action="store_true", help="replace the arrays in --out")
    args = parser.parse_args()
    refuse_replacing([args.out / "samples.json"], overwrite=args.overwrite)
    manifest = build(args.views, args.labels, args.out, draws=args.draws)
    sys.stdout.write(json_text({key: value for key, value in manifest.items() if key != "samples"}) + "\n")
