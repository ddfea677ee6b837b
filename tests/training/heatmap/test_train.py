"""Training the heatmap network on tiny made-up data: it learns, ignores what is unknown, resumes exactly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from perception.base.errors import ConfigError, WriteError  # noqa: E402
from perception.quality import preprocess  # noqa: E402  # after the check for torch
from tests.support.free_ports import free_port  # noqa: E402
from training.common import checkpoints  # noqa: E402
from training.dataset import array_folder  # noqa: E402
from training.heatmap import train as train_heatmap  # noqa: E402
from training.heatmap.recipes import Recipe, recipe_for  # noqa: E402
from training.heatmap.samples import Samples  # noqa: E402
from training.heatmap.train import train  # noqa: E402
from training.heatmap.unet import Layout  # noqa: E402

pytestmark = pytest.mark.slow

SIZE = 32
QUICK = Recipe(epochs=2, batch=4, seed=3)


def write_data(folder: Path, names: list[str], seed: int = 0, unknown: bool = False) -> Path:
    """Samples whose bright half (red channel) is good."""
    rng = np.random.default_rng(seed)
    inputs = rng.random((len(names), 8, SIZE, SIZE)).astype(np.float16)
    inputs[:, 7] = 1
    bright = np.arange(SIZE) < SIZE // 2
    inputs[:, 0] = np.where(bright, 0.9, 0.1)[None, None]
    labels = np.broadcast_to(bright, (len(names), SIZE, SIZE)).astype(np.int8)
    if unknown:
        labels = np.full_like(labels, -1)
    folder.mkdir(parents=True)
    np.save(folder / "inputs.npy", inputs)
    np.save(folder / "labels.npy", labels)
    manifest = {
        "schema": array_folder.SCHEMA,
        "preprocessing_version": preprocess.VERSION,
        "count": len(names),
        "sha256_inputs": f"made-up {seed}",
        "samples": [{"object": name, "view": "v", "draw": 0} for name in names],
    }
    (folder / "samples.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="module", autouse=True)
def small_network() -> Iterator[None]:
    """A network that trains in a moment, with batch statistics as the real one has; the trainer sees no difference."""

    def make(layout: Layout) -> Any:
        nn = torch.nn
        first, last = nn.Conv2d(layout.channels, 8, 3, padding=1), nn.Conv2d(8, layout.outputs, 1)
        return nn.Sequential(first, nn.BatchNorm2d(8), nn.ReLU(), last)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_heatmap, "GraspUNet", make)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [f"bottle-{seed}" for seed in (1, 2, 3, 4, 6, 7)] + ["bottle-5", "can-10"]
    return write_data(tmp_path_factory.mktemp("data") / "set", names)


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    train(data, out, QUICK)
    return out


def weights(folder: Path, name: str = "checkpoint.pt") -> dict[str, Any]:
    state: dict[str, Any] = torch.load(folder / name, weights_only=True)["network"]
    return state


def same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return all(torch.equal(first[key], second[key]) for key in first)


def test_a_mug_has_no_mirror_image_and_a_user_s_mesh_is_not_taken_for_symmetric(data: Path) -> None:
    samples = replace(Samples.open(data), names=("mug-1", "bottle-2", "mesh-3", "carton-4"))
    assert samples.symmetric(np.arange(4)).tolist() == [False, True, False, True]


def test_a_run_writes_what_export_needs(data: Path, whole: Path) -> None:
    config = json.loads((whole / "config.json").read_text())
    assert (config["parameters"], config["training_objects"], config["validation_objects"]) == (609, 6, 2)
    assert set(config["baselines"]) == {"centroid", "height"}
    lines = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1]
    assert {"train_loss", "loss", "auroc", "average_precision", "precision_at_1", "ece", "good_share"} < set(lines[0])
    assert "samples" not in config["data"]


def test_held_out_objects_never_reach_the_weights(data: Path, whole: Path, tmp_path: Path) -> None:
    inputs, _, manifest = array_folder.load(data)
    other = write_data(tmp_path / "other", [sample["object"] for sample in manifest["samples"]])
    changed = np.array(inputs)
    changed[6:] = 0.5
    np.save(other / "inputs.npy", changed)
    train(other, tmp_path / "out", QUICK)
    assert same(weights(tmp_path / "out"), weights(whole))
    changed[0] = 0.5
    np.save(other / "inputs.npy", changed)
    train(other, tmp_path / "out2", QUICK)
    assert not same(weights(tmp_path / "out2"), weights(whole))


def test_broken_off_and_resumed_is_the_same_as_in_one_go(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = train_heatmap.Trainer._epoch

    def killed_in_the_second(self: Any, epoch: int) -> float:
        loss = original(self, epoch)
        if epoch == 1:
            raise KeyboardInterrupt
        return loss

    monkeypatch.setattr(train_heatmap.Trainer, "_epoch", killed_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path, QUICK)
    monkeypatch.undo()
    train(data, tmp_path, QUICK, resume=True)
    assert same(weights(tmp_path), weights(whole))
    assert same(weights(tmp_path, "best.pt"), weights(whole, "best.pt"))
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2
    train(data, tmp_path, QUICK, resume=True)  # nothing is left to do
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2


def test_resuming_another_run_is_refused(data: Path, whole: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="made with other epochs, seed; resume with the same"):
        train(data, whole, Recipe(epochs=3, batch=4, seed=4), resume=True)
    names = [sample["object"] for sample in array_folder.load(data)[2]["samples"]]
    with pytest.raises(ConfigError, match="made with other data"):
        train(write_data(tmp_path / "other", names, seed=1), whole, QUICK, resume=True)
    with pytest.raises(ConfigError, match="made with other top_weight"):
        train(data, whole, replace(QUICK, top_weight=0.1), resume=True)
    with pytest.raises(ConfigError, match="nothing to resume; start without --resume"):
        train(data, tmp_path / "none", QUICK, resume=True)


def test_it_learns(data: Path, tmp_path: Path) -> None:
    found = train(data, tmp_path, Recipe(epochs=12, batch=2, patience=12, max_rate=5e-2))
    assert found["auroc"] > 0.9
    assert found["precision_at_1"] == 1.0


def test_it_stops_without_progress(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    precision = iter([0.5, 0.6, 0.6, float("nan"), 0.9])
    base = {"loss": 1.0, "auroc": 0.5, "precision_at_1": 0.0, "ece": 0.0, "good_share": 0.5}
    monkeypatch.setattr(train_heatmap.Trainer, "_epoch", lambda *_: 1.0)
    monkeypatch.setattr(train_heatmap, "evaluate", lambda *_: {**base, "average_precision": next(precision)})
    best = train(data, tmp_path, Recipe(epochs=5, batch=4, patience=2))
    assert best["epoch"] == 1.0
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 4


def test_the_real_network_takes_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.heatmap.unet import GraspUNet

    monkeypatch.setattr(train_heatmap, "GraspUNet", GraspUNet)
    data = write_data(tmp_path / "set", ["can-1", "can-2", "can-5"])
    found = train(data, tmp_path / "out", Recipe(epochs=1, batch=2))
    assert np.isfinite(found["loss"])
    assert json.loads((tmp_path / "out" / "config.json").read_text())["parameters"] == 5_440_465


def test_settings_and_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        Recipe(epochs=0)
    monkeypatch.setattr("sys.argv", ["train_heatmap", "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    with pytest.raises(ConfigError) as stopped:
        train_heatmap.main()
    assert str(stopped.value).count("\n") == 0


def test_the_paper_s_recipe_trains_without_augmentation_at_its_rate(data: Path, tmp_path: Path) -> None:
    recipe = recipe_for("paper", epochs=1)
    inputs = torch.rand(3, 8, 8, 8)
    same = recipe.augment(inputs, inputs[:, 0], torch.ones(len(inputs), dtype=torch.bool), torch.Generator())
    assert torch.equal(same[0], inputs)
    assert torch.equal(same[1], inputs[:, 0])
    assert (recipe.batch, recipe.seed, recipe.max_rate, recipe.layout) == (2, 100, 1e-2, "paper")
    found = train(data, tmp_path, recipe_for("paper", layout="U1", epochs=2, precision="bf16"))
    assert np.isfinite(found["loss"])
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["name"], config["precision"]) == ("paper", "bf16")
    assert (config["top_weight"], config["mirror_chance"]) == (0.0, 0.0)


def test_a_damaged_checkpoint_says_what_to_do(data: Path, tmp_path: Path) -> None:
    for content in (b"", b"junk", b"PK\x03\x04 half a zip"):
        (tmp_path / "checkpoint.pt").write_bytes(content)
        with pytest.raises(ConfigError, match=r"checkpoint.pt: damaged .*; delete it and train again"):
            train(data, tmp_path, QUICK, resume=True)


def test_a_full_disk_loses_no_finished_epoch(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = train_heatmap.write_atomic, []

    def full(path: Path, content: bytes) -> None:
        if len(written) == 5:  # config, then best, metrics and checkpoint of the first epoch, best of the second
            raise WriteError(str(path), "No space left on device")
        written.append(path)
        real(path, content)

    for module in (train_heatmap, checkpoints):
        monkeypatch.setattr(module, "write_atomic", full)
    with pytest.raises(ConfigError, match=r"No space left on device; make room, then go on with --resume"):
        train(data, tmp_path, QUICK)
    for module in (train_heatmap, checkpoints):
        monkeypatch.setattr(module, "write_atomic", real)
    train(data, tmp_path, QUICK, resume=True)
    assert same(weights(tmp_path), weights(whole))


def test_a_run_may_begin_with_another_s_weights(data: Path, whole: Path, tmp_path: Path) -> None:
    slow = Recipe(epochs=1, batch=4, max_rate=1e-12, weight_decay=0.0)
    train(data, tmp_path / "out", slow, start=whole / "best.pt")
    first, then = weights(whole, "best.pt"), weights(tmp_path / "out")
    assert torch.allclose(first["0.weight"], then["0.weight"], atol=1e-6)
    assert len(json.loads((tmp_path / "out" / "config.json").read_text())["started_from"]) == 64
    with pytest.raises(ConfigError, match="no such file; expected the weights to begin with"):
        train(data, tmp_path / "none", slow, start=tmp_path / "no.pt")
    (tmp_path / "junk.pt").write_bytes(b"junk")
    with pytest.raises(ConfigError, match="damaged"):
        train(data, tmp_path / "none", slow, start=tmp_path / "junk.pt")


def test_test_objects_neither_train_nor_choose(tmp_path: Path) -> None:
    names = ["can-1", "can-5", "can-1000005", "can-1000003", "can-1000000"]
    samples = Samples.open(write_data(tmp_path / "set", names))
    parts = (samples.training, samples.validation, samples.test)
    assert [part.tolist() for part in parts] == [[0, 4], [1, 3], [2]]


def test_two_processes_train_one_network(data: Path, tmp_path: Path) -> None:
    """torchrun's environment, made by hand; the shares of a batch are different rows, the metrics the same."""
    code = (
        "import sys, torch; from pathlib import Path; torch.set_num_threads(1); nn = torch.nn\n"
        "from training.heatmap import train as t; from training.heatmap.recipes import Recipe\n"
        "t.GraspUNet = lambda layout: nn.Sequential(nn.Conv2d(8, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 1))\n"
        "print(t.train(Path(sys.argv[1]), Path(sys.argv[2]), Recipe(epochs=1, batch=4))['loss'], flush=True)\n"
        "import os; os._exit(0)\n"  # a thread of torch's aborts Python's own end now and then
    )
    environment = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(data), str(tmp_path)],
            env={**environment, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=300)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert said[0][-1] == said[1][-1]
    assert json.loads((tmp_path / "config.json").read_text())["processes"] == 2
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 1
