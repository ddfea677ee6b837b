"""Tiny ONNX networks written for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


def save(
    path: Path,
    nodes: list[Any],
    constants: dict[str, NDArray[Any]],
    inputs: dict[str, list[Any]],
    outputs: dict[str, list[Any]],
    metadata: dict[str, str] | None = None,
    input_type: int = TensorProto.FLOAT,
    output_type: int = TensorProto.FLOAT,
) -> Path:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, input_type, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, output_type, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return path


def channel_network(
    path: Path,
    channel: int,
    metadata: dict[str, str] | None = None,
    channels: int = 8,
    size: Any = 256,
    also: Sequence[str] = (),
) -> Path:
    """Heatmap network whose output is one of its input channels. also: names of operators that it then goes through."""
    constants = {"a": np.array([channel]), "b": np.array([channel + 1]), "axis": np.array([1])}
    names = [*also, "quality"]
    nodes = [helper.make_node("Slice", ["input", "a", "b", "axis"], [names[0]])]
    nodes += [helper.make_node(names[i], [names[i]], [names[i + 1]]) for i in range(len(also))]
    inputs = {"input": ["N", channels, size, size]}
    return save(path, nodes, constants, inputs, {"quality": ["N", 1, size, size]}, metadata)


def segmentation_network(
    path: Path,
    size: tuple[int, int],
    rows: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    names: str = "{0: 'bottle', 1: 'can', 2: 'mug'}",
    free: bool = False,
) -> Path:
    """YOLO-like network: (anchors, 4 + classes + 32) `rows` with all scores times the mean red of the input. free: the
    input may have any size, and `size` is only said to be the usual one."""
    scale = np.zeros_like(rows.T[None])
    classes = rows.shape[1] - 36
    scale[:, 4 : 4 + classes] = rows.T[None, 4 : 4 + classes]
    rest = rows.T[None] - scale
    constants = {
        "a": np.array([0]),
        "b": np.array([1]),
        "axis": np.array([1]),
        "scores": scale,
        "rest": rest,
        "zero": np.zeros(1, np.float32),
        "prototypes": prototypes[None],
    }
    nodes = [
        helper.make_node("Slice", ["images", "a", "b", "axis"], ["red"]),
        helper.make_node("ReduceMean", ["red"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Squeeze", ["mean", "axis"], ["factor"]),
        helper.make_node("Mul", ["scores", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", "rest"], ["output0"]),
        helper.make_node("Mul", ["factor", "zero"], ["nothing"]),
        helper.make_node("Add", ["prototypes", "nothing"], ["output1"]),
    ]
    outputs = {"output0": [1, *rows.T.shape], "output1": [1, *prototypes.shape]}
    metadata = {"names": names} if names else {}
    if free:
        metadata["imgsz"] = str(list(size))
    return save(path, nodes, constants, {"images": [1, 3, *(("h", "w") if free else size)]}, outputs, metadata)
