"""What the heatmap network is trained on: windows, batches, parts, and sets that have too little."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from perception.base.errors import ConfigError  # noqa: E402
from tests.training.heatmap.test_train import QUICK, small_network, write_data  # noqa: E402, F401
from training.heatmap import train as train_heatmap  # noqa: E402
from training.heatmap.samples import Samples  # noqa: E402
from training.heatmap.train import train  # noqa: E402


@pytest.mark.slow
def test_windows_hold_what_is_labelled_and_batches_hold_each_row_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    count = 70
    inputs = np.full((count, 8, 256, 256), -1, np.float16)
    labels = np.full((count, 256, 256), -1, np.int8)
    for row in range(count):
        v, u = rng.integers(60, 120, 2)
        high, wide = rng.integers(4, 120, 2)
        inputs[row, 7, v : v + high, u : u + wide] = 1 + row
        labels[row, v : v + high, u : u + wide] = row % 2
    folder = write_data(tmp_path / "set", ["bottle-1"] * (count - 1) + ["bottle-5"])
    np.save(folder / "inputs.npy", inputs)
    np.save(folder / "labels.npy", labels)
    samples = Samples.open(folder)
    x, y = samples.take(np.arange(4), windowed=True)
    assert x.shape[2:] == y.shape[1:] == tuple(samples.sizes(np.arange(4)).max(axis=0))
    for row in range(4):
        assert (y[row] >= 0).sum() == (labels[row] >= 0).sum()
        assert torch.equal(x[row, 7] > 0, y[row] >= 0)
        assert float(x[row, 7].max()) == 1 + row
    assert samples.take(np.arange(4), windowed=False)[0].shape == (4, 8, 256, 256)
    trainer = train_heatmap.Trainer(samples, tmp_path / "run", QUICK, resume=False)
    batches = trainer.batches(torch.Generator().manual_seed(1))
    assert sorted(np.concatenate(batches)) == list(range(count - 1))
    areas = [samples.sizes(batch).max(axis=0).prod() for batch in batches]
    mixed = [samples.sizes(np.arange(start, start + 4)).max(axis=0).prod() for start in range(0, count - 4, 4)]
    assert np.mean(areas) < 0.95 * np.mean(mixed)
    assert areas != sorted(areas)


@pytest.mark.parametrize(("names", "part"), [(["can-5", "can-10"], "train on"), (["can-1", "can-2"], "hold out")])
def test_a_part_without_objects_is_said(names: list[str], part: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"no object to {part} among 2; label more objects"):
        train(write_data(tmp_path / "set", names), tmp_path / "out", QUICK)


def test_of_one_object_pictures_are_held_out(tmp_path: Path) -> None:
    folder = write_data(tmp_path / "set", ["can-1"] * 20)
    manifest = json.loads((folder / "samples.json").read_text())
    for row, entry in enumerate(manifest["samples"]):
        entry |= {"view": f"view-{row // 2}", "draw": row % 2}
    (folder / "samples.json").write_text(json.dumps(manifest))
    samples = Samples.open(folder)
    assert (len(samples.training), len(samples.validation), len(samples.test)) == (14, 6, 0)
    assert not set(samples.training // 2) & set(samples.validation // 2)


@pytest.mark.slow
def test_a_set_without_known_pixels_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no labelled pixel"):
        train(write_data(tmp_path / "set", ["can-1", "can-5"], unknown=True), tmp_path / "out", QUICK)
