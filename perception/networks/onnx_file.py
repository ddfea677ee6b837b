"""A network file before it is run: how large it may be, whether it may be run at all, and what onnx reads from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from perception.base.errors import ConfigError
from perception.base.files import read_bytes, shown

if TYPE_CHECKING:
    import onnx

MAX_BYTES: Final = 200_000_000


def unsafe(content: bytes) -> str:
    """Why a network file of a stranger is not run, "" if it may be: a loop need not end, and weights in another file
    may be any file of this machine."""
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # onnx and protobuf raise whatever their parsers do; who runs the file says what is wrong with it
        return ""
    nodes = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    functions = {(function.domain, function.name) for function in model.functions}
    tensors = list(model.graph.initializer)
    for node in nodes:
        if any(item.HasField("g") or item.graphs for item in node.attribute):
            return f"has a {node.op_type} with a network in it, which need not end; export it without"
        tensors += [tensor for item in node.attribute for tensor in (item.t, *item.tensors)]
    if any((node.domain, node.op_type) in functions for function in model.functions for node in function.node):
        return "has functions that call functions, which need not end; export it without"
    sparse = [part for item in model.graph.sparse_initializer for part in (item.values, item.indices)]
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data for tensor in [*tensors, *sparse]):
        return "keeps its weights in another file, which is not read; save it as one file"
    return ""


def read_model(path: Path) -> onnx.ModelProto:
    """A network file, without weights that it keeps in others, its weights `widen`ed. ConfigError if it cannot be
    read."""
    import onnx

    content = read_bytes(path, "network", MAX_BYTES)
    try:
        return widen(onnx.load_model_from_string(content))
    except Exception as error:  # onnx and protobuf raise whatever their parsers do
        raise ConfigError(f"{shown(path)}: not a readable ONNX file: {type(error).__name__}") from error


def widen(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model itself, its 16-bit weights that a Cast makes 32 bits wide stored with 32 bits, without the Cast.

    Exports store weights so (`training.common.onnx_export`). onnxruntime does the same when it opens a file; whoever
    looks at the weights of a graph needs it done.
    """
    from onnx import TensorProto, numpy_helper

    halves = {item.name: item for item in model.graph.initializer if item.data_type == TensorProto.FLOAT16}
    for node in [node for node in model.graph.node if node.op_type == "Cast" and node.input[0] in halves]:
        if [item.i for item in node.attribute if item.name == "to"] == [TensorProto.FLOAT]:
            values = numpy_helper.to_array(halves[node.input[0]]).astype(np.float32)
            model.graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
            model.graph.node.remove(node)
            model.graph.initializer.remove(halves[node.input[0]])
    return model
