"""Shared by all exports: compare an exported file with the trained network, add metadata, and write it.

Nothing is written unless onnxruntime gives the outputs of the trained network. Weights are stored as 16-bit floats,
which halves the file. onnxruntime widens them when it opens it, and computes with 32 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.networks.onnx_file import read_model, widen

if TYPE_CHECKING:
    import onnx

    from perception.networks.onnx_session import OnnxSession

OPSET = 17
TOLERANCE, ROUNDING = 1e-4, 2e-3
"""Largest difference of an output, relative to its largest value or 1: before its weights are rounded, and after."""
HALVED: Final = 1024
"""Weights of at least so many numbers are stored as 16-bit floats."""
MOST_BYTES = 40_000_000
"""Of all networks in a folder: together they stay small enough for the repository."""
PRIVATE = ("description", "date", "docs", "args")
"""Metadata of ultralytics that is dropped: it names folders of this machine, or changes by the hour."""


def parity(path: Path, what: str, probe: NDArray[np.float32], expected: Sequence[NDArray[Any]]) -> float:
    """Largest difference of a file's outputs, as `write_network` will store it, from `expected`, relative to each
    output's largest value or 1.

    what: name of the network. probe: its input.
    ConfigError above ROUNDING, above TOLERANCE for the file as it is, or for another shape; ModelError if the file
    does not run.
    """
    from perception.networks.onnx_session import OnnxSession

    form = {"channels": probe.shape[1], "outputs": len(expected)}
    _gap(OnnxSession(path, what, **form), probe, expected, TOLERANCE)
    stored = _halve(read_model(path)).SerializeToString()
    return _gap(OnnxSession(path, what, **form, content=stored), probe, expected, ROUNDING)


def _gap(session: OnnxSession, probe: NDArray[np.float32], expected: Sequence[NDArray[Any]], most: float) -> float:
    """The largest difference of a network's outputs from `expected`. ConfigError if it is not below `most`."""
    gaps = []
    for have, want in zip(session.run(probe), expected, strict=True):
        if have.shape != want.shape:
            shapes = f"{have.shape}, the trained one's {want.shape}"
            raise ConfigError(f"{session.what}: the exported network's output is {shapes}")
        gaps.append(np.abs(have - want).max() / max(1.0, float(np.abs(want).max())))
    worst = float(np.max(gaps))  # nan stays nan, and is refused
    if not worst < most:
        raise ConfigError(f"{session.what}: the exported network differs by {worst:.2e} from the trained one")
    return worst


def _halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model itself, its large 32-bit weights stored with 16 bits each and a Cast; `onnx_file.widen` undoes it."""
    from onnx import TensorProto, helper, numpy_helper

    model, casts = widen(model), []
    for item in model.graph.initializer:
        if item.data_type == TensorProto.FLOAT and np.prod(item.dims) >= HALVED:
            name, values = item.name, numpy_helper.to_array(item).astype(np.float16)
            item.CopyFrom(numpy_helper.from_array(values, f"{name}:half"))
            casts.append(helper.make_node("Cast", [item.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def required_file(path: Path, next_step: str) -> Path:
    """The path itself. ConfigError, with the next step, if there is no such file."""
    if not path.is_file():
        raise ConfigError(f"{path}: missing; {next_step}")
    return path


def write_network(part: Path, path: Path, metadata: dict[str, str]) -> Path:
    """Write a checked network `part` with its metadata to `path`, its weights with 16 bits; returns `path`. ConfigError
    above MOST_BYTES."""
    import onnx

    model = _halve(read_model(part))
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
