"""Train the detector: YOLO11n-seg from scratch on rendered pictures, nothing downloaded.

`python -m training.train_detector --data DIR/data.yaml --out DIR [--epochs N] [--hours H] [--image-size S] [--resume]`

OUT/detector gets weights/best.pt, weights/last.pt (whole after every epoch), results.csv, args.yaml and data.json (what
it was trained on), which training.export reads. With --hours the run ends at about that time and the learning rate
falls to its end by then. --weights starts another run from the weights of a finished one, or from an exported detector,
such as the one that ships (perception/weights/detector.onnx).

Ultralytics declares torchvision, which has no CPU build: it is installed without its dependencies, as `spot-grasp
doctor` says; its other needs come with the `train` extra. Ultralytics and weights trained with it are under
AGPL-3.0.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from perception.detector import OnnxDetector
from perception.errors import ConfigError, SpotGraspError
from perception.files import write_atomic
from perception.plain_json import json_text
from training.exported_weights import load_exported_detector, measure_statistics
from training.memory import keep_freed_memory
from training.torchvision_stub import import_ultralytics

AUGMENTATION = {
    "hsv_h": 0.05, "hsv_s": 0.5, "hsv_v": 0.3, "degrees": 6.0, "translate": 0.1, "scale": 0.35, "fliplr": 0.5,
    "mosaic": 0.3, "close_mosaic": 2, "erasing": 0.0,
}  # fmt: skip
"""Moderate: the pictures themselves vary in colour, size and place. Mosaic ends 2 epochs before the end."""
OPTIMISER = {"optimizer": "AdamW", "lrf": 0.01, "warmup_epochs": 1, "warmup_bias_lr": 0.0, "cos_lr": True}
"""Said outright: ultralytics' own choice changes with the length of the run, and its warm-up starts the biases at a
rate of 0.1, which is made for SGD and undoes what the start weights know."""
LEARNING_RATE = 0.0015
LAYOUT = "yolo11n-seg.yaml"
STATISTICS_PICTURES = 128
"""Training pictures on which an exported network's batch statistics are measured again."""


def describe(data: Path) -> dict[str, Any]:
    """How many pictures and objects the two parts of the data set hold, and the SHA-256 of all labels.

    data: data.yaml with images/{train,val} and labels/{train,val} beside it. ConfigError if a part has no picture.
    """
    digest, facts = hashlib.sha256(), {}
    for part in ("train", "val"):
        pictures = sorted((data.parent / "images" / part).glob("*.jpg"))
        if not pictures:
            next_step = "add some with `python -m training.composite`"
            raise ConfigError(f"{data.parent}: no pictures in images/{part}; {next_step}")
        labels = [data.parent / "labels" / part / f"{picture.stem}.txt" for picture in pictures]
        texts = [label.read_bytes() if label.is_file() else b"" for label in labels]
        for label, text in zip(labels, texts, strict=True):
            digest.update(label.name.encode() + b"\0" + text)
        facts[f"{part}_pictures"] = len(pictures)
        facts[f"{part}_objects"] = sum(bool(line.strip()) for text in texts for line in text.split(b"\n"))
    return {**facts, "sha256_labels": digest.hexdigest()}


def train(
    data: Path,
    out: Path,
    *,
    epochs: int,
    hours: float | None,
    image_size: int,
    batch: int,
    resume: bool,
    seed: int,
    weights: Path | None = None,
    learning_rate: float = LEARNING_RATE,
) -> Path:
    """Train and return OUT/detector. ConfigError if the data set is missing or there is nothing left to resume."""
    if not data.is_file():
        raise ConfigError(f"{data}: no such data set; make one with `python -m training.composite --out DIR`")
    if epochs < 1 or batch < 1 or image_size < 32 or image_size % 32 or (hours is not None and not hours > 0):
        raise ConfigError("--epochs, --batch and --hours must be positive and --image-size a multiple of 32")
    if not 0 < learning_rate < 1:
        raise ConfigError(f"--learning-rate {learning_rate:g} must be between 0 and 1")
    folder = out.resolve() / "detector"
    last = folder / "weights" / "last.pt"
    if resume and not last.is_file():
        raise ConfigError(f"{last}: nothing to resume; start without --resume")
    if weights is not None and (resume or not weights.is_file()):
        raise ConfigError(f"{weights}: {'either --weights or --resume' if resume else 'no such weights'}")
    facts = describe(data)
    ultralytics = import_ultralytics()
    start = last if resume else weights
    folder.mkdir(parents=True, exist_ok=True)
    if start is not None and start.suffix == ".onnx":
        start = trainable(start, folder / "start.pt", data, image_size)
    model = ultralytics.YOLO(str(start) if start else LAYOUT, task="segment")
    options: dict[str, Any] = {
        "data": str(data.resolve()), "epochs": epochs, "imgsz": image_size, "batch": batch, "device": "cpu",
        "project": str(folder.parent), "name": folder.name, "exist_ok": True, "plots": False, "amp": False,
        "seed": seed, "deterministic": True, "val": True, "cache": "ram", "pretrained": start is not None,
        "workers": 0, "patience": 1000, "verbose": False, "lr0": learning_rate, **OPTIMISER, **AUGMENTATION,
        "nbs": batch,  # a step every batch; ultralytics would gather 64 pictures, too few steps for a short run
    }  # fmt: skip
    if hours is not None:
        options["time"] = hours
    if resume and model.ckpt.get("epoch", -1) < 0:  # ultralytics would start again and overwrite
        raise ConfigError(f"{last}: this run is finished; export it, or start another --out")
    if weights is not None:
        facts["started_from_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    write_atomic(folder / "data.json", json_text(facts, indent=1).encode())
    keep_freed_memory()
    model.train(resume=resume, **options)
    return folder


def trainable(exported: Path, out: Path, data: Path, image_size: int) -> Path:
    """Write `out`, weights that ultralytics can train on, from a detector.onnx; the network computes what it did."""
    names = OnnxDetector(exported).labels
    network = import_ultralytics().nn.tasks.SegmentationModel(LAYOUT, nc=len(names), verbose=False)
    load_exported_detector(network, exported)
    network.names = dict(enumerate(names))
    pictures = sorted((data.parent / "images" / "train").glob("*.jpg"))
    some = pictures[:: -(-len(pictures) // STATISTICS_PICTURES)]
    measure_statistics(network, (_picture(path, image_size) for path in some))
    torch.save({"model": network, "train_args": {"task": "segment"}, "epoch": -1}, out)
    return out


def _picture(path: Path, size: int) -> torch.Tensor:
    """(1, 3, size, size) RGB 0..1, as ultralytics feeds a square picture."""
    fitted = cv2.resize(cv2.imread(str(path)), (size, size))[..., ::-1]
    return torch.from_numpy(np.ascontiguousarray(fitted.transpose(2, 0, 1)[None])).float() / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--hours", type=float, help="end at about this time instead of after --epochs")
    parser.add_argument("--image-size", type=int, default=448, help="pixels, the longer side; a multiple of 32")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, help="start from these (.pt or .onnx) instead of from scratch")
    parser.add_argument("--learning-rate", type=float, default=LEARNING_RATE, help="of AdamW at the start")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/detector/weights/last.pt")
    args = parser.parse_args()
    try:
        train(
            args.data, args.out, epochs=args.epochs, hours=args.hours, image_size=args.image_size, batch=args.batch,
            resume=args.resume, seed=args.seed, weights=args.weights, learning_rate=args.learning_rate,
        )  # fmt: skip
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")


if __name__ == "__main__":
    main()
