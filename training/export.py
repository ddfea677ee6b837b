"""Export trained networks to ONNX with metadata and a model card, checked against the network they come from.

`python -m training.export heatmap --run DIR [--out DIR]`
`python -m training.export detector --run DIR [--out DIR] [--height H --width W]`
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from perception import preprocess
from perception.errors import ConfigError, SpotGraspError
from training.files import write_atomic

OPSET = 17
TOLERANCE = 1e-4
WEIGHTS = Path(__file__).parent.parent / "perception" / "weights"


def export_heatmap(run: Path, out: Path) -> Path:
    """heatmap.onnx and heatmap.md from a folder of train_heatmap. ConfigError if it is none, or parity fails."""
    import torch
    from torch import nn

    from training.unet import GraspUNet

    best = run / "best.pt"
    if not best.is_file():
        raise ConfigError(f"{best}: missing; train first with python -m training.train_heatmap --out {run}")
    state = torch.load(best, weights_only=True)
    network = GraspUNet()
    network.load_state_dict(state["network"])
    with_sigmoid = nn.Sequential(network, nn.Sigmoid()).eval()
    example = torch.zeros(1, preprocess.CHANNELS, preprocess.SIZE_PX, preprocess.SIZE_PX)
    out.mkdir(parents=True, exist_ok=True)
    part = out / ".heatmap.part.onnx"
    torch.onnx.export(
        with_sigmoid, (example,), str(part), input_names=["input"], output_names=["quality"], opset_version=OPSET, dynamo=False
    )
    probe = torch.rand(example.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = with_sigmoid(probe).numpy()
    difference = _parity(part, probe.numpy(), expected)
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    metrics = {key: round(float(value), 4) for key, value in state["metrics"].items()}
    metadata = {
        "network": "MobileNetV2 U-Net, layout U1",
        "preprocessing_version": str(preprocess.VERSION),
        "input": "(1, 8, 256, 256) float32 as perception.preprocess.heatmap_input makes it",
        "output": "(1, 1, 256, 256) float32, chance 0..1 that a grasp at the pixel lifts and holds",
        "parity_max_abs": f"{difference:.2e}",
        "validation": json.dumps(metrics),
    }
    path = _finish(part, out / "heatmap.onnx", metadata)
    _write_card(
        out / "heatmap.md",
        "Heatmap network",
        "Predicts for every pixel of a detected object whether Spot's gripper, closing there at 3.0 N·m, lifts and holds it.",
        {**config, **{f"data: {key}": value for key, value in config.pop("data").items()}},
        metrics,
        metadata,
        path,
        "Trained on rendered procedural bottles, thermos flasks, cans and mugs with labels from simulated grasps; no real "
        "picture was used. Metrics are on objects that training never saw. Licence: that of this repository.",
    )
    return path


def export_detector(run: Path, out: Path, *, height: int, width: int) -> Path:
    """detector.onnx and detector.md from a folder of train_detector."""
    import shutil

    from training.torchvision_stub import import_ultralytics

    best = run / "weights" / "best.pt"
    if not best.is_file():
        raise ConfigError(f"{best}: missing; train first with python -m training.train_detector")
    model = import_ultralytics().YOLO(str(best), task="segment")
    exported = Path(model.export(format="onnx", imgsz=(height, width), opset=OPSET, simplify=False, dynamic=False))
    out.mkdir(parents=True, exist_ok=True)
    part = out / ".detector.part.onnx"
    shutil.move(exported, part)
    with (run / "results.csv").open(encoding="utf-8") as file:
        rows = [{key.strip(): value.strip() for key, value in row.items()} for row in csv.DictReader(file)]
    row = max(rows, key=lambda entry: float(entry["metrics/mAP50-95(M)"]))
    metrics = {key: round(float(row[key]), 4) for key in row if key.startswith("metrics/") or key == "epoch"}
    arguments = (run / "args.yaml").read_text(encoding="utf-8").splitlines()
    kept = ("epochs", "time", "imgsz", "batch", "seed", "model", "mosaic", "scale", "hsv_s", "hsv_v")
    config: dict[str, Any] = {key: value for key, value in (line.split(": ", 1) for line in arguments) if key in kept}
    config["epochs run"] = len(rows)
    metadata = {"validation": json.dumps(metrics), "licence": "AGPL-3.0 (trained with ultralytics)"}
    path = _finish(part, out / "detector.onnx", metadata)
    _write_card(
        out / "detector.md",
        "Detector network",
        "YOLO11n-seg: outlines of bottles (thermos flasks among them), cans and mugs in the hand camera's picture.",
        config,
        metrics,
        metadata,
        path,
        "Trained from scratch on rendered views; no real picture was used. Metrics are on scenes that training never saw. "
        "Licence: AGPL-3.0, because ultralytics trained it.",
    )
    return path


def _parity(path: Path, probe: Any, expected: Any) -> float:
    """Largest difference between the exported network and the original; ConfigError above TOLERANCE."""
    from perception.onnx_session import OnnxSession

    session = OnnxSession(path, "heatmap", channels=preprocess.CHANNELS, outputs=1)
    (actual,) = session.run(probe)
    difference = float(np.abs(actual - expected).max())
    if not difference < TOLERANCE:
        raise ConfigError(f"{path}: the exported network differs by {difference:.2e} from the trained one")
    return difference


def _finish(part: Path, path: Path, metadata: dict[str, str]) -> Path:
    """Add the metadata and move the file into its place."""
    import onnx

    model = onnx.load(str(part))
    known = {entry.key for entry in model.metadata_props}
    for key, value in metadata.items():
        if key not in known:
            model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    write_atomic(path, model.SerializeToString())
    part.unlink()
    return path


def _write_card(
    path: Path, title: str, purpose: str, config: dict[str, Any], metrics: dict[str, float], metadata: dict[str, str],
    weights: Path, notes: str,
) -> None:  # fmt: skip
    """The model card: nothing in it is typed by hand but the sentences."""
    import hashlib

    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    lines = [f"# {title}", "", purpose, "", f"File `{weights.name}`, {weights.stat().st_size / 1e6:.1f} MB, SHA-256 `{digest}`.", ""]
    for heading, table in (("Training", config), ("Validation", metrics), ("Metadata", metadata)):
        lines += [f"## {heading}", "", "| | |", "|---|---|"]
        lines += [f"| {key} | {value} |" for key, value in table.items()] + [""]
    lines += ["## Limits", "", notes, ""]
    write_atomic(path, "\n".join(lines).encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=["heatmap", "detector"])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--width", type=int, default=640)
    args = parser.parse_args()
    try:
        if args.network == "heatmap":
            path = export_heatmap(args.run, args.out)
        else:
            path = export_detector(args.run, args.out, height=args.height, width=args.width)
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
