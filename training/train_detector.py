"""Train the detector: YOLO11n-seg from scratch on rendered views, nothing downloaded.

`python -m training.train_detector --data DIR/data.yaml --out DIR [--epochs N] [--hours H] [--image-size S] [--resume]`

Ultralytics declares torchvision, which has no CPU build; install it with `pip install --no-deps ultralytics`, its other
needs come with the `train` extra. Ultralytics and weights trained with it are under AGPL-3.0.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from perception.errors import ConfigError
from training.torchvision_stub import import_ultralytics

AUGMENTATION = {
    "hsv_h": 0.05, "hsv_s": 0.7, "hsv_v": 0.5, "degrees": 8.0, "translate": 0.15, "scale": 0.5, "fliplr": 0.5,
    "mosaic": 0.5, "close_mosaic": 5, "erasing": 0.0,
}  # fmt: skip


def train(
    data: Path, out: Path, *, epochs: int, hours: float | None, image_size: int, batch: int, resume: bool, seed: int
) -> Path:
    """Train and return the folder with weights/best.pt and results.csv. ConfigError if the data set is missing."""
    if not data.is_file():
        raise ConfigError(f"{data}: no such data set; make one with `python -m training.views --yolo DIR`")
    ultralytics = import_ultralytics()
    last = out / "detector" / "weights" / "last.pt"
    start = str(last) if resume and last.is_file() else "yolo11n-seg.yaml"
    model = ultralytics.YOLO(start, task="segment")
    options: dict[str, Any] = {
        "data": str(data), "epochs": epochs, "imgsz": image_size, "batch": batch, "device": "cpu", "workers": 0,
        "project": str(out.resolve()), "name": "detector", "exist_ok": True, "plots": False, "amp": False,
        "seed": seed, "deterministic": True, "val": True, "cos_lr": True, "cache": "ram", "pretrained": False,
        "warmup_epochs": 2, "patience": 1000, "verbose": False, **AUGMENTATION,
    }  # fmt: skip
    if hours is not None:
        options["time"] = hours
    model.train(resume=start == str(last), **options)
    return out / "detector"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--hours", type=float)
    parser.add_argument("--image-size", type=int, default=448)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    train(
        args.data, args.out, epochs=args.epochs, hours=args.hours, image_size=args.image_size, batch=args.batch,
        resume=args.resume, seed=args.seed,
    )  # fmt: skip


if __name__ == "__main__":
    main()
