"""The heatmap runner against networks that hand one input channel back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import perception.view
from perception.base.errors import ContractError, ModelError
from perception.quality.heatmap import DEFAULT_WEIGHTS, OnnxHeatmap
from perception.quality.preprocess import VERSION, heatmap_input, window
from perception.types import Detection
from tests.support.onnx_files import channel_network, segmentation_network
from tests.support.synthetic import Cylinder, camera_at, render

VIEW = render(Cylinder(), camera_at((-0.5, 0.02, 0.75), (0.0, 0.0, 0.61)))


@pytest.mark.parametrize("size", [256, "free"])
def test_the_map_lies_where_the_object_is(size: int | str, tmp_path: Path) -> None:
    model = OnnxHeatmap(channel_network(tmp_path / "mask.onnx", 7, size=size))
    quality = model.predict(VIEW.seen()).quality
    assert quality.shape == VIEW.mask.shape
    wrong = (quality > 0.05) != VIEW.mask
    assert wrong.sum() < 0.03 * VIEW.mask.sum()  # only outline pixels, from scaling there and back


def test_values_are_kept_and_limited(tmp_path: Path) -> None:
    red = OnnxHeatmap(channel_network(tmp_path / "red.onnx", 0)).predict(VIEW.seen()).quality
    assert red[250, 320] == pytest.approx(VIEW.rgb[250, 320, 0] / 255.0, abs=0.01)
    toward = OnnxHeatmap(channel_network(tmp_path / "nz.onnx", 6)).predict(VIEW.seen()).quality
    assert toward.min() == 0.0  # the channel is negative on the object: clipped


def test_a_network_of_free_size_is_given_what_the_object_fills(tmp_path: Path) -> None:
    tensor, _ = heatmap_input(VIEW.rgb, VIEW.depth, VIEW.mask, VIEW.intrinsics, VIEW.world_from_camera)
    rows, columns = window(tensor[7] > 0)
    assert columns.stop - columns.start <= 192 < 256 == rows.stop - rows.start
    inside = np.zeros((256, 256), bool)
    inside[rows, columns] = True
    quality = OnnxHeatmap(channel_network(tmp_path / "red.onnx", 0, size="free")).quality(tensor)
    assert np.array_equal(quality, np.where(inside, tensor[0], 0.0))
    assert np.array_equal(OnnxHeatmap(channel_network(tmp_path / "all.onnx", 0)).quality(tensor), tensor[0])


def test_empty_mask_is_a_broken_contract(tmp_path: Path) -> None:
    model = OnnxHeatmap(channel_network(tmp_path / "mask.onnx", 7))
    nothing = Detection("bottle", 0.9, np.zeros_like(VIEW.mask), (0.0, 0.0, 0.0, 0.0))
    with pytest.raises(ContractError, match="empty"):
        model.predict(perception.view.View(VIEW.frame(), nothing))


def test_preprocessing_version_must_fit(tmp_path: Path) -> None:
    OnnxHeatmap(channel_network(tmp_path / "same.onnx", 7, {"preprocessing_version": str(VERSION)}))
    with pytest.raises(ModelError, match="preprocessing version 0"):
        OnnxHeatmap(channel_network(tmp_path / "old.onnx", 7, {"preprocessing_version": "0"}))


def test_other_networks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="square input"):
        OnnxHeatmap(channel_network(tmp_path / "small.onnx", 7, size=128))
    rows, prototypes = np.zeros((1, 39), np.float32), np.zeros((32, 24, 32), np.float32)
    with pytest.raises(ModelError, match=r"expected one input \(1, 8"):
        OnnxHeatmap(segmentation_network(tmp_path / "yolo.onnx", (96, 128), rows, prototypes))
    with pytest.raises(ModelError, match="--heatmap"):
        OnnxHeatmap(tmp_path / "none.onnx")


@pytest.mark.skipif(not DEFAULT_WEIGHTS.exists(), reason="no heatmap weights in this checkout")
def test_shipped_weights_open_and_tell_pixels_apart() -> None:
    quality = OnnxHeatmap(DEFAULT_WEIGHTS).predict(VIEW.seen()).quality
    assert 0.0 <= float(quality.min()) <= float(quality.max()) <= 1.0
    assert float(quality[VIEW.mask].std()) > 0.0
