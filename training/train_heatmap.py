"""Train the heatmap network.

`python -m training.train_heatmap --data DIR --out DIR [--epochs N] [--batch B] [--seed S] [--resume]`

Binary cross-entropy on the labelled pixels only (label -1 counts nothing), AdamW with a one-cycle learning rate. The
objects of training.dataset.held_out are never trained on; after each epoch metrics.jsonl gets the loss, AUROC, average
precision, precision at the top pixel and calibration error on them. checkpoint.pt holds the last epoch, whole, for
--resume; best.pt the one with the best average precision.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from perception.errors import SpotGraspError
from training import dataset
from training.files import write_atomic
from training.metrics import auroc, average_precision, expected_calibration_error
from training.unet import GraspUNet, parameter_count

MAX_RATE = 2e-3
WEIGHT_DECAY = 1e-4
PIXELS_PER_SAMPLE = 200
"""Drawn for the pixel metrics, so that large objects do not outweigh small ones."""


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over pixels with label 0 or 1; logits (N, 1, H, W), labels (N, H, W), -1 unknown."""
    known = labels >= 0
    losses = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], labels.clamp(min=0), reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1)


def colour_jitter(inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Random gain and offset of each colour channel and of the picture; the other channels stay."""
    count = inputs.shape[0]
    gain = 1 + 0.3 * (torch.rand(count, 3, 1, 1, generator=generator) - 0.5)
    offset = 0.2 * (torch.rand(count, 3, 1, 1, generator=generator) - 0.5)
    return torch.cat([(inputs[:, :3] * gain + offset).clamp(0, 1), inputs[:, 3:]], dim=1)


def evaluate(network: nn.Module, inputs: Any, labels: Any, rows: NDArray[np.int64], batch: int) -> dict[str, float]:
    """Loss and pixel metrics on the given rows."""
    network.eval()
    rng = np.random.default_rng(0)
    scores: list[NDArray[Any]] = []
    truth: list[NDArray[Any]] = []
    losses, top = [], []
    with torch.no_grad():
        for start in range(0, len(rows), batch):
            part = rows[start : start + batch]
            y = torch.from_numpy(np.asarray(labels[part]).astype(np.float32))
            logits = network(_input(inputs, part))
            losses.append(float(masked_loss(logits, y)) * len(part))
            quality = torch.sigmoid(logits[:, 0]).numpy()
            for image, target in zip(quality, y.numpy(), strict=True):
                known = np.flatnonzero(target >= 0)
                if known.size:
                    drawn = rng.choice(known, min(PIXELS_PER_SAMPLE, known.size), replace=False)
                    scores.append(image.ravel()[drawn])
                    truth.append(target.ravel()[drawn] > 0.5)
                    top.append(float(target.ravel()[known[np.argmax(image.ravel()[known])]]))
    flat, good = np.concatenate(scores).astype(np.float64), np.concatenate(truth)
    return {
        "loss": sum(losses) / len(rows),
        "auroc": auroc(flat, good),
        "average_precision": average_precision(flat, good),
        "precision_at_1": float(np.mean(top)),
        "ece": expected_calibration_error(flat, good),
        "good_share": float(good.mean()),
    }


def _input(inputs: Any, rows: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy(np.asarray(inputs[rows]).astype(np.float32)).to(memory_format=torch.channels_last)


def train(data: Path, out: Path, *, epochs: int, batch: int, seed: int, resume: bool) -> dict[str, float]:
    """Train; returns the metrics of the best epoch. ConfigError if the data set cannot be used."""
    inputs, labels, manifest = dataset.load(data)
    out.mkdir(parents=True, exist_ok=True)
    held = np.array([dataset.held_out(sample["object"]) for sample in manifest["samples"]])
    training, validation = np.flatnonzero(~held), np.flatnonzero(held)
    torch.manual_seed(seed)
    network = GraspUNet().to(memory_format=torch.channels_last)
    steps = -(-len(training) // batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=MAX_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, MAX_RATE, total_steps=epochs * steps + 1)
    first, best = 0, -1.0
    checkpoint = out / "checkpoint.pt"
    if resume and checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        first, best = state["epoch"] + 1, state["best"]
    config = {
        "parameters": parameter_count(network), "epochs": epochs, "batch": batch, "seed": seed, "max_rate": MAX_RATE,
        "training_samples": len(training), "validation_samples": len(validation),
        "training_objects": len({manifest["samples"][i]["object"] for i in training}),
        "validation_objects": len({manifest["samples"][i]["object"] for i in validation}),
        "data": {key: value for key, value in manifest.items() if key != "samples"},
    }  # fmt: skip
    write_atomic(out / "config.json", json.dumps(config, indent=1).encode())
    history: list[dict[str, float]] = []
    metrics_file = out / "metrics.jsonl"
    if first and metrics_file.is_file():
        history = [json.loads(line) for line in metrics_file.read_text().splitlines()][:first]
    for epoch in range(first, epochs):
        generator = torch.Generator().manual_seed(seed * 1000 + epoch)
        order = training[torch.randperm(len(training), generator=generator).numpy()]
        network.train()
        started, total = time.monotonic(), 0.0
        for start in range(0, len(order), batch):
            part = np.sort(order[start : start + batch])
            x = colour_jitter(_input(inputs, part), generator)
            y = torch.from_numpy(np.asarray(labels[part]).astype(np.float32))
            loss = masked_loss(network(x), y)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss) * len(part)
        metrics = {"epoch": float(epoch), "train_loss": total / len(order), **evaluate(network, inputs, labels, validation, batch)}
        metrics["seconds"] = time.monotonic() - started
        history.append(metrics)
        sys.stdout.write(json.dumps({key: round(value, 4) for key, value in metrics.items()}) + "\n")
        sys.stdout.flush()
        if metrics["average_precision"] > best:
            best = metrics["average_precision"]
            _save(out / "best.pt", {"network": network.state_dict(), "metrics": metrics})
        _save(
            checkpoint,
            {
                "network": network.state_dict(), "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(), "epoch": epoch, "best": best,
            },
        )  # fmt: skip
        write_atomic(metrics_file, "".join(json.dumps(line) + "\n" for line in history).encode())
    return max(history, key=lambda line: line["average_precision"])


def _save(path: Path, state: dict[str, Any]) -> None:
    content = io.BytesIO()
    torch.save(state, content)
    write_atomic(path, content.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    try:
        train(args.data, args.out, epochs=args.epochs, batch=args.batch, seed=args.seed, resume=args.resume)
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")


if __name__ == "__main__":
    main()
