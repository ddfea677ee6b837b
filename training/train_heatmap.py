"""Train the heatmap network.

`python -m training.train_heatmap --data DIR --out DIR [--epochs N] [--batch B] [--seed S] [--resume] [--patience N]`

Binary cross-entropy on the labelled pixels only (label -1 counts nothing), every sample weighing the same, so that the
output is the chance itself; AdamW with a one-cycle learning rate. The objects of training.dataset.held_out are never
trained on; after each epoch metrics.jsonl gets the loss, AUROC, average precision, precision at the top pixel and
calibration error on them. config.json says what was trained on what, with the same metrics of the rules to beat
(training.baselines). checkpoint.pt holds the last epoch, whole, for --resume; best.pt the one with the best average
precision.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from perception.errors import ConfigError, SpotGraspError
from training import baselines, dataset
from training.files import write_atomic
from training.metrics import PixelScores
from training.unet import GraspUNet, parameter_count

MASK_CHANNEL, DEPTH_CHANNELS = 7, slice(3, 7)
HOLE_CHANCE = 0.3
"""How often a sample loses range and normals in a box, as polished metal makes the real sensor do."""


@dataclass(frozen=True)
class Settings:
    """What decides the weights besides the data. patience: epochs without progress after which it stops."""

    epochs: int = 20
    batch: int = 16
    seed: int = 0
    patience: int = 8
    max_rate: float = 2e-3
    weight_decay: float = 1e-4

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.patience) < 1:
            raise ConfigError("--epochs, --batch and --patience must be at least 1")


@dataclass(frozen=True, eq=False)
class Samples:
    """inputs (N, 8, H, W) and labels (N, H, W), memory-mapped; which rows are trained on and which held out."""

    inputs: Any
    labels: Any
    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    names: tuple[str, ...]
    manifest: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Samples:
        """ConfigError if it is no data set or one of the two parts is empty."""
        inputs, labels, manifest = dataset.load(folder)
        names = tuple(str(sample["object"]) for sample in manifest["samples"])
        held = np.array([dataset.held_out(name) for name in names])
        training, validation = np.flatnonzero(~held), np.flatnonzero(held)
        if not training.size or not validation.size:
            part = "train on" if not training.size else "hold out"
            raise ConfigError(f"{folder}: no object to {part} among {len(set(names))}; label more objects")
        return cls(inputs, labels, training, validation, names, manifest)

    def objects(self, rows: NDArray[np.int64]) -> int:
        return len({self.names[row] for row in rows})

    def take(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Float inputs (n, 8, H, W), channels last, and float labels (n, H, W)."""
        x = torch.from_numpy(np.asarray(self.inputs[rows]).astype(np.float32))
        y = torch.from_numpy(np.asarray(self.labels[rows]).astype(np.float32))
        return x.contiguous(memory_format=torch.channels_last), y


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the samples of their mean cross-entropy over pixels with label 0 or 1.

    logits (N, 1, H, W); labels (N, H, W), -1 unknown. A sample without labelled pixels counts as 0.
    """
    known = labels >= 0
    losses = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], labels.clamp(min=0), reduction="none")
    return ((losses * known).sum(dim=(1, 2)) / known.sum(dim=(1, 2)).clamp(min=1)).mean()


def augment(inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Random gain and offset of each colour channel, and sometimes a box without range and normals; the mask stays.

    No mirroring: the jaws differ, so a mirrored grasp may end differently.
    """
    count, _, height, width = inputs.shape
    gain = 1 + 0.3 * (torch.rand(count, 3, 1, 1, generator=generator) - 0.5)
    offset = 0.2 * (torch.rand(count, 3, 1, 1, generator=generator) - 0.5)
    changed = inputs.clone()
    changed[:, :3] = (inputs[:, :3] * gain + offset).clamp(0, 1)
    draws = torch.rand(count, 5, generator=generator).tolist()
    for index, (chance, top, left, tall, wide) in enumerate(draws):
        if chance < HOLE_CHANCE:
            v, u = int(top * height), int(left * width)
            box = slice(v, v + 8 + int(0.4 * tall * height)), slice(u, u + 8 + int(0.2 * wide * width))
            changed[index, DEPTH_CHANNELS, box[0], box[1]] = 0.0
    return changed


def evaluate(network: nn.Module, samples: Samples, rows: NDArray[np.int64], batch: int) -> dict[str, float]:
    """Loss and pixel metrics on the given rows."""
    network.eval()
    scores, total = PixelScores(), 0.0
    with torch.no_grad():
        for start in range(0, len(rows), batch):
            x, y = samples.take(rows[start : start + batch])
            logits = network(x)
            total += float(masked_loss(logits, y)) * len(x)
            for quality, target in zip(torch.sigmoid(logits[:, 0]).numpy(), y.numpy(), strict=True):
                scores.add(quality, target)
    return {"loss": total / len(rows), **scores.summary()}


class Trainer:
    """One run: the network, its optimiser and where it stands. `run` may be broken off at any moment and resumed."""

    def __init__(self, samples: Samples, out: Path, settings: Settings, *, resume: bool) -> None:
        """ConfigError if `resume` finds no checkpoint, or one of a run with other settings or data."""
        self.samples, self.out, self.settings = samples, out, settings
        torch.manual_seed(settings.seed)
        self.network = GraspUNet()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in its types
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=settings.max_rate, weight_decay=settings.weight_decay
        )
        steps = -(-len(samples.training) // settings.batch)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, settings.max_rate, total_steps=settings.epochs * steps + 1
        )
        self.history: list[dict[str, float]] = []
        if resume:
            self._resume()

    def _resume(self) -> None:
        path = self.out / "checkpoint.pt"
        if not path.is_file():
            raise ConfigError(f"{path}: nothing to resume; start without --resume")
        state = torch.load(path, weights_only=True)
        identity = self._identity()
        if state["identity"] != identity:
            have, want = state["identity"], identity
            changed = ", ".join(key for key in want if have.get(key) != want[key])
            raise ConfigError(f"{path}: made with other {changed}; resume with the same, or start another --out")
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.history = state["history"]

    def _identity(self) -> dict[str, Any]:
        decides = {key: value for key, value in asdict(self.settings).items() if key != "patience"}
        return {**decides, "data": self.samples.manifest["sha256_inputs"]}

    def run(self) -> dict[str, float]:
        """Train to the end; returns the metrics of the best epoch."""
        self.out.mkdir(parents=True, exist_ok=True)
        write_atomic(self.out / "config.json", json.dumps(self._config(), indent=1).encode())
        while len(self.history) < self.settings.epochs and not self._stale():
            started = time.monotonic()
            loss = self._epoch(len(self.history))
            measured = evaluate(self.network, self.samples, self.samples.validation, self.settings.batch)
            metrics = {"epoch": float(len(self.history)), "train_loss": loss, **measured}
            metrics["seconds"] = time.monotonic() - started
            better = not self.history or _rank(metrics) > max(map(_rank, self.history))
            self.history.append(metrics)
            self._save(better)
            sys.stdout.write(json.dumps({key: round(value, 4) for key, value in metrics.items()}) + "\n")
            sys.stdout.flush()
        return max(self.history, key=_rank)

    def _stale(self) -> bool:
        ranks = [_rank(line) for line in self.history]
        return bool(ranks) and len(ranks) - 1 - ranks.index(max(ranks)) >= self.settings.patience

    def _epoch(self, epoch: int) -> float:
        """Mean training loss of one pass; the order and the augmentation depend on the seed and the epoch only."""
        rows, batch = self.samples.training, self.settings.batch
        generator = torch.Generator().manual_seed(self.settings.seed * 1000 + epoch)
        order = rows[torch.randperm(len(rows), generator=generator).numpy()]
        self.network.train()
        total = 0.0
        for start in range(0, len(order), batch):
            x, y = self.samples.take(np.sort(order[start : start + batch]))
            loss = masked_loss(self.network(augment(x, generator)), y)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self.schedule.step()
            total += float(loss.detach()) * len(x)
        return total / len(order)

    def _config(self) -> dict[str, Any]:
        s = self.samples
        return {
            "parameters": parameter_count(self.network),
            **asdict(self.settings),
            "training_samples": len(s.training),
            "validation_samples": len(s.validation),
            "training_objects": s.objects(s.training),
            "validation_objects": s.objects(s.validation),
            "baselines": baselines.measure(s.inputs[:, MASK_CHANNEL], s.labels, s.training, s.validation),
            "data": {key: value for key, value in s.manifest.items() if key != "samples"},
        }

    def _save(self, better: bool) -> None:
        """best.pt first: a run killed between the files repeats this epoch and writes all of them again."""
        if better:
            _write(self.out / "best.pt", {"network": self.network.state_dict(), "metrics": self.history[-1]})
        lines = "".join(json.dumps(line) + "\n" for line in self.history)
        write_atomic(self.out / "metrics.jsonl", lines.encode())
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": self.history,
            "identity": self._identity(),
        }
        _write(self.out / "checkpoint.pt", state)


def _rank(metrics: dict[str, float]) -> float:
    """Average precision; where no held-out pixel is good it is nan, and the loss must do."""
    value = metrics["average_precision"]
    return -1.0 - metrics["loss"] if math.isnan(value) else value


def _write(path: Path, state: dict[str, Any]) -> None:
    content = io.BytesIO()
    torch.save(state, content)
    write_atomic(path, content.getvalue())


def train(data: Path, out: Path, settings: Settings, *, resume: bool = False) -> dict[str, float]:
    """Train; returns the metrics of the best epoch. ConfigError if the data set or the checkpoint cannot be used."""
    return Trainer(Samples.open(data), out, settings, resume=resume).run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    parser.add_argument("--batch", type=int, default=Settings.batch)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--patience", type=int, default=Settings.patience, help="stop after N epochs without progress")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/checkpoint.pt")
    args = parser.parse_args()
    try:
        train(args.data, args.out, Settings(args.epochs, args.batch, args.seed, args.patience), resume=args.resume)
    except SpotGraspError as error:
        parser.exit(error.exit_code, f"{error}\n")


if __name__ == "__main__":
    main()
