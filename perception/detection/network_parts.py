"""A YOLO segmentation network as two: what finds objects, and the head that draws masks.

The head is needed only where something was found. On a part of the features it gives the same prototypes as on the
whole, but for the part's rim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from perception.networks.onnx_file import widen

LOCAL = frozenset({"Conv", "ConvTranspose", "Sigmoid", "Mul", "Relu", "Constant"})
"""Operators of a head whose output at a pixel depends on the features about it only."""
STEEPEST = 80.0
"""exp of more is no 32-bit number."""


@dataclass(frozen=True)
class Parts:
    """Two network files. finder: the picture to the boxes' rows and `channels` features. head: features to mask
    prototypes; right if at least `rim` pixels inside the given part, or at the features' own border."""

    finder: bytes
    head: bytes
    channels: int
    rim: int


def cut(content: bytes) -> Parts | None:
    """The network file in two; None if it is not a plain network whose second output is made from one map of features,
    by convolutions alone, beside the first."""
    try:
        model = onnx.load_model_from_string(content)
        onnx.checker.check_model(model)
        widen(model)
    except Exception:  # onnx and protobuf raise whatever their parsers do; who runs the file says what is wrong with it
        return None
    graph = model.graph
    nested = any(attribute.HasField("g") for node in graph.node for attribute in node.attribute)
    if len(graph.output) != 2 or nested or model.functions:
        return None
    rows, prototypes = graph.output
    head = _makers(graph, prototypes.name) - _makers(graph, rows.name)
    nodes = [node for node in graph.node if node.output[0] in head]
    constants = {tensor.name: tensor for tensor in graph.initializer}
    made = {name for node in graph.node if node.op_type == "Constant" for name in node.output}
    needed = {name for node in nodes for name in node.input} - {name for node in nodes for name in node.output}
    features = sorted(needed - set(constants) - made)
    kernels = [constants[node.input[1]] for node in nodes if node.op_type == "Conv" and node.input[1] in constants]
    first = [node.op_type for node in nodes if node.input[:1] == features]
    if first != ["Conv"] or not kernels or any(node.op_type not in LOCAL for node in nodes):
        return None
    channels = int(kernels[0].dims[1])
    middle = helper.make_tensor_value_info(
        features[0], prototypes.type.tensor_type.elem_type, ["n", channels, "h", "w"]
    )
    rest = quick_softmax([node for node in graph.node if node.output[0] not in head], graph)
    finder = _file(model, rest, graph.input, [rows, middle])
    return Parts(finder, _file(model, nodes, [middle], [prototypes]), channels, sum(_side(k) // 2 for k in kernels))


def _makers(graph: Any, name: str) -> set[str]:
    """First outputs of all nodes that `name` is made by."""
    maker = {output: node for node in graph.node for output in node.output}
    makers: set[str] = set()
    following = [name]
    while following:
        node = maker.get(following.pop())
        if node is not None and node.output[0] not in makers:
            makers.add(node.output[0])
            following += node.input
    return makers


def _side(weights: Any) -> int:
    return int(max(weights.dims[2:]))


def quick_softmax(nodes: list[Any], graph: Any) -> list[Any]:
    """The nodes, with each softmax over axis 1 that a 1 x 1 convolution averages written as two sums of exponentials.

    The mean is the same and much quicker, since onnxruntime transposes the array for a softmax. In 16 bits the sums
    would overflow, so there it stays. Adds to the graph's constants.
    """
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer if len(item.dims) == 4}
    result = list(nodes)
    for softmax in (node for node in nodes if node.op_type == "Softmax"):
        axis = [item.i for item in softmax.attribute if item.name == "axis"]
        name = softmax.output[0]
        users = [node for node in nodes if name in node.input]
        weights = (
            constants.get(users[0].input[1]) if [(u.op_type, len(u.input)) for u in users] == [("Conv", 2)] else None
        )
        if axis != [1] or weights is None or weights.shape[2:] != (1, 1) or weights.dtype != np.float32:
            continue
        added = {
            "ones": np.ones_like(weights),
            "low": weights.dtype.type(-STEEPEST),
            "high": weights.dtype.type(STEEPEST),
        }
        graph.initializer.extend(numpy_helper.from_array(np.asarray(v), f"{name}:{key}") for key, v in added.items())
        place = result.index(softmax)
        result[place : place + 1] = [
            helper.make_node("Clip", [softmax.input[0], f"{name}:low", f"{name}:high"], [f"{name}:clipped"]),
            helper.make_node("Exp", [f"{name}:clipped"], [f"{name}:exp"]),
            helper.make_node("Conv", [f"{name}:exp", users[0].input[1]], [f"{name}:weighted"]),
            helper.make_node("Conv", [f"{name}:exp", f"{name}:ones"], [f"{name}:sum"]),
            helper.make_node("Div", [f"{name}:weighted", f"{name}:sum"], list(users[0].output)),
        ]
        result.remove(users[0])
    return result


def _file(model: Any, nodes: list[Any], inputs: Any, outputs: Any) -> bytes:
    """A network of some of a model's nodes, with their constants and the model's metadata."""
    used = {name for node in nodes for name in node.input}
    constants = [item for item in model.graph.initializer if item.name in used]
    made = [node for node in model.graph.node if node.op_type == "Constant" and node.output[0] in used]
    own = [node for node in nodes if node.op_type != "Constant"]
    graph = helper.make_graph([*made, *own], model.graph.name, inputs, outputs, constants)
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    helper.set_model_props(part, {entry.key: entry.value for entry in model.metadata_props})
    content: bytes = part.SerializeToString()
    return content
