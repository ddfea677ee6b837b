"""What `evaluate heatmap` says of a network on arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.quality import preprocess
from training.dataset import array_folder
from training.evaluation.heatmap import evaluate_network, table
from training.heatmap.metrics import PixelScores

TRAINED, HELD_OUT = "can-1000001", ("can-1000005", "mug-1000008", "mug-1000015")
SIDE = preprocess.SIZE_PX
METRICS = {"auroc", "average_precision", "precision_at_1", "regret", "ece", "good_share"}


class Upper:
    """Instead of a network: the higher in the crop, the better."""

    def __init__(self, path: Path) -> None:
        pass

    def quality(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.repeat(np.linspace(1.0, 0.0, SIDE, dtype=np.float32)[:, None], SIDE, axis=1)


def write(folder: Path, *, framing: bool = True) -> Path:
    """The upper half is good; of the object that is cut, the lower."""

    def samples() -> Iterator[array_folder.Sample]:
        for number, name in enumerate((TRAINED, *HELD_OUT)):
            tensor = np.zeros((preprocess.CHANNELS, SIDE, SIDE), np.float16)
            tensor[preprocess.MASK_CHANNEL, 64:192, 64:192] = 1
            cut = name == HELD_OUT[-1]
            labels = np.full((SIDE, SIDE), -1, np.int8)
            labels[64:128, 64:192], labels[128:192, 64:192] = int(not cut), int(cut)
            entry = {"object": name, "view": f"view-{number}", "draw": 0}
            yield entry | ({"cut": cut} if framing else {}), tensor, labels

    array_folder.write_arrays(folder, samples(), 4, {"views": 4, "draws": 1})
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.evaluation.heatmap.OnnxHeatmap", Upper)


def test_the_held_out_objects_are_measured_whole_and_cut(tmp_path: Path) -> None:
    found = evaluate_network(Path("any.onnx"), write(tmp_path))
    assert (found["samples"], found["objects"], found["split"]) == (3, 3, "test")
    (one,) = found["against"].values()
    assert set(one["metrics"]) == METRICS
    assert one["metrics"]["precision_at_1"] == pytest.approx(2 / 3)
    assert {kind: (part["precision_at_1"], part["auroc"]) for kind, part in one["framing"].items()} == {
        "cut": (0.0, 0.0), "whole": (1.0, 1.0),
    }  # fmt: skip
    assert {family: part["precision_at_1"] for family, part in one["families"].items()} == {"can": 1.0, "mug": 0.5}
    rows = [row.split(" | ")[0] for row in table(found).splitlines()[4:]]
    assert rows[:3] == ["| network", "| network, object cut", "| network, object whole"]
    assert len(rows) == 3 + len(one["rules"])


def test_arrays_that_do_not_say_what_is_cut_are_measured_all_the_same(tmp_path: Path) -> None:
    found = evaluate_network(Path("any.onnx"), write(tmp_path, framing=False))
    assert (found["against"]["labels"]["framing"], found["samples"]) == ({}, 3)
    assert "object" not in table(found)


def test_unknown_splits_and_those_without_objects_are_refused(tmp_path: Path) -> None:
    data = write(tmp_path)
    with pytest.raises(ConfigError, match="unknown split 'exam'; choose from: train, val, test"):
        evaluate_network(Path("any.onnx"), data, "exam")
    with pytest.raises(ConfigError, match="no sample of a val object"):
        evaluate_network(Path("any.onnx"), data, "val")


def test_one_kind_of_label_has_no_ranking_but_a_top_pixel() -> None:
    scores = PixelScores()
    scores.add(np.random.default_rng(0).random((8, 8)), np.ones((8, 8), np.int8))
    found = scores.summary()
    assert math.isnan(found["auroc"])
    assert (found["precision_at_1"], found["regret"], found["good_share"]) == (1.0, 0.0, 1.0)
