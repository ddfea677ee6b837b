"""Training the detector: refusals before anything heavy, the stand-in for torchvision, one epoch on four pictures."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from perception.base.errors import ConfigError
from perception.base.extras import ultralytics_line
from tests.support.places import ROOT
from training.detector import train as train_detector
from training.detector.train import describe, train

pytestmark = pytest.mark.slow

needs_ultralytics = pytest.mark.skipif(find_spec("ultralytics") is None, reason="ultralytics is not installed")
OPTIONS = {"epochs": 1, "hours": None, "image_size": 64, "batch": 2, "resume": False, "seed": 0}


def write_yolo_data(folder: Path, count: int = 4) -> Path:
    rng = np.random.default_rng(0)
    for part in ("train", "val"):
        for kind in ("images", "labels"):
            (folder / kind / part).mkdir(parents=True)
        for index in range(count):
            picture = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            cv2.rectangle(picture, (20, 10), (40, 40), (0, 0, 255), -1)
            cv2.imwrite(str(folder / "images" / part / f"{index}.jpg"), picture)
            outline = "0.31 0.2 0.63 0.2 0.63 0.84 0.31 0.84"
            (folder / "labels" / part / f"{index}.txt").write_text(f"0 {outline}\n" if index else "\n")
    (folder / "data.yaml").write_text(
        f"path: {folder}\ntrain: images/train\nval: images/val\nnames:\n  0: bottle\n  1: can\n  2: mug\n"
    )
    return folder / "data.yaml"


def test_the_data_is_described_by_count_and_digest(tmp_path: Path) -> None:
    data = write_yolo_data(tmp_path / "set")
    facts = describe(data)
    assert {key: facts[key] for key in facts if key != "sha256_labels"} == {
        "train_pictures": 4, "train_objects": 3, "val_pictures": 4, "val_objects": 3,
    }  # fmt: skip
    label = tmp_path / "set" / "labels" / "val" / "2.txt"
    label.write_text(label.read_text().replace("0.2 ", "0.3 "))
    assert describe(data)["sha256_labels"] != facts["sha256_labels"]
    label.unlink()
    assert describe(data)["val_objects"] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "must be positive"),
        ({"image_size": 100}, "multiple of 32"),
        ({"hours": 0.0}, "must be positive"),
        ({"learning_rate": 0.0}, "must be between 0 and 1"),
        ({"learning_rate": float("nan")}, "must be between 0 and 1"),
        ({"resume": True}, "nothing to resume; start without --resume"),
        ({"weights": Path("nowhere.pt")}, "nowhere.pt: no such weights"),
    ],
)
def test_bad_options_are_one_line(options: dict[str, object], message: str, tmp_path: Path) -> None:
    data = write_yolo_data(tmp_path / "set")
    with pytest.raises(ConfigError, match=message):
        train(data, tmp_path / "out", **{**OPTIONS, **options})  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_missing_data_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["x", "--data", str(tmp_path / "data.yaml"), "--out", str(tmp_path)])
    with pytest.raises(ConfigError) as stopped:
        train_detector.main()
    assert str(stopped.value) == (
        f"{tmp_path}/data.yaml: no such data set; make one with "
        "`python -m training.detector.rendered.composite --out DIR`"
    )
    (tmp_path / "data.yaml").touch()
    with pytest.raises(ConfigError, match="no pictures in images/train"):
        train(tmp_path / "data.yaml", tmp_path / "out", **OPTIONS)  # type: ignore[arg-type]


def in_process(script: str) -> subprocess.CompletedProcess[str]:
    alone = {key: value for key, value in os.environ.items() if key not in ("YOLO_CONFIG_DIR", "OMP_NUM_THREADS")}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, env=alone)


def test_without_ultralytics_the_message_says_what_to_type() -> None:
    script = (
        "import sys; sys.modules['ultralytics'] = None\n"
        "from training.detector.torchvision_stub import import_ultralytics\n"
        "import_ultralytics()"
    )
    done = in_process(script)
    assert done.returncode == 1
    assert "ConfigError: ultralytics does not import" in done.stderr
    assert f"type: {ultralytics_line()}" in done.stderr


@needs_ultralytics
def test_the_stand_in_answers_once_and_leaves_the_installer_as_it_was() -> None:
    script = (
        "import importlib.metadata as m, os, sys; version = m.version\n"
        "from training.detector.torchvision_stub import import_ultralytics\n"
        "first, second = import_ultralytics(), import_ultralytics()\n"
        "import torch, torchvision\n"
        "assert first is second and m.version is version\n"
        "boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30.0]])\n"
        "assert torchvision.ops.nms(boxes, torch.tensor([0.5, 0.9, 0.3]), 0.5).tolist() == [1, 2]\n"
        "assert first.settings['sync'] is False and os.environ['YOLO_AUTOINSTALL'] == 'false'\n"
        "assert torch.get_num_threads() == min(8, os.cpu_count())\n"
        "print(os.environ['YOLO_CONFIG_DIR'])\n"
    )
    done = in_process(script)
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip().splitlines()[-1]).exists(), "its settings go with the process"


@needs_ultralytics
def test_one_epoch_then_nothing_left_to_resume(tmp_path: Path) -> None:
    data = write_yolo_data(tmp_path / "set")
    words = ["train", "detector", "--data", str(data), "--out", str(tmp_path / "out"), "--epochs", "1"]
    words += ["--image-size", "64", "--batch", "2"]
    call = (
        "import sys; from app.commands.dispatch import main; from app.base.interrupts import Interrupts; sys.exit(main("
    )
    done = in_process(f"{call}{words}, Interrupts()))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith(str(tmp_path / "out" / "detector"))
    assert "epoch 0 2/2" in done.stderr
    run = tmp_path / "out" / "detector"
    assert (run / "weights" / "best.pt").is_file()
    with (run / "results.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 1
    written = (run / "args.yaml").read_text()
    assert "nbs: 2\n" in written
    assert "lr0: 0.0015\n" in written
    assert "warmup_bias_lr: 0.0\n" in written  # else the first steps undo what the start weights know
    assert (run / "data.json").is_file()
    again = in_process(f"{call}{[*words, '--resume']}, Interrupts()))")
    assert again.returncode == 2
    assert "this run is finished; export it" in again.stderr
    with pytest.raises(ConfigError, match=r"holds a run already \(weights/last.pt\); --resume goes on"):
        train(data, tmp_path / "out", **OPTIONS)  # type: ignore[arg-type]


@needs_ultralytics
def test_a_run_goes_on_from_the_exported_network_and_its_average_can_be_exported(tmp_path: Path) -> None:
    """After an epoch at a rate of almost nothing the weights are about those of the file."""
    data = write_yolo_data(tmp_path / "set")
    script = (
        "from pathlib import Path; from perception.detection.detector import DEFAULT_WEIGHTS\n"
        "from training.detector.train import train; from training.detector.average import average\n"
        "from training.detector.export import export_detector\n"
        f"here = Path({str(tmp_path)!r})\n"
        f"run = train(Path({str(data)!r}), here, epochs=1, hours=None, image_size=64,\n"
        "    batch=2, resume=False, seed=0, weights=DEFAULT_WEIGHTS, learning_rate=1e-9)\n"
        "export_detector(average(run, DEFAULT_WEIGHTS, here / 'both', 0.7), here, height=64, width=96)\n"
        "import torch; from onnx import load; from onnx.numpy_helper import to_array\n"
        "network = torch.load(run / 'weights' / 'last.pt', weights_only=False)['model'].float()\n"
        "file = {item.name: to_array(item) for item in load(DEFAULT_WEIGHTS).graph.initializer}\n"
        "name = 'model.0.conv.weight'\n"
        "print(abs(dict(network.named_parameters())[name].detach().numpy() - file[name]).max() / abs(file[name]).max())"
    )
    done = in_process(script)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.strip().splitlines()[-1]) < 2e-3  # ultralytics stores 16 bits
    card = (tmp_path / "detector.md").read_text()
    assert "| share_of_start | 0.3 |" in card
    assert "| epoch | 1.0 |" in card or "| epoch | 1 |" in card


def test_a_loss_that_is_not_finite_ends_the_training_and_names_the_pictures(tmp_path: Path) -> None:
    callbacks, told = {}, []
    model = SimpleNamespace(add_callback=callbacks.__setitem__)
    trainer = SimpleNamespace(
        epoch=3, loss=torch.tensor(1.5), train_loader=[0, 1], preprocess_batch=lambda batch: batch
    )
    train_detector.watch(model, tmp_path, lambda *progress: told.append(progress))
    callbacks["on_train_start"](trainer)
    callbacks["on_train_epoch_start"](trainer)
    assert trainer.preprocess_batch({"im_file": ["/a/one.jpg", "/a/two.jpg"]})
    callbacks["on_train_batch_end"](trainer)
    assert told == [("epoch 3", 1, 2)]
    trainer.loss = torch.tensor(float("nan"))
    with pytest.raises(
        ConfigError, match=r"loss is nan in epoch 3, in a batch of one.jpg, two.jpg; .* lower --learning"
    ):
        callbacks["on_train_batch_end"](trainer)


def test_a_halved_network_computes_in_16_bits_while_it_trains_and_gives_32() -> None:
    class Network(torch.nn.Module):
        def predict(self, x: torch.Tensor, scale: float = 1.0) -> dict[str, object]:
            return {"all": [x.new_ones(2), torch.nn.functional.linear(x, weight) * scale], "count": 3}

    weight = torch.randn(4, 64, generator=torch.Generator().manual_seed(0))
    network, x = Network(), torch.randn(5, 64, generator=torch.Generator().manual_seed(1))
    exact = network.predict(x, scale=2.0)["all"][1]  # type: ignore[index]
    train_detector.halve(network, "cpu")
    found = network.predict(x, scale=2.0)
    assert found["count"] == 3
    assert {value.dtype for value in found["all"]} == {torch.float32}  # type: ignore[attr-defined]
    error = (found["all"][1] - exact).abs().max() / exact.abs().max()  # type: ignore[index]
    assert 0 < error < 0.02
    assert torch.equal(network.eval().predict(x, scale=2.0)["all"][1], exact)  # type: ignore[index]
