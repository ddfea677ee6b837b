"""Averaging a detector with the one that it was trained on from. test_train exports an average."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from perception.base.errors import ConfigError
from training.detector.average import average, mix


def layers(value: float, channels: int = 3) -> torch.nn.Module:
    network = torch.nn.Sequential(torch.nn.Conv2d(1, channels, 1), torch.nn.BatchNorm2d(channels))
    for tensor in network.state_dict().values():
        tensor.fill_(value)
    return network


def test_every_number_lies_between_both() -> None:
    network, other = layers(10.0), layers(0.0)
    mix(network, other, 0.6)
    for name, value in network.state_dict().items():
        assert value.float() == pytest.approx(10.0 if "num_batches" in name else 6.0), name
    assert all((value == 0).all() for value in other.state_dict().values())
    with pytest.raises(ConfigError, match="not the same layout"):
        mix(network, layers(0.0, 4), 0.5)


def head(value: float) -> torch.nn.Module:
    """Named as that of a YOLO network of three classes."""
    layers = torch.nn.Sequential(*(torch.nn.Conv2d(1, 3, 1) for _ in range(3)))
    for tensor in layers.state_dict().values():
        tensor.fill_(value)
    return torch.nn.ModuleDict({"head": torch.nn.ModuleDict({"cv3": torch.nn.ModuleList([layers])})})


def test_rows_of_classes_that_only_the_run_knows_stay_as_they_are() -> None:
    network = head(10.0)
    mix(network, head(0.0), 0.5, [1])
    for name, value in network.state_dict().items():
        assert value.flatten().tolist() == ([5.0, 10.0, 5.0] if "cv3.0.2." in name else [5.0] * 3), name


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_a_share_is_between_none_and_all(tmp_path: Path, share: float) -> None:
    with pytest.raises(ConfigError, match="--share"):
        average(tmp_path, tmp_path / "start.pt", tmp_path / "out", share)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"best\.pt: missing"):
        average(tmp_path, tmp_path / "start.pt", tmp_path / "out")
    assert not (tmp_path / "out").exists()
