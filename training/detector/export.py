"""Export a trained detector to ONNX, with metadata and a model card."""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import read_json, read_text
from perception.base.plain_json import json_text
from training.common.model_card import ModelCard
from training.common.onnx_export import OPSET, parity, required_file, write_network
from training.common.outputs import refuse_replacing
from training.detector.pickled_weights import check_weights, trusting
from training.detector.torchvision_stub import import_ultralytics
from training.detector.train import describe


def export_detector(
    run: Path, out: Path, *, height: int, width: int, overwrite: bool = False, trust_pickle: bool = False
) -> Path:
    """Write detector.onnx and detector.md from OUT/detector of training.detector.train; returns the network's path.

    height, width: usual size of the input, pixels, multiples of 32. overwrite: replace existing files. trust_pickle:
    see training.detector.pickled_weights. ConfigError if there is no such run, a size is impossible, the files exist,
    best.pt is not trusted, or the exported network differs from the trained one.
    """
    if min(height, width) < 32 or height % 32 or width % 32:
        raise ConfigError(f"--height {height} and --width {width} must be multiples of 32")
    best = required_file(run / "weights" / "best.pt", "train first with python -m training.detector.train")
    metrics, epochs = _best_epoch(
        required_file(run / "results.csv", "is this OUT/detector of training.detector.train?")
    )
    arguments = read_arguments(required_file(run / "args.yaml", "is this OUT/detector of training.detector.train?"))
    data_yaml, recorded = Path(arguments.pop("data", "")), run / "data.json"
    data = read_json(recorded, "record of the data") if recorded.is_file() else describe(data_yaml)
    refuse_replacing((out / "detector.onnx", out / "detector.md"), overwrite=overwrite)
    check_weights(best, trust_pickle=trust_pickle)
    with trusting(trust_pickle):
        model = import_ultralytics().YOLO(str(best), task="segment")
    usual, small = (np.random.default_rng(0).random((1, 3, *size), np.float32) for size in ((height, width), (96, 64)))
    expected, expected_small = _detector_outputs(model, usual), _detector_outputs(model, small)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "detector.onnx"
        exported = model.export(format="onnx", imgsz=(height, width), opset=OPSET, simplify=False, dynamic=True)
        shutil.move(exported, part)
        difference = max(parity(part, "detector", usual, expected), parity(part, "detector", small, expected_small))
        metadata = {
            "name": "spot-grasp detector",
            "network": "YOLO11n-seg",
            "input": f"(1, 3, h, w) float32, RGB 0..1, letterboxed; usually {height} x {width}; multiples of 32",
            "training_data": data["sha256_labels"],
            "parity_max_rel": f"{difference:.2e}",
            "validation": json_text(metrics),
            "licence": "AGPL-3.0 (trained with ultralytics)",
        }
        path = write_network(part, out / "detector.onnx", metadata)
    ModelCard(
        title="Detector network",
        purpose=f"Outlines in the hand camera's picture of: {', '.join(map(str, model.names.values()))}.",
        limits="The metrics are ultralytics' own (B boxes, M masks) on the validation pictures of the data set below, "
        "at the training's picture size. The data sets of training.detector.rendered and training.detector.furnished "
        "are rendered; photographs are no more than surroundings and prints in them.",
        licence="AGPL-3.0, because ultralytics trained it.",
        training={**arguments, "epochs run": epochs},
        data=data,
        metrics=metrics,
        baselines={},
        metadata=metadata,
    ).write(out / "detector.md", path)
    return path


def _detector_outputs(model: Any, probe: NDArray[np.float32]) -> list[NDArray[Any]]:
    import torch

    with torch.no_grad():
        (rows, prototypes), _ = model.model.float().eval()(torch.from_numpy(probe))
    return [rows.numpy(), prototypes.numpy()]


def _best_epoch(results: Path) -> tuple[dict[str, float], int]:
    """(metrics of the epoch that ultralytics kept, number of epochs). It keeps the highest sum of both mAP50-95."""
    lines = read_text(results, "table of epochs").splitlines()
    rows = [{str(key).strip(): str(value).strip() for key, value in row.items()} for row in csv.DictReader(lines)]
    if not rows:
        raise ConfigError(f"{results}: no epoch was finished")
    row = max(rows, key=lambda entry: sum(float(entry[f"metrics/mAP50-95({kind})"]) for kind in "BM"))
    return {key: float(row[key]) for key in row if key.startswith("metrics/") or key == "epoch"}, int(rows[-1]["epoch"])


def read_arguments(path: Path) -> dict[str, str]:
    """The entries of an args.yaml of ultralytics that a model card lists."""
    kept = ("data", "time", "imgsz", "batch", "seed", "model", "optimizer", "lr0", "mosaic", "scale", "hsv_h", "hsv_s")
    pairs = (line.split(": ", 1) for line in read_text(path, "options of a run").splitlines() if ": " in line)
    entries = {key: value for key, value in pairs if key in kept}
    if "model" in entries:
        entries["model"] = Path(entries["model"]).name  # no folders of this machine
    return entries
