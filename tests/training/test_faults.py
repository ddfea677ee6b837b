"""Trainings that go wrong: numbers that are not finite, folders with work in them, files of strangers."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.base.interrupts import Interrupts  # noqa: E402
from app.commands.dispatch import main  # noqa: E402
from perception.base.errors import ConfigError  # noqa: E402
from simulation.genesis import devices  # noqa: E402
from tests.support.engine_jobs import InlineMapper, fake_label_job, fake_view_job  # noqa: E402
from tests.training.heatmap.test_train import QUICK, data, small_network, weights, whole, write_data  # noqa: E402, F401
from training.dataset import jobs  # noqa: E402
from training.dataset.array_folder import join  # noqa: E402
from training.dataset.generate import generate  # noqa: E402
from training.dataset.plan import Plan  # noqa: E402
from training.dataset.verify import verify  # noqa: E402
from training.detector.average import average  # noqa: E402
from training.evaluation.grasp import Study, evaluate  # noqa: E402
from training.heatmap import train as train_heatmap  # noqa: E402
from training.heatmap.export import check_export  # noqa: E402
from training.heatmap.metrics import chance_warning  # noqa: E402
from training.heatmap.recipes import Recipe  # noqa: E402
from training.heatmap.train import train  # noqa: E402

pytestmark = pytest.mark.slow

needs_ultralytics = pytest.mark.skipif(find_spec("ultralytics") is None, reason="ultralytics is not installed")
NAMES = ["bottle-1", "bottle-2", "bottle-3", "bottle-5", "can-10"]


def spoil(folder: Path, file: str, row: int, value: float) -> None:
    array = np.load(folder / f"{file}.npy")
    array[row, ..., 20, 20] = value
    np.save(folder / f"{file}.npy", array)


@pytest.mark.parametrize(
    ("file", "row", "value", "words"),
    [
        ("inputs", 1, np.nan, r"sample 1 \(bottle-2, v\): its input holds values that are not finite"),
        ("inputs", 3, np.inf, r"sample 3 \(bottle-5, v\): its input holds values that are not finite"),
        ("inputs", 4, -np.inf, r"sample 4 \(can-10, v\)"),
        ("labels", 0, 2, r"sample 0 \(bottle-1, v\): has labels outside -100 to 1"),
        ("labels", 3, -101, r"sample 3 \(bottle-5, v\): has labels outside"),
    ],
)
def test_a_value_that_nothing_can_be_learnt_from_ends_the_training_and_names_the_sample(
    file: str, row: int, value: float, words: str, tmp_path: Path
) -> None:
    folder = write_data(tmp_path / "set", NAMES)
    spoil(folder, file, row, value)
    with pytest.raises(ConfigError, match=words):
        train(folder, tmp_path / "out", QUICK)
    assert not list((tmp_path / "out").glob("*.pt"))
    faults = verify(folder)
    assert [fault for fault in faults if f"sample {row} ({NAMES[row]}, v)" in fault]


def test_weights_that_run_away_end_the_training_and_the_last_good_epoch_stays(
    data: Path,  # noqa: F811
    whole: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = train_heatmap.Trainer._epoch

    def leaps(self: Any, epoch: int) -> float:
        if epoch == 1:
            with torch.no_grad():
                self.network[0].weight.fill_(float("inf"))
        return original(self, epoch)

    monkeypatch.setattr(train_heatmap.Trainer, "_epoch", leaps)
    with pytest.raises(ConfigError, match=r"nan in a batch of epoch 1: sample \d.*after epoch 0.*lower --rate"):
        train(data, tmp_path / "out", QUICK)
    monkeypatch.undo()
    assert all(torch.isfinite(value).all() for value in weights(tmp_path / "out", "best.pt").values())
    train(data, tmp_path / "out", QUICK, resume=True)
    assert all(torch.equal(weights(tmp_path / "out")[key], value) for key, value in weights(whole).items())


def test_a_rate_that_is_far_too_high_is_said(data: Path, tmp_path: Path) -> None:  # noqa: F811
    with pytest.raises(ConfigError, match=r"of epoch .*no epoch was finished.*lower --rate"):
        train(data, tmp_path / "out", Recipe(epochs=2, batch=1, max_rate=1e38))


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def test_the_metrics_are_json_also_where_one_does_not_exist(tmp_path: Path) -> None:
    folder = write_data(tmp_path / "set", NAMES)
    labels = np.load(folder / "labels.npy")
    labels[3:] = 0  # no held-out pixel is good: the average precision is not defined
    np.save(folder / "labels.npy", labels)
    seen: list[tuple[str, int, int]] = []
    best = train(folder, tmp_path / "out", QUICK, progress=lambda *told: seen.append(told))
    for file in ("metrics.jsonl", "config.json"):
        for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines():
            assert json.loads(line, parse_constant=refuse)["average_precision"] is None, file
    assert "nothing tells whether" in chance_warning(best)
    assert seen[0] == ("epoch 0", 0, 1)
    assert seen[-1] == ("epoch 1", 1, 1)


@pytest.mark.parametrize(("auroc", "words"), [(0.3, "no better than chance"), (0.5, "chance"), (0.9, "")])
def test_a_network_that_is_no_better_than_chance_is_told(auroc: float, words: str) -> None:
    said = chance_warning({"auroc": auroc})
    assert words in said
    assert bool(words) == bool(said)


def test_a_run_is_replaced_only_if_that_is_asked_for(data: Path, whole: Path, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with pytest.raises(ConfigError, match=r"holds a run already \(checkpoint.pt\); --resume goes on with it, --overw"):
        train(data, out, QUICK)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    (out / "mine.txt").touch()
    train(data, out, Recipe(epochs=1, batch=4, seed=9), overwrite=True)
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 1
    assert (out / "mine.txt").exists()
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "letter.txt").touch()
    with pytest.raises(ConfigError, match=r"holds other files \(letter.txt\)"):
        train(data, letters, QUICK)
    (out / "best.pt").unlink()
    (out / "checkpoint.pt").unlink()
    (out / "mine.txt").unlink()
    train(data, out, QUICK)  # begun, but without work: nothing would be lost


def test_every_command_that_writes_a_folder_refuses_one_that_holds_something(
    data: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    for name in ("heatmap.onnx", "samples.json", "results.csv", "letter.txt"):
        (full / name).write_text("mine")
    with pytest.raises(ConfigError, match=r"heatmap.onnx: there already; --overwrite replaces it"):
        check_export("U1", full, overwrite=False)
    check_export("U1", full, overwrite=True)
    with pytest.raises(ConfigError, match=r"samples.json: there already; --overwrite replaces it"):
        join([data], full)
    with pytest.raises(ConfigError, match=r"not empty and no data set"):
        generate(Plan(), full, InlineMapper())
    with pytest.raises(ConfigError, match=r"not empty and no study"):
        evaluate(Study(trials=1, methods=("random",)), full, InlineMapper())
    run = tmp_path / "run"
    (run / "weights").mkdir(parents=True)
    for name in ("weights/best.pt", "data.json", "results.csv", "start.pt"):
        (run / name).touch()
    (run / "args.yaml").write_text(f"data: {tmp_path}/data.yaml\nimgsz: 64\n")
    with pytest.raises(ConfigError, match=r"results.csv: there already; --overwrite replaces it"):
        average(run, run / "start.pt", full)
    with pytest.raises(ConfigError, match="is the run itself"):
        average(run, run / "start.pt", run)
    assert {path.read_text() for path in full.iterdir()} == {"mine"}


@pytest.mark.parametrize(
    "command",
    [
        ["train", "heatmap", "--data", "X", "--out", "Y"],
        ["train", "detector", "--data", "X", "--out", "Y"],
        ["run", "grasp_bottle", "--robot", "genesis"],
        ["simulate"],
        ["dataset", "generate", "--out", "Y"],
        ["dataset", "rehearse", "--out", "Y"],
        ["evaluate", "grasp", "--out", "Y"],
        ["evaluate", "packed", "--out", "Y"],
    ],
    ids=" ".join,
)
def test_a_device_that_is_not_there_is_told_before_any_work(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(devices, "available_devices", lambda: ("cpu",))
    if "detector" in command:
        from tests.training.detector.test_train import write_yolo_data

        command[command.index("X")] = str(write_yolo_data(tmp_path / "set"))
    assert main([*command, "--device", "cuda"], Interrupts()) == 2
    assert "--device cuda: torch finds no such device here; choose from: cpu" in capsys.readouterr().err
    assert not (tmp_path / "Y").exists()


def test_a_set_that_cannot_be_trained_on_is_told_before_its_arrays_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(jobs, "label_job", fake_label_job)
    monkeypatch.setattr(jobs, "view_job", fake_view_job)
    generate(Plan(per_family=1, scenes=2, views=1, samples=8), tmp_path / "set", InlineMapper())
    words = ["train", "heatmap", "--data", str(tmp_path / "set"), "--out", str(tmp_path / "out")]
    assert main(words, Interrupts()) == 2
    said = capsys.readouterr().err
    assert "no object to hold out among 7" in said
    assert "dataset generate --objects 4 or more" in said
    assert not (tmp_path / "set" / "arrays").exists()
    (tmp_path / "busy").touch()
    generate(Plan(per_family=4, scenes=2, views=1, samples=8), tmp_path / "more", InlineMapper())
    words[3] = str(tmp_path / "more")
    assert main([*words, "--arrays", str(tmp_path / "busy" / "in")], Interrupts()) == 2
    assert "the training arrays cannot be made here (Not a directory)" in capsys.readouterr().err
    assert main([*words, "--recipe", "paper", "--export", str(tmp_path)], Interrupts()) == 2
    assert "a network of layout paper is not exported" in capsys.readouterr().err


def test_verify_looks_at_values_plan_and_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.dataset.folder import digest, npz_bytes
    from training.heatmap.arrays import training_arrays

    monkeypatch.setattr(jobs, "label_job", fake_label_job)
    monkeypatch.setattr(jobs, "view_job", fake_view_job)
    made = tmp_path / "set"
    generate(Plan(per_family=1, scenes=3, views=2, samples=8), made, InlineMapper())
    arrays = training_arrays(made, "lift")
    assert verify(made) == []
    listed = json.loads((made / "dataset.json").read_text())

    def change(part: str, key: str, value: float) -> str:
        path = sorted((made / part).glob("*.npz"))[0]
        with np.load(path) as content:
            changed = {name: content[name] for name in content.files}
        changed[key] = changed[key].copy()
        changed[key].flat[0] = value
        path.write_bytes(npz_bytes(**changed))
        listed["files"][f"{part}/{path.name}"] = {"bytes": path.stat().st_size, "sha256": digest(path)}
        return f"{part}/{path.name}"

    names = [
        change("labels", "points", np.nan),
        change("views", "world_from_camera", np.inf),
        change("projected", "labels", 7),
    ]
    (made / "dataset.json").write_text(json.dumps(listed))
    spoil(arrays, "inputs", 2, np.nan)
    plan = json.loads((made / "plan.json").read_text())
    (made / "plan.json").write_text(json.dumps({**plan, "scenes": 4}))
    faults = verify(made)
    for words in (
        f"{names[0]}: points has 1 values that are not finite",
        f"{names[1]}: world_from_camera has 1 values that are not finite",
        f"{names[2]}: labels outside -100 to 1",
        "arrays/inputs.npy: sample 2",
        "arrays/inputs.npy: changed",
        "plan.json: is not the plan that dataset.json has",
    ):
        assert any(fault.startswith(words) for fault in faults), (words, faults)
    assert len(faults) == 6
    for content in (plan, listed["plan"]):
        content["scenes"] = -1
    (made / "plan.json").write_text(json.dumps(plan))
    (made / "dataset.json").write_text(json.dumps(listed))
    assert any(fault.startswith("plan.json: no plan that can be: ") for fault in verify(made))
