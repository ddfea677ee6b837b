"""Train the detector: YOLO11n-seg from scratch on rendered pictures, nothing downloaded.

`spot-grasp train detector --data DIR/data.yaml --out DIR [--epochs N] [--hours H] [--image-size S] [--resume]`

OUT/detector gets weights/best.pt, weights/last.pt (after every epoch), results.csv, args.yaml and data.json (facts of
the training data), which training.export reads. With --hours the run ends at about that time, and the learning rate
falls accordingly. --start takes the weights of a finished run, or of an exported detector such as
perception/weights/detector.onnx; classes that it knows keep what it has learnt of them. --data may be repeated, and
may be pictures that `spot-grasp look` has kept.

Ultralytics requires torchvision, which has no CPU build, so it is installed without its dependencies, as `spot-grasp
doctor` tells; its other dependencies are in the `train` extra. Ultralytics and weights trained with it are under
AGPL-3.0.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.detector.train")

import argparse
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from perception.base.array_files import read_picture
from perception.base.digest import sha256_of
from perception.base.errors import ConfigError
from perception.base.files import LIST_BYTES, read_bytes, write_atomic
from perception.base.plain_json import json_text
from perception.detection.detector import OnnxDetector
from simulation.genesis.devices import check_device
from training.common.checkpoints import digest
from training.common.memory import keep_freed_memory
from training.common.onnx_weights import load_exported_detector, measure_statistics
from training.common.outputs import check_run_folder, clear_run_folder
from training.common.workers import Progress
from training.detector.arguments import LEARNING_RATE, add_detector_arguments
from training.detector.classes import labels_of, names_of, save_start, with_names
from training.detector.pickled_weights import check_data, check_weights, network_of, trusting
from training.detector.pictures import gather
from training.detector.torchvision_stub import import_ultralytics
from training.heatmap.recipe_arguments import add_run_arguments

AUGMENTATION = {
    "hsv_h": 0.05, "hsv_s": 0.5, "hsv_v": 0.3, "degrees": 6.0, "translate": 0.1, "scale": 0.35, "fliplr": 0.5,
    "mosaic": 0.3, "close_mosaic": 2, "erasing": 0.0,
}  # fmt: skip
"""Ultralytics' augmentation, moderate because the pictures themselves vary. Mosaic ends 2 epochs before the end."""
OPTIMISER = {"optimizer": "AdamW", "lrf": 0.01, "warmup_epochs": 1, "warmup_bias_lr": 0.0, "cos_lr": True}
"""Ultralytics' optimiser, fixed, because its own choice depends on the length of the run. Its warm-up would start the
biases at a rate of 0.1, which is for SGD and would damage start weights."""
WORK_FILES = ("weights/last.pt", "weights/best.pt")
RUN_FILES = (*WORK_FILES, "results.csv", "args.yaml", "data.json", "start.pt")
NAMES = (
    "epochs", "hours", "image_size", "batch", "resume", "overwrite", "seed", "weights", "learning_rate", "device",
    "trust_pickle", "bfloat16",
)  # fmt: skip
"""The arguments of `train` that are options of the command line."""
LAYOUT = "yolo11n-seg.yaml"
STATISTICS_PICTURES = 128
"""Training pictures on which the batch statistics of an exported network are measured."""


def describe(data: Path) -> dict[str, Any]:
    """Numbers of pictures and objects in both parts of a data set, and the SHA-256 of all labels.

    data: data.yaml with images/{train,val} and labels/{train,val} beside it. ConfigError if a part has no picture.
    """
    labelled: list[bytes] = []
    facts = {}
    for part in ("train", "val"):
        pictures = sorted((data.parent / "images" / part).glob("*.jpg"))
        if not pictures:
            next_step = "add some with `python -m training.detector.rendered.composite`"
            raise ConfigError(f"{data.parent}: no pictures in images/{part}; {next_step}")
        labels = [data.parent / "labels" / part / f"{picture.stem}.txt" for picture in pictures]
        texts = [read_bytes(label, "file of labels", LIST_BYTES) if label.exists() else b"" for label in labels]
        labelled += [label.name.encode() + b"\0" + text for label, text in zip(labels, texts, strict=True)]
        facts[f"{part}_pictures"] = len(pictures)
        facts[f"{part}_objects"] = sum(bool(line.strip()) for text in texts for line in text.split(b"\n"))
    return {**facts, "sha256_labels": sha256_of(labelled)}


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
    overwrite: bool = False,
    device: str = "cpu",
    trust_pickle: bool = False,
    bfloat16: bool = False,
    progress: Progress = lambda *_: None,
) -> Path:
    """Train; returns OUT/detector.

    data: data.yaml or its folder. hours: end after this time instead of after `epochs`, or None. image_size: the longer
    side, pixels, a multiple of 32. weights: .pt or .onnx to start from, or None. progress: called after each batch.
    trust_pickle: see training.detector.pickled_weights. bfloat16: compute the network, not the loss, with 16 bits.
    Files of finished epochs stay.

    ConfigError if an argument is impossible, data or device is missing, there is nothing to resume, the weights are not
    trusted, or the loss is not finite. Also if OUT/detector holds a run and neither `resume` nor `overwrite` is given.
    """
    data = data / "data.yaml" if data.is_dir() else data
    if not data.is_file():
        raise ConfigError(
            f"{data}: no such data set; make one with `python -m training.detector.rendered.composite --out DIR`"
        )
    if epochs < 1 or batch < 1 or image_size < 32 or image_size % 32 or (hours is not None and not hours > 0):
        raise ConfigError("--epochs, --batch and --hours must be positive and --image-size a multiple of 32")
    if not 0 < learning_rate < 1:
        raise ConfigError(f"--learning-rate {learning_rate:g} must be between 0 and 1")
    folder = out.resolve() / "detector"
    last = folder / "weights" / "last.pt"
    if resume and not last.is_file():
        raise ConfigError(f"{last}: nothing to resume; start without --resume")
    if weights is not None and (resume or not weights.is_file()):
        raise ConfigError(f"{weights}: {'either --start or --resume' if resume else 'no such weights'}")
    check_device(device)
    if not resume:
        check_run_folder(folder, RUN_FILES, WORK_FILES, overwrite=overwrite)
    facts = describe(data)
    ultralytics = import_ultralytics()
    names = check_data(data)
    started_from = None if weights is None else digest(weights)
    start = last if resume else weights
    network = None
    if start is not None and start.suffix == ".pt":
        network = network_of(check_weights(start, trust_pickle=trust_pickle), start)
    if not resume:
        keep = () if weights is None else [name for name in RUN_FILES if (folder / name).resolve() == weights.resolve()]
        clear_run_folder(folder, [name for name in RUN_FILES if name not in keep])
    folder.mkdir(parents=True, exist_ok=True)
    if start is not None and start.suffix != ".pt":
        start = trainable(start, folder / "start.pt", data, image_size)
    elif network is not None and not resume and names_of(network) != names:
        start = save_start(with_names(network, names), folder / "start.pt")
    with trusting(trust_pickle):
        model = ultralytics.YOLO(str(start) if start else LAYOUT, task="segment")
    options: dict[str, Any] = {
        "data": str(data.resolve()), "epochs": epochs, "imgsz": image_size, "batch": batch, "device": device,
        "project": str(folder.parent), "name": folder.name, "exist_ok": True, "plots": False, "amp": False,
        "seed": seed, "deterministic": True, "val": True, "cache": "ram", "pretrained": start is not None,
        "workers": 0, "patience": 1000, "verbose": False, "lr0": learning_rate, **OPTIMISER, **AUGMENTATION,
        "nbs": batch,  # one step per batch; ultralytics would accumulate 64 pictures, too few steps for a short run
    }  # fmt: skip
    if hours is not None:
        options["time"] = hours
    if resume and model.ckpt.get("epoch", -1) < 0:  # ultralytics would start again and overwrite it
        raise ConfigError(f"{last}: this run is finished; export it, or start another --out")
    if started_from is not None:
        facts["started_from_sha256"] = started_from
    write_atomic(folder / "data.json", json_text(facts, indent=1).encode())
    keep_freed_memory()
    watch(model, folder, progress)
    if bfloat16:
        model.add_callback("on_train_start", lambda trainer: halve(trainer.model, device))
    with trusting(trust_pickle):
        model.train(resume=resume, **options)
    return folder


def watch(model: Any, folder: Path, progress: Progress) -> None:
    """Call `progress` after each batch, and raise ConfigError at the first loss that is not finite."""
    seen: dict[str, Any] = {}

    def prepare(trainer: Any) -> None:
        original = trainer.preprocess_batch

        def preprocess(batch: dict[str, Any]) -> Any:
            seen["files"] = [Path(name).name for name in batch.get("im_file", ())]
            return original(batch)

        trainer.preprocess_batch = preprocess

    def begin(trainer: Any) -> None:
        seen["done"] = 0

    def check(trainer: Any) -> None:
        seen["done"] += 1
        progress(f"epoch {trainer.epoch}", seen["done"], len(trainer.train_loader))
        value = float(trainer.loss.detach())
        if not math.isfinite(value):
            text = f"{folder}: the loss is {value} in epoch {trainer.epoch}, in a batch of {', '.join(seen['files'])}"
            kept = f"{folder / 'weights'} stays as it was after the epoch before"
            raise ConfigError(f"{text}; {kept}. Look at these pictures' labels, or try a lower --learning-rate")

    for event, function in (
        ("on_train_start", prepare),
        ("on_train_epoch_start", begin),
        ("on_train_batch_end", check),
    ):
        model.add_callback(event, function)


def halve(network: Any, device: str) -> None:
    """Let a network of ultralytics compute in bfloat16 while it trains; what it gives stays float32."""
    original = network.predict

    def predict(*args: Any, **options: Any) -> Any:
        with torch.autocast(device, torch.bfloat16, enabled=network.training):
            found = original(*args, **options)
        return _single(found)

    network.predict = predict


def _single(found: Any) -> Any:
    """All tensors in lists, tuples and dictionaries as float32."""
    if isinstance(found, torch.Tensor):
        return found.float() if found.dtype == torch.bfloat16 else found
    if isinstance(found, dict):
        return {key: _single(value) for key, value in found.items()}
    return type(found)(_single(value) for value in found) if isinstance(found, (list, tuple)) else found


def trainable(exported: Path, out: Path, data: Path, image_size: int) -> Path:
    """Write `out`, weights that ultralytics can train on the classes of `data`, from a detector.onnx; the outputs for
    classes that it knows do not change."""
    names = OnnxDetector(exported).labels
    network = import_ultralytics().nn.tasks.SegmentationModel(LAYOUT, nc=len(names), verbose=False)
    load_exported_detector(network, exported)
    network.names = dict(enumerate(names))
    pictures = sorted((data.parent / "images" / "train").glob("*.jpg"))
    chosen = pictures[:: -(-len(pictures) // STATISTICS_PICTURES)]
    measure_statistics(network, (_picture(path, image_size) for path in chosen))
    return save_start(with_names(network, check_data(data)), out)


def _picture(path: Path, size: int) -> torch.Tensor:
    """(1, 3, size, size) RGB 0..1, as ultralytics prepares a square picture."""
    fitted = cv2.resize(read_picture(path, "training picture", cv2.IMREAD_COLOR), (size, size))[..., ::-1]
    return torch.from_numpy(np.ascontiguousarray(fitted.transpose(2, 0, 1)[None])).float() / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    add_run_arguments(parser)
    add_detector_arguments(parser)
    args = parser.parse_args()
    known = () if args.weights is None else labels_of(args.weights, trust_pickle=args.trust_pickle)
    train(gather(args.data, args.out / "data", known), args.out, **{name: getattr(args, name) for name in NAMES})
