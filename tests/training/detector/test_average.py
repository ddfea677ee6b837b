"""Averaging a detector with the one that it was trained on from: between both, and measured anew."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from perception.base.errors import ConfigError
from tests.training.detector.test_train import in_process, write_yolo_data
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


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_a_share_is_between_none_and_all(tmp_path: Path, share: float) -> None:
    with pytest.raises(ConfigError, match="--share"):
        average(tmp_path, tmp_path / "start.pt", tmp_path / "out", share)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"best\.pt: missing"):
        average(tmp_path, tmp_path / "start.pt", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ultralytics") is None, reason="ultralytics is not installed")
def test_the_average_is_a_run_that_can_be_exported(tmp_path: Path) -> None:
    data = write_yolo_data(tmp_path / "set")
    script = (
        "from pathlib import Path; from perception.detection.detector import DEFAULT_WEIGHTS\n"
        "from training.detector.train import train; from training.detector.average import average\n"
        "from training.detector.export import export_detector\n"
        f"here = Path({str(tmp_path)!r})\n"
        f"run = train(Path({str(data)!r}), here, epochs=1, hours=None, image_size=64, batch=2, resume=False, seed=0,\n"
        "    weights=DEFAULT_WEIGHTS)\n"
        "export_detector(average(run, DEFAULT_WEIGHTS, here / 'both', 0.7), here, height=64, width=96)\n"
    )
    done = in_process(script)
    assert done.returncode == 0, done.stderr
    card = (tmp_path / "detector.md").read_text()
    assert "| share_of_start | 0.3 |" in card
    assert "| epoch | 1.0 |" in card or "| epoch | 1 |" in card
