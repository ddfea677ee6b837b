"""Shared by both exports: compare an exported file with the trained network, add metadata, and write it.

Nothing is written unless onnxruntime gives the outputs of the trained network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.networks.onnx_file import read_model

OPSET = 17
TOLERANCE = 1e-4
"""Largest difference of an output, relative to its largest value or 1."""
MOST_BYTES = 40_000_000
"""Of all networks in a folder: together they stay small enough for the repository."""
PRIVATE = ("description", "date", "docs", "args")
"""Metadata of ultralytics that is dropped: it names folders of this machine, or changes by the hour."""


def parity(path: Path, what: str, probe: NDArray[np.float32], expected: Sequence[NDArray[Any]]) -> float:
    """Largest difference of a file's outputs from `expected`, relative to each output's largest value or 1.

    what: name of the network. probe: its input.
    ConfigError above TOLERANCE or for another shape; ModelError if the file does not run.
    """
    from perception.networks.onnx_session import OnnxSession

    actual = OnnxSession(path, what, channels=probe.shape[1], outputs=len(expected)).run(probe)
    gaps = []
    for have, want in zip(actual, expected, strict=True):
        if have.shape != want.shape:
            raise ConfigError(f"{what}: the exported network's output is {have.shape}, the trained one's {want.shape}")
        gaps.append(np.abs(have - want).max() / max(1.0, float(np.abs(want).max())))
    worst = float(np.max(gaps))  # nan stays nan, and is refused
    if not worst < TOLERANCE:
        raise ConfigError(f"{what}: the exported network differs by {worst:.2e} from the trained one")
    return worst


def required_file(path: Path, next_step: str) -> Path:
    """The path itself. ConfigError, with the next step, if there is no such file."""
    if not path.is_file():
        raise ConfigError(f"{path}: missing; {next_step}")
    return path


def write_network(part: Path, path: Path, metadata: dict[str, str]) -> Path:
    """Write a checked network `part` with its metadata to `path`; returns `path`. ConfigError above MOST_BYTES."""
    import onnx

    model = read_model(part)
    kept = {entry.key: entry.value for entry in model.metadata_props if entry.key not in PRIVATE}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {**kept, **metadata})
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    others = sum(file.stat().st_size for file in path.parent.glob("*.onnx") if file != path)
    if len(content) + others > MOST_BYTES:
        raise ConfigError(
            f"{path}: {(len(content) + others) / 1e6:.1f} MB of networks, more than {MOST_BYTES / 1e6} MB"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)
    return path
