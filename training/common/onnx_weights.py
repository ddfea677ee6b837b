"""Puts the weights of an exported network back into one that can be trained, for runs without best.pt.

The export folds each batch norm into the convolution before it. `load_exported` sets the batch norms to the identity;
`measure_statistics` then measures mean and variance on training inputs and compensates for them, so that the outputs do
not change.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from perception.base.errors import ConfigError
from perception.networks.onnx_file import read_model


def load_exported(network: nn.Module, path: Path) -> None:
    """Fill a training.heatmap.unet network. ConfigError if the file cannot be read or has another layout.

    In evaluation it then gives the file's outputs; before training it needs `measure_statistics`.
    """
    _fill(network, _arrays(network, read_model(path).graph, path), path)


def load_exported_detector(network: nn.Module, path: Path) -> None:
    """`load_exported` for an ultralytics segmentation network, whose export keeps the names of the parameters."""
    parameters = dict(network.named_parameters())
    arrays = []
    for name, values in _constants(read_model(path).graph).items():
        if name.endswith(".conv.bias") and name not in parameters:
            name = name.removesuffix("conv.bias") + "bn.bias"
        if name in parameters:
            arrays.append((name, values))
    missing = {name for name in parameters if not name.endswith(".bn.weight")} - {name for name, _ in arrays}
    if missing:
        raise ConfigError(f"{path}: not an exported detector: it has no {min(missing)}; give detector.onnx")
    _fill(network, arrays, path)


def _fill(network: nn.Module, arrays: Iterable[tuple[str, Any]], path: Path) -> None:
    """Set the parameters, and the batch norms so that they only add their offset."""
    parameters = dict(network.named_parameters())
    for name, array in arrays:
        target = parameters[name]
        values = torch.from_numpy(array.copy()).reshape(-1)
        if values.numel() != target.numel():
            raise ConfigError(f"{path}: {name} has {values.numel()} values, this layout {target.numel()}")
        with torch.no_grad():
            target.copy_(values.reshape(target.shape))
    for norm in _batch_norms(network):
        nn.init.ones_(norm.weight)
        nn.init.zeros_(norm.running_mean)  # type: ignore[arg-type]  # there as it tracks statistics
        nn.init.constant_(norm.running_var, 1.0 - norm.eps)  # type: ignore[arg-type]


def measure_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set mean and variance of the batch norms of a `load_exported` network, and scales and offsets that undo them.

    batches: training inputs. The network's outputs do not change.
    """
    norms = _batch_norms(network)
    sums: dict[nn.BatchNorm2d, list[Tensor]] = {norm: [] for norm in norms}

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(module, nn.BatchNorm2d)
        x = inputs[0].cpu().double()  # not every device has 64 bits
        sums[module].append(torch.stack([x.mean(dim=(0, 2, 3)), x.square().mean(dim=(0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    network.eval()
    try:
        with torch.no_grad():
            for batch in batches:
                network(batch)
    finally:
        for hook in hooks:
            hook.remove()
    with torch.no_grad():
        for norm, moments in sums.items():
            assert norm.running_mean is not None
            assert norm.running_var is not None
            mean, square = torch.stack(moments).mean(dim=0)
            variance = (square - mean.square()).clamp(min=0.0)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.bias.add_(mean.to(norm.bias))
            norm.weight.copy_((variance + norm.eps).sqrt())


def _batch_norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def _constants(graph: Any) -> dict[str, Any]:
    from onnx.numpy_helper import to_array

    return {item.name: to_array(item) for item in graph.initializer}


def _arrays(network: nn.Module, graph: Any, path: Path) -> list[tuple[str, Any]]:
    """(name, values) of a heatmap network's parameters, without the scales of the batch norms."""
    constants = _constants(graph)

    def used(operation: str) -> list[list[Any]]:
        nodes = (node for node in graph.node if node.op_type == operation)
        return [[constants[name] for name in node.input if name in constants] for node in nodes]

    def named(kind: type[nn.Module]) -> list[str]:
        return [name for name, module in network.named_modules() if isinstance(module, kind)]

    convolutions, joined = used("Conv"), named(nn.Conv2d)
    norms, transposed = named(nn.BatchNorm2d), used("ConvTranspose")
    scales = [values for values in used("Mul") if values]
    offsets = [values for values in used("Add") if values]
    # The encoder's convolutions, each with its batch norm, come first in the network and in the file.
    mixes = [name for name in joined if name.endswith(".mix")]
    rest = [name for name in joined if name not in mixes and name != "logit"]
    order = [*rest, *mixes, "logit"]
    counts = (len(convolutions), len(transposed), len(scales), len(offsets))
    groups, ups = named(nn.GroupNorm), named(nn.ConvTranspose2d)
    if counts != (len(order), len(ups), len(groups), len(groups)) or len(rest) != len(norms):
        raise ConfigError(f"{path}: not an exported heatmap network of this layout; give heatmap.onnx")
    arrays: list[tuple[str, Any]] = []
    for name, norm, values in zip(rest, norms, convolutions, strict=False):
        if len(values) != 2:
            raise ConfigError(f"{path}: its convolutions have no 32-bit weights; give heatmap.onnx as exported")
        arrays += [(f"{name}.weight", values[0]), (f"{norm}.bias", values[1])]
    for name, values in zip([*mixes, "logit"], convolutions[len(rest) :], strict=True):
        arrays += list(zip((f"{name}.weight", f"{name}.bias"), values, strict=False))
    arrays += [(f"{name}.weight", values[0]) for name, values in zip(ups, transposed, strict=True)]
    for name, scale, offset in zip(groups, scales, offsets, strict=True):
        arrays += [(f"{name}.weight", scale[0]), (f"{name}.bias", offset[0])]
    return arrays
