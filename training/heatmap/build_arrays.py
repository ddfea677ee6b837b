"""Training samples of the heatmap network: views and their labels, fed through the run's own preprocessing, once.

`python -m training.heatmap.build_arrays --views DIR --labels DIR --out DIR [--draws N]`

One sample is one object in one view with one draw of sensor noise. DIR gets inputs.npy (N, 8, 256, 256) float16,
labels.npy (N, 256, 256) int8 (as training.dataset.project_labels has them) and samples.json with the object, whether
the picture's border cuts it off, the crop's left, top and side in pixels, the view, the sizes and the SHA-256 of both
arrays. Sensor noise, exposure and the crop are drawn from the view's name, so that the same views give the same bytes.
samples.json is written last: a folder without it is not a data set.
"""

from __future__ import annotations

import argparse
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from perception import preprocess
from perception.base.array_files import map_array
from perception.base.digest import sha256_of
from perception.base.errors import ConfigError, SpotGraspError
from perception.base.files import LIST_BYTES, read_json, replacing, write_atomic
from perception.base.plain_json import json_text
from perception.geometry import Pose
from perception.preprocess import Crop, heatmap_input
from perception.surface.depth import median_depth
from perception.types import Intrinsics
from simulation.genesis.depth_sensor import DepthSensor, DepthSensorConfig
from training.common.outputs import refuse_replacing
from training.dataset.project_labels import object_names, read_arrays, view_files
from training.dataset.views import DEPTH_UNIT_M, photograph

SCHEMA = 3
MIN_MASK_PX = 500
MIN_LABELLED = 0.3
MOST_FRAMES = 3
"""The run takes the median of this many frames; training sees 1 to this many."""
VIEW_KEYS = ("rgb", "depth", "instances", "families", "seeds", "world_from_camera", "intrinsics")

Sample = tuple[dict[str, Any], NDArray[np.float16], NDArray[np.int8]]
"""What samples.json says of it (its `object` at least), its input (8, 256, 256) and its labels (256, 256)."""


def rough_mask(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """The mask as a detector may give it: grown or shrunk by up to two pixels."""
    size = int(rng.integers(-2, 3))
    if size == 0:
        return mask
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(size) + 1,) * 2)
    change = cv2.dilate if size > 0 else cv2.erode
    changed = change(mask.astype(np.uint8), kernel).astype(bool)
    return changed if changed.any() else mask


def rough_crop(mask: NDArray[np.bool_], rng: np.random.Generator) -> Crop:
    """The square around a mask, moved and scaled somewhat."""
    square = Crop.around(mask)
    shift = rng.uniform(-0.06, 0.06, 2) * square.side_px
    return replace(
        square,
        left_px=square.left_px + shift[0],
        top_px=square.top_px + shift[1],
        side_px=square.side_px * float(rng.uniform(0.92, 1.15)),
    )


def noisy_depth(clean: NDArray[np.float32], camera: Intrinsics, rng: np.random.Generator) -> NDArray[np.float32]:
    """(H, W) metres as the run would get it: one sensor, one material, the median of 1 to MOST_FRAMES frames."""
    config = DepthSensorConfig()
    sensor = DepthSensor(config, rng)
    material_mm = float(np.exp(rng.uniform(*np.log(config.material_mm))))
    frames = int(rng.integers(1, MOST_FRAMES + 1))
    return median_depth([sensor.measure(clean, camera, material_mm=material_mm) for _ in range(frames)])


def view_samples(view: dict[str, NDArray[Any]], labels: NDArray[np.int8], rng: np.random.Generator) -> list[Sample]:
    """A sample of each object that is large and labelled enough.

    view: arrays as training.dataset.views writes them. labels: (480, 640) int8 as training.dataset.project_labels
    writes them.
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
    """Whether a (H, W) mask reaches the picture's border: part of the object may be out of sight."""
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())


def build(views: Path, labels: Path, out: Path, *, draws: int = 1) -> dict[str, Any]:
    """Make the data set; returns what samples.json says. ConfigError if views or labels are missing."""
    if draws < 1:
        raise ConfigError(f"--draws is {draws}, must be at least 1")
    files = view_files(views)
    missing = [path.name for path in files if not (labels / path.name).is_file()]
    if missing:
        text = f"{labels}: lacks {len(missing)} of {len(files)} label pictures, {missing[0]} the first"
        raise ConfigError(f"{text}; make them with python -m training.dataset.project_labels --out {labels}")
    limit = draws * sum(len(read_arrays(path, ("families",))["families"]) for path in files)
    try:
        return write_arrays(out, _view_samples(files, labels, draws), limit, {"views": len(files), "draws": draws})
    except NoSamplesError as error:
        text = f"{views}: no object in these views is labelled; label the objects that they show"
        raise ConfigError(text) from error


class NoSamplesError(ConfigError):
    """Nothing to write."""


def _view_samples(files: Sequence[Path], labels: Path, draws: int) -> Iterator[Sample]:
    for path in files:
        view = read_arrays(path, VIEW_KEYS)
        image = read_arrays(labels / path.name, ("labels",))["labels"]
        for draw in range(draws):
            rng = np.random.default_rng([zlib.crc32(path.stem.encode()), draw])
            for entry, tensor, target in view_samples(view, image, rng):
                yield {**entry, "view": path.stem, "draw": draw}, tensor, target


def write_arrays(out: Path, samples: Iterable[Sample], limit: int, facts: dict[str, Any]) -> dict[str, Any]:
    """Write at most `limit` samples as the folder that a training reads; returns what its samples.json says, `facts`
    among it. NoSamplesError if there are none."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "samples.json").unlink(missing_ok=True)
    shape = (preprocess.CHANNELS, preprocess.SIZE_PX, preprocess.SIZE_PX)
    inputs = open_memmap(out / "inputs.part.npy", mode="w+", dtype=np.float16, shape=(limit, *shape))
    targets = open_memmap(out / "labels.part.npy", mode="w+", dtype=np.int8, shape=(limit, *shape[1:]))
    entries: list[dict[str, Any]] = []
    for entry, tensor, target in samples:
        inputs[len(entries)], targets[len(entries)] = tensor, target
        entries.append(entry)
    count = len(entries)
    if not entries:
        for name in ("inputs", "labels"):
            (out / f"{name}.part.npy").unlink()
        raise NoSamplesError(f"{out}: no sample to write")
    digests = {
        f"sha256_{name}": _keep(out, name, array, count) for name, array in (("inputs", inputs), ("labels", targets))
    }
    manifest = {
        "schema": SCHEMA,
        "preprocessing_version": preprocess.VERSION,
        "count": count,
        "objects": len({entry["object"] for entry in entries}),
        **facts,
        "good_pixels": int((targets[:count] == 1).sum()),
        "bad_pixels": int((targets[:count] == 0).sum()),
        **digests,
        "samples": entries,
    }
    write_atomic(out / "samples.json", json_text(manifest).encode())
    return manifest


def _keep(out: Path, name: str, array: Any, count: int) -> str:
    """Copy the first `count` rows of NAME.part.npy to NAME.npy; returns the digest."""
    with replacing(out / f"{name}.npy") as part:
        kept = open_memmap(part, mode="w+", dtype=array.dtype, shape=(count, *array.shape[1:]))
        for row in range(count):
            kept[row] = array[row]
        kept.flush()
        digest = sha256_of(row.tobytes() for row in kept)
    (out / f"{name}.part.npy").unlink()
    return digest


def load(folder: Path) -> tuple[NDArray[np.float16], NDArray[np.int8], dict[str, Any]]:
    """(inputs, labels, manifest), memory-mapped. ConfigError if it is no data set, or of another schema."""
    manifest_file = folder / "samples.json"
    if not os.path.lexists(manifest_file):
        raise ConfigError(
            f"{manifest_file}: missing; make the data set with python -m training.heatmap.build_arrays --out {folder}"
        )
    manifest: dict[str, Any] = read_json(manifest_file, "list of samples", LIST_BYTES)
    if not isinstance(manifest, dict):
        raise ConfigError(f"{manifest_file}: not a JSON object; make the data set again")
    if manifest.get("schema") != SCHEMA or manifest.get("preprocessing_version") != preprocess.VERSION:
        raise ConfigError(
            f"{manifest_file}: schema {manifest.get('schema')}, preprocessing {manifest.get('preprocessing_version')}; "
            f"this program has {SCHEMA} and {preprocess.VERSION}. Make the data set again"
        )
    inputs, targets = (map_array(folder / f"{name}.npy", "training array") for name in ("inputs", "labels"))
    count, samples = manifest.get("count"), manifest.get("samples")
    shapes = inputs.ndim == 4 and inputs.shape[1] == preprocess.CHANNELS and targets.shape == inputs[:, 0].shape
    if not shapes or inputs.dtype != np.float16 or targets.dtype != np.int8:
        raise ConfigError(f"{folder}: arrays of {inputs.shape} and {targets.shape} are none; make the data set again")
    if len(inputs) != count:
        raise ConfigError(f"{folder}: {len(inputs)} inputs for {count} samples; make the data set again")
    whole = isinstance(samples, list) and len(samples) == count and all(map(_is_entry, samples))
    if not whole or not isinstance(manifest.get("sha256_inputs", ""), str):
        raise ConfigError(f"{manifest_file}: its samples are damaged; make the data set again")
    return inputs, targets, manifest


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("object"), str) and isinstance(entry.get("view", ""), str)


def check_join(folders: Sequence[Path], out: Path, *, overwrite: bool) -> None:
    """ConfigError if `out` is one of the folders to join, or has arrays that are not to be replaced."""
    if out.resolve() in [folder.resolve() for folder in folders]:
        raise ConfigError(f"--out {out} is one of the folders to join; choose another")
    refuse_replacing([out / "samples.json"], overwrite=overwrite)


def join(folders: Sequence[Path], out: Path, *, overwrite: bool = False) -> dict[str, Any]:
    """The samples of several array folders, one after the other, in `out`; returns what its samples.json says.
    ConfigError if one is no such folder, is `out` itself, or there are none, or `out` has arrays and `overwrite` is not
    given."""
    check_join(folders, out, overwrite=overwrite)
    loaded = [load(folder) for folder in folders]

    def samples() -> Iterator[Sample]:
        for inputs, targets, manifest in loaded:
            for row, entry in enumerate(manifest["samples"]):
                yield entry, inputs[row], targets[row]

    facts = {
        "views": sum(_whole(manifest, "views") for _, _, manifest in loaded),
        "draws": max((_whole(manifest, "draws") for _, _, manifest in loaded), default=0),
        "joined": [manifest["sha256_inputs"] for _, _, manifest in loaded],
    }
    return write_arrays(out, samples(), sum(len(inputs) for inputs, _, _ in loaded), facts)


def _whole(manifest: dict[str, Any], key: str) -> int:
    value = manifest.get(key, 0)
    if not isinstance(value, int) or value < 0:
        raise ConfigError(f"samples.json: {key} is {str(value)[:80]}, expected a whole number; make the data set again")
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--overwrite", action="store_true", help="replace the arrays in --out")
    args = parser.parse_args()
    try:
        refuse_replacing([args.out / "samples.json"], overwrite=args.overwrite)
        manifest = build(args.views, args.labels, args.out, draws=args.draws)
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")
    sys.stdout.write(json_text({key: value for key, value in manifest.items() if key != "samples"}) + "\n")


if __name__ == "__main__":
    main()
