"""The classes of a network that is trained on: kept where it knows them, new where it does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from perception.base.files import replacing
from perception.detection.detector import OnnxDetector
from training.detector.pickled_weights import check_weights, network_of
from training.detector.torchvision_stub import import_ultralytics

CLASS_ROWS = re.compile(r"\.cv3\.\d+\.2\.(weight|bias)$")
"""Parameters of a YOLO head with one row for each class."""


def names_of(network: nn.Module) -> list[str]:
    """The classes of a network of ultralytics."""
    names: Any = network.names
    return [str(name) for name in (names.values() if isinstance(names, dict) else names)]


def labels_of(weights: Path, *, trust_pickle: bool = False) -> list[str]:
    """The classes of a .pt or .onnx file. ConfigError or ModelError if it is none; trust_pickle: see check_weights."""
    if weights.suffix == ".pt":
        return names_of(network_of(check_weights(weights, trust_pickle=trust_pickle), weights))
    return list(OnnxDetector(weights).labels)


def with_names(network: nn.Module, names: Sequence[str]) -> nn.Module:
    """The network with these classes. One that it knows keeps its weights; a new one starts as the mean of all."""
    known = names_of(network)
    if known == list(names):
        return network
    tasks = import_ultralytics().nn.tasks
    fresh: nn.Module = tasks.SegmentationModel(network.yaml, nc=len(names), verbose=False)
    theirs, mine = network.state_dict(), fresh.state_dict()
    with torch.no_grad():
        for key in mine.keys() & theirs.keys():
            old, new = theirs[key].float(), mine[key]
            if CLASS_ROWS.search(key) and old.shape[1:] == new.shape[1:]:
                rows = [old[known.index(name)] if name in known else old.mean(dim=0) for name in names]
                new.copy_(torch.stack(rows))
            elif old.shape == new.shape:
                new.copy_(old)
    fresh.load_state_dict(mine)
    fresh.names = dict(enumerate(names))  # type: ignore[assignment]
    return fresh


def save_start(network: nn.Module, out: Path) -> Path:
    """Write weights that a training of ultralytics can start from; returns `out`."""
    with replacing(out) as part:
        torch.save({"model": network, "train_args": {"task": "segment"}, "epoch": -1}, part)
    return out
