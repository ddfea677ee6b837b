"""Unusable values in the files of a data set and in training arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import read_arrays
from perception.base.digest import sha256_of
from perception.base.errors import ConfigError
from training.dataset import array_folder
from training.dataset.labels.project import GOOD, LOWEST_LABEL


def value_faults(path: Path) -> list[str]:
    """Faults of the values of an .npz file of a data set: one line per array, or one for the file."""
    try:
        arrays = read_arrays(path, "file of a data set")
    except ConfigError as error:
        return [str(error).removeprefix(f"{path}: ")]
    faults = []
    for name, array in arrays.items():
        if array.dtype.kind in "fc" and (count := int((~np.isfinite(array)).sum())):
            faults.append(f"{name} has {count} values that are not finite")
        if name == "labels" and (fault := _label_fault(array)):
            faults.append(fault)
    return faults


def array_faults(folder: Path, prefix: str = "") -> list[str]:
    """Faults of training arrays, naming the samples, and differences from samples.json. prefix: before each line."""
    try:
        inputs, labels, manifest = array_folder.load(folder)
    except ConfigError as error:
        return [str(error)]
    faults = []
    for row, (x, y) in enumerate(zip(inputs, labels, strict=True)):
        sample = manifest["samples"][row]
        name = f"{prefix}inputs.npy: sample {row} ({sample.get('object')}, {sample.get('view', 'no view')})"
        if not np.isfinite(x).all():
            faults.append(f"{name} has {int((~np.isfinite(x)).sum())} values that are not finite")
        if fault := _label_fault(y):
            faults.append(f"{name.replace('inputs', 'labels', 1)}: {fault}")
    for kind, array in (("inputs", inputs), ("labels", labels)):
        digest = sha256_of(row.tobytes() for row in array)
        if manifest.get(f"sha256_{kind}", digest) != digest:
            faults.append(f"{prefix}{kind}.npy: changed (its SHA-256 differs)")
    return faults


def _label_fault(labels: NDArray[Any]) -> str:
    if labels.dtype.kind not in "iu" or (labels.size and (labels.min() < LOWEST_LABEL or labels.max() > GOOD)):
        return f"labels outside {LOWEST_LABEL} to {GOOD}"
    return ""
