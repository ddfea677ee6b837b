"""The samples of training arrays, split into training, validation and test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perception.base.errors import ConfigError
from perception.quality import preprocess, way_input
from training.dataset import array_folder
from training.dataset.catalogue import SPLITS, family_of, lacking, split_of
from training.dataset.labels.project import GOOD, LOWEST_LABEL
from training.dataset.ways.targets import unpack

SYMMETRIC = ("bottle", "thermos", "can", "jar", "carton", "flask")
"""Families whose mirror image has the mirrored labels, although the two jaws differ. Mugs are not: a handle on the left
is gripped differently from one on the right."""
REMEDY = "spot-grasp dataset verify tells which files; make them again, or leave them out"
HELD_OUT_PICTURES = 0.3
"""Share of the pictures that are held out if all show one object, as in arXiv 2508.17466."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples and their split.

    inputs: (N, C, H, W), labels: (N, H, W), memory-mapped, those of the ways packed. training, validation, test: rows;
    validation chooses the best epoch. names: object of each row. manifest: samples.json.
    """

    inputs: Any
    labels: Any
    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    names: tuple[str, ...]
    manifest: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Samples:
        """The samples of a folder of arrays. ConfigError if it holds none, or none for training or validation."""
        inputs, labels, manifest = array_folder.load(folder)
        names = tuple(str(sample["object"]) for sample in manifest["samples"])
        parts = _parts(manifest["samples"])
        training, validation, test = (np.flatnonzero(parts == split) for split in SPLITS)
        if not training.size or not validation.size:
            raise ConfigError(f"{folder}: {lacking(set(names))}")
        return cls(inputs, labels, training, validation, test, names, manifest)

    def objects(self, rows: NDArray[np.int64]) -> int:
        """Number of different objects in these rows."""
        return len({self.names[row] for row in rows})

    def name(self, row: int) -> str:
        """A sample for messages: its row in the arrays, its object and view."""
        return f"sample {row} ({self.names[row]}, {self.manifest['samples'][row].get('view', 'no view')})"

    @property
    def of_ways(self) -> bool:
        """Whether the labels are those of the family's ways."""
        return array_folder.kind_of(self.manifest) is array_folder.WAY_ARRAYS

    @property
    def _margin_px(self) -> int:
        return way_input.WINDOW_MARGIN_PX if self.of_ways else preprocess.WINDOW_MARGIN_PX

    def symmetric(self, rows: NDArray[np.int64]) -> Tensor:
        """(n,) bool: whether the mirror image of the object has mirrored labels; of the ways all have, as these are
        tried with the jaws in both turns."""
        if self.of_ways:
            return torch.ones(len(rows), dtype=torch.bool)
        return torch.tensor([family_of(self.names[row]) in SYMMETRIC for row in rows])

    def sizes(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n, 2) height and width of the window that a run would give to the network."""
        masks = (self.inputs[row, preprocess.MASK_CHANNEL] > 0 for row in rows)
        spans = (preprocess.window(mask, margin_px=self._margin_px) for mask in masks)
        return np.array([(high.stop - high.start, wide.stop - wide.start) for high, wide in spans])

    def take(self, rows: NDArray[np.int64], *, windowed: bool) -> tuple[Tensor, Tensor]:
        """Float inputs (n, C, h, w), channels last, and float labels (n, h, w), of the ways (n, ways, h, w).

        windowed: only windows around the objects instead of whole crops. ConfigError, naming the sample, for values
        that are not finite or labels outside the range.
        """
        x, y = np.asarray(self.inputs[rows]), np.asarray(self.labels[rows])
        if windowed:
            high, wide = self.sizes(rows).max(axis=0).tolist()
            masks = x[:, preprocess.MASK_CHANNEL] > 0
            windows = [preprocess.window(mask, (high, wide), self._margin_px) for mask in masks]
            x = np.stack([sample[:, v, u] for sample, (v, u) in zip(x, windows, strict=True)])
            y = np.stack([target[v, u] for target, (v, u) in zip(y, windows, strict=True)])
        y = unpack(y) if self.of_ways else y
        for row, sample, labels in zip(rows, x, y, strict=True):
            if not np.isfinite(sample).all():
                raise ConfigError(f"{self.name(row)}: its input holds values that are not finite; {REMEDY}")
            if labels.min() < LOWEST_LABEL or labels.max() > GOOD:
                raise ConfigError(f"{self.name(row)}: has labels outside {LOWEST_LABEL} to {GOOD}; {REMEDY}")
        inputs = torch.from_numpy(x.astype(np.float32)).contiguous(memory_format=torch.channels_last)
        return inputs, torch.from_numpy(y.astype(np.float32))


def _parts(entries: Sequence[Mapping[str, Any]]) -> NDArray[np.str_]:
    """The split of each sample: by its object, or, if all show one training object, at random by picture."""
    parts = np.array([split_of(str(entry["object"])) for entry in entries])
    if set(parts) == {"train"} and len({entry["object"] for entry in entries}) == 1:
        picture = np.unique([str(entry.get("view", row)) for row, entry in enumerate(entries)], return_inverse=True)[1]
        pictures = np.random.default_rng(0).permutation(picture.max() + 1)
        parts[np.isin(picture, pictures[: round(HELD_OUT_PICTURES * len(pictures))])] = "val"
    return parts
