"""Writes, reads and joins folders of training arrays: inputs.npy, labels.npy and samples.json.

inputs.npy: (N, C, H, W) float16. labels.npy: (N, H, W), int8 as training.dataset.labels.project defines them, or int32
as training.dataset.ways.targets packs those of the ways. samples.json: one entry per sample, the sizes, and the SHA-256
of both arrays. It is written last, so a folder without it is incomplete.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from perception.base.array_files import map_array
from perception.base.digest import sha256_of
from perception.base.errors import ConfigError
from perception.base.files import LIST_BYTES, read_json, replacing, write_atomic
from perception.base.plain_json import json_text
from perception.quality import preprocess, way_input
from training.common.outputs import refuse_replacing

SCHEMA = 3
Sample = tuple[dict[str, Any], NDArray[np.float16], NDArray[Any]]
"""Its entry in samples.json (`object` at least), input (C, H, W) and labels (H, W)."""


@dataclass(frozen=True)
class ArrayKind:
    """What a network's arrays look like. name: in samples.json; missing there for the heatmap's. channels, size_px: of
    the input. version: of its preprocessing. labels: their dtype."""

    name: str
    channels: int
    size_px: int
    version: int
    labels: type[np.signedinteger[Any]]


HEATMAP_ARRAYS: Final = ArrayKind("heatmap", preprocess.CHANNELS, preprocess.SIZE_PX, preprocess.VERSION, np.int8)
WAY_ARRAYS: Final = ArrayKind("ways", way_input.CHANNELS, way_input.SIZE_PX, way_input.VERSION, np.int32)
KINDS: Final = {kind.name: kind for kind in (HEATMAP_ARRAYS, WAY_ARRAYS)}


class NoSamplesError(ConfigError):
    """There is no sample to write."""


def write_arrays(
    out: Path,
    samples: Iterable[Sample],
    limit: int,
    facts: dict[str, Any],
    kind: ArrayKind = HEATMAP_ARRAYS,
    size: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """Write the samples as the folder that a training reads; returns its samples.json.

    limit: greatest number of samples. facts: more entries of samples.json. size: height and width of the samples,
    pixels; that of the kind if it is None. NoSamplesError if there are none.
    """
    size = size or (kind.size_px, kind.size_px)
    out.mkdir(parents=True, exist_ok=True)
    (out / "samples.json").unlink(missing_ok=True)
    inputs = open_memmap(out / "inputs.part.npy", mode="w+", dtype=np.float16, shape=(limit, kind.channels, *size))
    targets = open_memmap(out / "labels.part.npy", mode="w+", dtype=kind.labels, shape=(limit, *size))
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
    pixels = {"good_pixels": int((targets[:count] == 1).sum()), "bad_pixels": int((targets[:count] == 0).sum())}
    manifest = {
        "schema": SCHEMA,
        **({} if kind is HEATMAP_ARRAYS else {"kind": kind.name}),
        "preprocessing_version": kind.version,
        "count": count,
        "objects": len({entry["object"] for entry in entries}),
        **facts,
        **(pixels if kind is HEATMAP_ARRAYS else {}),
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
    """(inputs, labels, samples.json), the arrays memory-mapped. ConfigError if there are none or they are damaged."""
    manifest_file = folder / "samples.json"
    if not os.path.lexists(manifest_file):
        raise ConfigError(
            f"{manifest_file}: missing; make the data set with python -m training.heatmap.build_arrays --out {folder}"
        )
    manifest: dict[str, Any] = read_json(manifest_file, "list of samples", LIST_BYTES)
    if not isinstance(manifest, dict):
        raise ConfigError(f"{manifest_file}: not a JSON object; make the data set again")
    kind = kind_of(manifest)
    if manifest.get("schema") != SCHEMA or manifest.get("preprocessing_version") != kind.version:
        raise ConfigError(
            f"{manifest_file}: schema {manifest.get('schema')}, preprocessing {manifest.get('preprocessing_version')}; "
            f"this program has {SCHEMA} and {kind.version}. Make the data set again"
        )
    inputs, targets = (map_array(folder / f"{name}.npy", "training array") for name in ("inputs", "labels"))
    count, samples = manifest.get("count"), manifest.get("samples")
    shapes = inputs.ndim == 4 and inputs.shape[1] == kind.channels and targets.shape == inputs[:, 0].shape
    if not shapes or inputs.dtype != np.float16 or targets.dtype != kind.labels:
        raise ConfigError(f"{folder}: arrays of {inputs.shape} and {targets.shape} are none; make the data set again")
    if len(inputs) != count:
        raise ConfigError(f"{folder}: {len(inputs)} inputs for {count} samples; make the data set again")
    intact = isinstance(samples, list) and len(samples) == count and all(map(_is_entry, samples))
    if not intact or not isinstance(manifest.get("sha256_inputs", ""), str):
        raise ConfigError(f"{manifest_file}: its samples are damaged; make the data set again")
    return inputs, targets, manifest


def kind_of(manifest: dict[str, Any]) -> ArrayKind:
    """The kind of arrays that a samples.json tells of; that of the heatmap unless it names another."""
    return KINDS.get(str(manifest.get("kind")), HEATMAP_ARRAYS)


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("object"), str) and isinstance(entry.get("view", ""), str)


def check_join(folders: Sequence[Path], out: Path, *, overwrite: bool) -> None:
    """ConfigError if `out` is one of the folders to join, or has arrays and `overwrite` is false."""
    if out.resolve() in [folder.resolve() for folder in folders]:
        raise ConfigError(f"--out {out} is one of the folders to join; choose another")
    refuse_replacing([out / "samples.json"], overwrite=overwrite)


def join(folders: Sequence[Path], out: Path, *, overwrite: bool = False) -> dict[str, Any]:
    """Write the samples of several array folders, one after the other, to `out`; returns its samples.json.

    ConfigError if a folder holds no arrays or is `out` itself, if there is no sample, or if `out` has arrays and
    `overwrite` is false.
    """
    check_join(folders, out, overwrite=overwrite)
    loaded = [load(folder) for folder in folders]
    kinds = [kind_of(manifest) for _, _, manifest in loaded]
    if len(set(kinds)) > 1:
        raise ConfigError(f"{folders[0]}: its arrays are of another network than those of the others; join equal kinds")

    def samples() -> Iterator[Sample]:
        for inputs, targets, manifest in loaded:
            for row, entry in enumerate(manifest["samples"]):
                yield entry, inputs[row], targets[row]

    facts = {
        "views": sum(_whole(manifest, "views") for _, _, manifest in loaded),
        "draws": max((_whole(manifest, "draws") for _, _, manifest in loaded), default=0),
        "joined": [manifest["sha256_inputs"] for _, _, manifest in loaded],
    }
    return write_arrays(out, samples(), sum(len(inputs) for inputs, _, _ in loaded), facts, kinds[0])


def _whole(manifest: dict[str, Any], key: str) -> int:
    value = manifest.get(key, 0)
    if not isinstance(value, int) or value < 0:
        raise ConfigError(f"samples.json: {key} is {str(value)[:80]}, expected a whole number; make the data set again")
    return value
