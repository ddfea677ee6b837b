"""The 8-bit network: made and measured on a tiny one, kept only if nothing is lost, and said in the card."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("onnxruntime")

from onnx import helper
from onnx_files import save

from perception import preprocess
from perception.base.errors import ConfigError
from training.heatmap import build_arrays as dataset
from training.heatmap import quantise

SIZE = 16


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three convolutions; its heatmap is about the sigmoid of its first input channel."""
    rng = np.random.default_rng(0)
    first, middle, last = (np.zeros(shape, np.float32) for shape in ((4, 8, 3, 3), (4, 4, 3, 3), (1, 4, 1, 1)))
    first[0, 0, 1, 1], middle[0, 0, 1, 1], last[0, 0] = 1.0, 1.0, 8.0
    middle[1:] = rng.normal(0, 0.1, middle[1:].shape)
    nodes = [
        helper.make_node("Conv", ["input", "first"], ["a"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["a", "middle"], ["b"], name="middle", pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["b", "last"], ["c"], name="last"),
        helper.make_node("Sigmoid", ["c"], ["quality"]),
    ]
    path = tmp_path_factory.mktemp("network") / "heatmap.onnx"
    constants = {"first": first, "middle": middle, "last": last}
    return save(path, nodes, constants, {"input": [1, 8, SIZE, SIZE]}, {"quality": [1, 1, SIZE, SIZE]})


def arrays(folder: Path, objects: list[str]) -> Path:
    """Samples whose label is the sign of their first channel."""
    rng = np.random.default_rng(1)
    inputs = rng.normal(0, 1, (len(objects), 8, SIZE, SIZE)).astype(np.float16)
    np.save(folder / "inputs.npy", inputs)
    np.save(folder / "labels.npy", (inputs[:, 0] > 0).astype(np.int8))
    samples = [{"object": name, "view": "view-00000-00", "draw": 0} for name in objects]
    manifest = {
        "schema": dataset.SCHEMA, "preprocessing_version": preprocess.VERSION, "count": len(objects),
        "samples": samples,
    }  # fmt: skip
    (folder / "samples.json").write_text(json.dumps(manifest))
    return folder


def test_a_network_that_loses_nothing_is_written_and_the_card_says_so_once(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out, card = (
        arrays(tmp_path, ["can-1000000", "can-1000003"] * 4),
        tmp_path / "small.onnx",
        tmp_path / "card.md",
    )
    card.write_text("# Card\n\nText.\n")
    call = ["quantise", "--data", data, "--network", network, "--out", out, "--card", card, "--samples", "3"]
    monkeypatch.setattr(sys, "argv", [str(word) for word in call])
    for _ in range(2):
        quantise.main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["keeps"] is True
    assert found["fp32"]["auroc"] == pytest.approx(1.0)
    assert found["int8"]["auroc"] == pytest.approx(1.0, abs=0.005)
    kinds = {node.op_type for node in onnx.load(str(out)).graph.node}
    assert "QuantizeLinear" in kinds
    assert card.read_text().count(quantise.HEADING) == 1
    assert card.read_text().startswith("# Card\n\nText.\n\n## In 8 bits\n")
    assert f"`small.onnx`, 0.0 MB, SHA-256 `{sha256(out.read_bytes()).hexdigest()}`" in card.read_text()


@pytest.mark.parametrize(("auroc", "top", "kept"), [(0.9, 0.9, True), (0.894, 0.9, False), (0.9, 0.894, False)])
def test_what_is_lost_decides(auroc: float, top: float, kept: bool) -> None:
    whole = {"auroc": 0.9, "precision_at_1": 0.9, "ece": 0.01, "milliseconds": 40.0}
    facts = {"fp32": whole, "int8": {**whole, "auroc": auroc, "precision_at_1": top}}
    assert quantise.keeps(facts) is kept
    assert ("Not shipped" in quantise.section(facts, b"", None)) is not kept


def test_without_validation_samples_it_is_refused(network: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="validation"):
        quantise.quantise(network, arrays(tmp_path, ["can-1000000"] * 2))
