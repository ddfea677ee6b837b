"""Policies as chains of matrices: read from ONNX, run for many robots at once, trained with torch, and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.networks.onnx_file import read_model
from simulation.genesis.legs.policy import INPUTS, OUTPUTS
from training.common.onnx_export import OPSET

Floats = NDArray[np.float32]
IR_VERSION: Final = 8


@dataclass(frozen=True)
class Chain:
    """Layers of a policy: weights (out, in) and biases (out,); ELU between two layers."""

    layers: tuple[tuple[Floats, Floats], ...]

    def __call__(self, inputs: Floats) -> Floats:
        """(N, outputs) for (N, inputs)."""
        values = inputs
        for number, (weights, biases) in enumerate(self.layers):
            if number:
                values = np.where(values > 0, values, np.expm1(np.minimum(values, 0)))
            values = values @ weights.T + biases
        return values

    def towards(self, other: Chain, share: float) -> Chain:
        """The chain between this one and another of the same widths whose weights are this share of the way there."""
        pairs = zip(self.layers, other.layers, strict=True)
        return Chain(tuple((w + share * (v - w), b + share * (c - b)) for (w, b), (v, c) in pairs))

    @property
    def widths(self) -> tuple[int, ...]:
        """Of the hidden layers."""
        return tuple(biases.size for _, biases in self.layers[:-1])

    @property
    def parameters(self) -> int:
        return sum(weights.size + biases.size for weights, biases in self.layers)


def read_chain(path: Path) -> Chain:
    """The layers of an ONNX file. ConfigError if it is anything but Gemm and Elu in turn."""
    from onnx import numpy_helper

    graph = read_model(path).graph
    weights = {item.name: numpy_helper.to_array(item).astype(np.float32) for item in graph.initializer}
    kinds = [node.op_type for node in graph.node]
    layers = [
        (weights[node.input[1]] if _transposed(node) else weights[node.input[1]].T, weights[node.input[2]])
        for node in graph.node
        if node.op_type == "Gemm"
    ]
    alternating = kinds == ["Gemm", "Elu"] * (len(layers) - 1) + ["Gemm"]
    if not alternating or (layers[0][0].shape[1], layers[-1][0].shape[0]) != (INPUTS, OUTPUTS):
        raise ConfigError(f"{path}: not a chain of Gemm and Elu from {INPUTS} to {OUTPUTS} numbers: {kinds}")
    return Chain(tuple(layers))


def _transposed(node: Any) -> bool:
    return any(item.name == "transB" and item.i == 1 for item in node.attribute)


def write_chain(chain: Chain, path: Path, metadata: dict[str, str]) -> Path:
    """Write a policy as ONNX; returns the file."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, tensors, value = [], [], "obs"
    for number, (weights, biases) in enumerate(chain.layers):
        if number:
            nodes.append(helper.make_node("Elu", [value], [f"elu{number}"]))
            value = f"elu{number}"
        out = "actions" if number == len(chain.layers) - 1 else f"gemm{number}"
        names = [f"weights{number}", f"biases{number}"]
        tensors += [numpy_helper.from_array(np.ascontiguousarray(array), name) for array, name in
                    zip((weights, biases), names, strict=True)]  # fmt: skip
        nodes.append(helper.make_node("Gemm", [value, *names], [out], transB=1))
        value = out
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])]
        for name, size in (("obs", INPUTS), ("actions", OUTPUTS))
    ]
    graph = helper.make_graph(nodes, "gait", ends[0], ends[1], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, model.SerializeToString())
    return path


def layers_of(sizes: Sequence[int]) -> Any:
    """A torch network of these sizes from the inputs to the outputs; ELU between two layers."""
    from torch import nn

    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ELU()]
    return nn.Sequential(*layers[:-1])


class Student:
    """A network in training. widths: of its hidden layers. rate: of Adam.

    Inputs are scaled by their mean and spread over the first samples, which `chain` folds into the first layer.
    """

    def __init__(self, widths: Sequence[int], *, seed: int, rate: float) -> None:
        import torch

        torch.manual_seed(seed)
        self._net = layers_of([INPUTS, *widths, OUTPUTS])
        self._adam = torch.optim.Adam(self._net.parameters(), lr=rate)
        self._mean, self._spread = torch.zeros(INPUTS), torch.ones(INPUTS)

    def scale(self, inputs: Floats, start: Chain | None = None) -> None:
        """Take the scale of the inputs from samples (N, 84), and the weights of a policy of the same widths."""
        import torch

        sample = torch.from_numpy(inputs)
        self._mean, self._spread = sample.mean(dim=0), sample.std(dim=0).clamp(min=0.05)
        if start is None:
            return
        (weights, biases), *others = start.layers
        first = weights * self._spread.numpy(), biases + weights @ self._mean.numpy()
        with torch.no_grad():
            for layer, (weights, biases) in zip(self._linear(), [first, *others], strict=True):
                layer.weight.copy_(torch.from_numpy(weights))
                layer.bias.copy_(torch.from_numpy(biases))

    def train(self, inputs: Floats, answers: Floats, order: NDArray[np.int64], batch: int, rate: float) -> float:
        """One pass over the samples in this order; returns the mean loss."""
        import torch

        for group in self._adam.param_groups:
            group["lr"] = rate
        losses = []
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            told, wanted = torch.from_numpy(inputs[part]), torch.from_numpy(answers[part])
            loss = torch.nn.functional.smooth_l1_loss(self._net(self._scaled(told)), wanted)
            self._adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._adam.step()
            losses.append(float(loss.detach()))
        return float(np.mean(losses))

    def chain(self) -> Chain:
        """The network as it is, for inputs that are not scaled."""
        arrays = [(_array(layer.weight), _array(layer.bias)) for layer in self._linear()]
        weights, biases = arrays[0]
        scaled = weights / self._spread.numpy()
        arrays[0] = (scaled.astype(np.float32), (biases - scaled @ self._mean.numpy()).astype(np.float32))
        return Chain(tuple(arrays))

    def _scaled(self, told: Any) -> Any:
        return (told - self._mean) / self._spread

    def _linear(self) -> list[Any]:
        return [layer for layer in self._net if hasattr(layer, "weight")]


def _array(tensor: Any) -> Floats:
    return np.asarray(tensor.detach().numpy(), dtype=np.float32)
