"""Export trained networks to ONNX with metadata and a model card, checked against the network they come from.

`python -m training.export heatmap --run DIR [--out DIR]`
`python -m training.export detector --run DIR [--out DIR] [--height H --width W]`

--run: OUT of training.heatmap.train, or OUT/detector of training.detector.train. The files and cards replace those in
--out only when the exported network, run by onnxruntime, gives what the trained one gives.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception import preprocess
from perception.base.errors import ConfigError, SpotGraspError
from perception.base.files import read_json, read_text, write_atomic
from perception.base.plain_json import json_text
from perception.network_file import read_model
from training.common.model_card import ModelCard
from training.common.outputs import refuse_replacing
from training.detector.arguments import TRUST
from training.heatmap.metrics import chance_warning

OPSET = 17
UNSTATED = "Whoever trained this network chooses it (training.export --licence says it here)."
TOLERANCE = 1e-4
"""Of the heatmap's 0..1, and of the detector's outputs relative to the largest of each."""
MOST_BYTES = 40_000_000
"""Both networks together stay small enough for the repository."""
WEIGHTS = Path(__file__).parent.parent / "perception" / "weights"
PRIVATE = ("description", "date", "docs", "args")
"""What ultralytics writes into a network that names folders of this machine, changes by the hour, or says nothing."""


def check_export(layout: str, out: Path, *, overwrite: bool) -> None:
    """ConfigError if a heatmap network of a layout of training.heatmap.unet cannot be exported to `out`."""
    if layout != "U1":
        raise ConfigError(f"a network of layout {layout} is not exported, as nothing runs it; leave out --export")
    refuse_replacing((out / "heatmap.onnx", out / "heatmap.md"), overwrite=overwrite)


def export_heatmap(run: Path, out: Path, *, overwrite: bool = False, licence: str = UNSTATED) -> Path:
    """heatmap.onnx and heatmap.md from a run of train_heatmap; returns the network's path.

    overwrite: replace those in `out`. licence: what the card says of it. ConfigError if there is no such run, `out` has
    them already, or the exported network differs from the trained one.
    """
    import torch
    from torch import nn

    from training.common.checkpoints import fill, load_state
    from training.heatmap.unet import GraspUNet

    best = _required(run / "best.pt", "train first with python -m training.heatmap.train")
    file = _required(run / "config.json", "is this a run of training.heatmap.train?")
    config = read_json(file, "record of a training")
    if not isinstance(config, dict) or not {"data", "baselines"} <= set(config):
        raise ConfigError(f"{file}: does not say what was trained on what; is this a run of training.heatmap.train?")
    check_export(config.get("layout", "U1"), out, overwrite=overwrite)
    state = load_state(best, "network", "metrics")
    network = GraspUNet()
    fill(network, state["network"], best, "only layout U1 is exported")
    with_sigmoid = nn.Sequential(network, nn.Sigmoid()).eval()
    sizes = ((preprocess.SIZE_PX, preprocess.SIZE_PX), (preprocess.SIZE_PX, 3 * preprocess.WINDOW_STEP_PX))
    probes = [torch.rand((1, preprocess.CHANNELS, *s), generator=torch.Generator().manual_seed(0)) for s in sizes]
    with torch.no_grad():
        expected = [with_sigmoid(probe).numpy() for probe in probes]
    metrics = {key: value for key, value in state["metrics"].items() if key != "seconds"}
    warning = chance_warning(metrics)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "heatmap.onnx"
        torch.onnx.export(
            with_sigmoid, (probes[0],), str(part), input_names=["input"], output_names=["quality"],
            dynamic_axes={"input": {2: "height", 3: "width"}, "quality": {2: "height", 3: "width"}},
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
        difference = max(parity(part, "heatmap", p.numpy(), [e]) for p, e in zip(probes, expected, strict=True))
        metadata = {
            "name": "spot-grasp heatmap",
            "network": "MobileNetV2 U-Net, layout U1",
            "preprocessing_version": str(preprocess.VERSION),
            "input": "(1, 8, h, w) float32, the window of a perception.preprocess.heatmap_input; multiples of 32",
            "output": "(1, 1, h, w) float32, chance 0..1 that a grasp at the pixel lifts and holds",
            "training_data": config["data"]["sha256_inputs"],
            "parity_max_abs": f"{difference:.2e}",
            "validation": json_text({key: round(value, 4) for key, value in metrics.items()}),
            "licence": licence,
        }
        path = _finish(part, out / "heatmap.onnx", metadata)
    ModelCard(
        title="Heatmap network",
        purpose="For every pixel of a detected object: the chance that Spot's gripper, closing there with at most "
        "3.0 N·m, lifts and holds it.",
        limits="Trained on rendered procedural objects that stand upright (their number is below), with labels from "
        "simulated grasps and a model of the depth camera; no real picture was used. The metrics are on rendered "
        "pictures of objects that training never saw. The baselines look at the mask alone "
        "(training/heatmap/baselines.py)." + (f" Warning: {warning}." if warning else ""),
        licence=licence,
        training={key: value for key, value in config.items() if key not in ("data", "baselines")},
        data=config["data"],
        metrics=metrics,
        baselines=config["baselines"],
        metadata=metadata,
    ).write(out / "heatmap.md", path)
    return path


def export_detector(
    run: Path, out: Path, *, height: int, width: int, overwrite: bool = False, trust_pickle: bool = False
) -> Path:
    """detector.onnx and detector.md from OUT/detector of train_detector; returns the network's path.

    overwrite: replace those in `out`. ConfigError if there is no such run, `out` has them already, the size is no
    multiple of 32, best.pt holds more than a network (see training.detector.pickled_weights), or the exported network
    differs.
    """
    from training.detector.pickled_weights import check_weights, trusting
    from training.detector.torchvision_stub import import_ultralytics

    if min(height, width) < 32 or height % 32 or width % 32:
        raise ConfigError(f"--height {height} and --width {width} must be multiples of 32")
    best = _required(run / "weights" / "best.pt", "train first with python -m training.detector.train")
    metrics, epochs = _best_epoch(_required(run / "results.csv", "is this OUT/detector of training.detector.train?"))
    arguments = read_arguments(_required(run / "args.yaml", "is this OUT/detector of training.detector.train?"))
    data = _detector_data(run, Path(arguments.pop("data", "")))
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
        path = _finish(part, out / "detector.onnx", metadata)
    ModelCard(
        title="Detector network",
        purpose=f"Outlines in the hand camera's picture of: {', '.join(map(str, model.names.values()))}.",
        limits="The metrics are ultralytics' own (B boxes, M masks) on the validation pictures of the data set below, "
        "at the training's picture size. The data sets of training.detector.rendered.composite are rendered; no "
        "picture of them is real.",
        licence="AGPL-3.0, because ultralytics trained it.",
        training={**arguments, "epochs run": epochs},
        data=data,
        metrics=metrics,
        baselines={},
        metadata=metadata,
    ).write(out / "detector.md", path)
    return path


def parity(path: Path, what: str, probe: NDArray[np.float32], expected: Sequence[NDArray[Any]]) -> float:
    """Largest difference of the file's outputs from `expected`, relative to each output's largest value or 1.

    ConfigError above TOLERANCE or for another shape; ModelError if the file does not run.
    """
    from perception.onnx_session import OnnxSession

    actual = OnnxSession(path, what, channels=probe.shape[1], outputs=len(expected)).run(probe)
    gaps = []
    for have, want in zip(actual, expected, strict=True):
        if have.shape != want.shape:
            raise ConfigError(f"{what}: the exported network's output is {have.shape}, the trained one's {want.shape}")
        gaps.append(np.abs(have - want).max() / max(1.0, float(np.abs(want).max())))
    worst = float(np.max(gaps))  # nan stays nan, and is refused
    if not worst < TOLERANCE:
        raise ConfigError(f"{what}: the exported network differs by {worst:.2e} from the trained one")
    return worst


def _detector_outputs(model: Any, probe: NDArray[np.float32]) -> list[NDArray[Any]]:
    import torch

    with torch.no_grad():
        (rows, prototypes), _ = model.model.float().eval()(torch.from_numpy(probe))
    return [rows.numpy(), prototypes.numpy()]


def _best_epoch(results: Path) -> tuple[dict[str, float], int]:
    """The metrics of the epoch that ultralytics kept (most mAP50-95 of boxes and masks together); epochs run."""
    lines = read_text(results, "table of epochs").splitlines()
    rows = [{str(key).strip(): str(value).strip() for key, value in row.items()} for row in csv.DictReader(lines)]
    if not rows:
        raise ConfigError(f"{results}: no epoch was finished")
    row = max(rows, key=lambda entry: sum(float(entry[f"metrics/mAP50-95({kind})"]) for kind in "BM"))
    return {key: float(row[key]) for key in row if key.startswith("metrics/") or key == "epoch"}, int(rows[-1]["epoch"])


def read_arguments(path: Path) -> dict[str, str]:
    """What a card tells of an args.yaml of ultralytics."""
    kept = ("data", "time", "imgsz", "batch", "seed", "model", "optimizer", "lr0", "mosaic", "scale", "hsv_h", "hsv_s")
    pairs = (line.split(": ", 1) for line in read_text(path, "options of a run").splitlines() if ": " in line)
    found = {key: value for key, value in pairs if key in kept}
    return {**found, "model": Path(found["model"]).name} if "model" in found else found  # no folders of this machine


def _detector_data(run: Path, data: Path) -> dict[str, Any]:
    """What the run recorded of its data, or the data set itself says; ConfigError without both."""
    from training.detector.train import describe

    recorded = run / "data.json"
    facts: dict[str, Any] = read_json(recorded, "record of the data") if recorded.is_file() else describe(data)
    return facts


def _required(path: Path, next_step: str) -> Path:
    if not path.is_file():
        raise ConfigError(f"{path}: missing; {next_step}")
    return path


def _finish(part: Path, path: Path, metadata: dict[str, str]) -> Path:
    """Write the checked network with its metadata into place. ConfigError if it makes the weights too large."""
    import onnx

    model = read_model(part)
    kept = {entry.key: entry.value for entry in model.metadata_props if entry.key not in PRIVATE}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {**kept, **metadata})
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    others = sum(file.stat().st_size for file in path.parent.glob("*.onnx") if file != path)
    if len(content) + others > MOST_BYTES:
        raise ConfigError(
            f"{path}: {(len(content) + others) / 1e6:.1f} MB of networks, more than {MOST_BYTES / 1e6} MB"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=["heatmap", "detector"])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--overwrite", action="store_true", help="replace what --out has")
    parser.add_argument("--licence", default=UNSTATED, help="heatmap only: what the card says of it")
    parser.add_argument("--height", type=int, default=480, help="detector only")
    parser.add_argument("--width", type=int, default=640, help="detector only")
    parser.add_argument("--trust-pickle", action="store_true", help=f"detector only: {TRUST}")
    args = parser.parse_args()
    try:
        if args.network == "heatmap":
            path = export_heatmap(args.run, args.out, overwrite=args.overwrite, licence=args.licence)
        else:
            path = export_detector(
                args.run, args.out, height=args.height, width=args.width, overwrite=args.overwrite,
                trust_pickle=args.trust_pickle,
            )  # fmt: skip
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
