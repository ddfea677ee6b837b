"""Exported weights put back into a network: it computes the same, can be trained on; what does not fit is refused."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from perception.base.errors import ConfigError
from perception.networks.onnx_session import OnnxSession
from perception.quality.heatmap import DEFAULT_WEIGHTS
from training.common.onnx_export import write_network
from training.common.onnx_weights import load_exported, load_exported_detector, measure_statistics
from training.heatmap.unet import LAYOUTS, GraspUNet

pytestmark = pytest.mark.slow


def inputs(count: int) -> torch.Tensor:
    return torch.rand((count, 8, 96, 128), generator=torch.Generator().manual_seed(count))


def quality(network: GraspUNet, x: torch.Tensor) -> np.ndarray:
    network.eval()
    with torch.no_grad():
        return torch.sigmoid(network(x)).numpy()


@pytest.mark.parametrize("halved", [False, True])
def test_the_network_computes_what_the_file_computes_before_and_after_its_statistics(
    tmp_path: Path, halved: bool
) -> None:
    x = inputs(2)
    file = write_network(DEFAULT_WEIGHTS, tmp_path / "heatmap.onnx", {}) if halved else DEFAULT_WEIGHTS
    session = OnnxSession(file, "heatmap", channels=8, outputs=1)
    expected = np.concatenate([session.run(one[None].numpy())[0] for one in x])
    network = GraspUNet()
    assert np.abs(quality(network, x) - expected).max() > 0.01  # a fresh one does not
    load_exported(network, file)
    assert np.abs(quality(network, x) - expected).max() < 1e-4
    measure_statistics(network, [inputs(4), inputs(5)])
    assert np.abs(quality(network, x) - expected).max() < 1e-4


def test_in_training_a_batch_like_the_measured_ones_gives_the_same() -> None:
    """Without the statistics, training would begin with another function."""
    network, x = GraspUNet(), inputs(6)
    load_exported(network, DEFAULT_WEIGHTS)
    expected = quality(network, x)
    network.train()
    with torch.no_grad():
        unmeasured = torch.sigmoid(network(x)).numpy()
    load_exported(network, DEFAULT_WEIGHTS)
    measure_statistics(network, [x])
    network.train()
    with torch.no_grad():
        measured = torch.sigmoid(network(x)).numpy()
    assert np.abs(measured - expected).max() < 1e-3
    assert np.abs(unmeasured - expected).max() > 0.01


@pytest.mark.skipif(find_spec("ultralytics") is None, reason="ultralytics is not installed")
def test_the_detector_computes_what_its_file_computes_before_and_after_its_statistics(tmp_path: Path) -> None:
    from training.detector.torchvision_stub import import_ultralytics

    import_ultralytics()
    from ultralytics.nn.tasks import SegmentationModel

    x = torch.rand((1, 3, 96, 128), generator=torch.Generator().manual_seed(1))
    path = write_network(DEFAULT_WEIGHTS.with_name("detector.onnx"), tmp_path / "detector.onnx", {})
    expected = OnnxSession(path, "detector", channels=3, outputs=2).run(x.numpy())[0]
    network = SegmentationModel("yolo11n-seg.yaml", nc=9, verbose=False).eval()

    def outputs() -> np.ndarray:
        with torch.no_grad():
            return np.asarray(network(x)[0][0])

    def like_the_file() -> bool:
        return bool(np.abs(outputs() - expected).max() < 1e-4 * np.abs(expected).max())

    assert not like_the_file()
    load_exported_detector(network, path)
    assert like_the_file()
    measure_statistics(network, [x, torch.rand((2, 3, 96, 96), generator=torch.Generator().manual_seed(2))])
    assert like_the_file()
    with pytest.raises(ConfigError, match="not an exported detector"):
        load_exported_detector(network, DEFAULT_WEIGHTS)
    with pytest.raises(ConfigError, match="this layout"):
        load_exported_detector(SegmentationModel("yolo11n-seg.yaml", nc=7, verbose=False), path)


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"junk")
    for path, words in (
        (junk, "not a readable ONNX file"),
        (tmp_path / "none.onnx", "no such file; expected the network"),
        (DEFAULT_WEIGHTS.with_name("detector.onnx"), "not an exported heatmap network"),
    ):
        with pytest.raises(ConfigError, match=words):
            load_exported(GraspUNet(), path)
    with pytest.raises(ConfigError, match="not an exported heatmap network of this layout"):
        load_exported(GraspUNet(layout=LAYOUTS["paper"]), DEFAULT_WEIGHTS)
