"""Train the heatmap network.

`spot-grasp train heatmap --data DIR --out DIR`, or on several GPUs of one machine
`torchrun --nproc-per-node N -m training.heatmap.train --data DIR --out DIR`

Recipe "lift": binary cross-entropy on the labelled pixels, equal weight for every sample, AdamW, one-cycle learning
rate. Recipe "paper": that of arXiv 2508.17466. Only training objects are trained on; of a data set of one object 30 %
of the pictures are held out. With torchrun each process takes its share of a batch, and the first measures and writes.

--out gets metrics.jsonl (after each epoch the loss, AUROC, average precision, precision at the top pixel and
calibration error on the validation objects; also for tensorboard, if installed), config.json (recipe, data, and the
same metrics of the simple rules), checkpoint.pt (the last epoch, for --resume) and best.pt (the best epoch).
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.heatmap.train")

import argparse
import math
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from perception.base.errors import ConfigError, WriteError
from perception.base.files import write_atomic
from perception.base.plain_json import json_text
from perception.base.processor import processor
from training.common.checkpoints import MISFIT, digest, fill, load_state, save_state
from training.common.memory import keep_freed_memory
from training.common.outputs import check_run_folder, clear_run_folder
from training.common.workers import Progress
from training.heatmap import baselines
from training.heatmap.metrics import PixelScores
from training.heatmap.parallel import Board, Group
from training.heatmap.recipe_arguments import add_recipe_arguments, add_run_arguments, recipe_changes
from training.heatmap.recipes import Recipe, recipe_for
from training.heatmap.samples import Samples
from training.heatmap.start_weights import begin_with
from training.heatmap.unet import LAYOUTS, GraspUNet, parameter_count

WORK_FILES = ("checkpoint.pt", "best.pt")
RUN_FILES = (*WORK_FILES, "config.json", "metrics.jsonl", "tensorboard")
POOL = 16
"""Batches that are drawn together and then sorted by the size of the objects."""


def evaluate(network: nn.Module, samples: Samples, rows: NDArray[np.int64], recipe: Recipe) -> dict[str, float]:
    """Loss and pixel metrics (`PixelScores.summary`) on some rows of the samples."""
    network.eval()
    scores, total, batch = PixelScores(), 0.0, recipe.batch
    device = next(network.parameters()).device
    with torch.no_grad():
        for start in range(0, len(rows), batch):
            x, y = samples.take(rows[start : start + batch], windowed=recipe.windowed)
            logits = network(x.to(device)).float().cpu()
            total += float(recipe.loss(logits, y)) * len(x)
            for quality, target in zip(torch.sigmoid(logits).numpy(), y.numpy(), strict=True):
                scores.add(quality, target)
    return {"loss": total / len(rows), **scores.summary()}


class Trainer:
    """One run: network, optimiser and progress. `run` can be killed at any moment and resumed."""

    def __init__(
        self,
        samples: Samples,
        out: Path,
        recipe: Recipe,
        *,
        resume: bool,
        start: Path | None = None,
        device: str = "auto",
        progress: Progress = lambda *_: None,
    ) -> None:
        """Prepare or resume a run.

        start: best.pt of another run, or an exported network, to take the weights from. device: "auto" or one of
        DEVICES. progress: called after each batch. ConfigError if the start cannot be used, or `resume` finds no
        checkpoint, or one with other settings or data.
        """
        self.samples, self.out, self.recipe, self.progress = samples, out, recipe, progress
        self.group = Group(device)
        self._fresh = not resume
        torch.manual_seed(recipe.seed)
        self.network = make_network(recipe.layout).to(self.group.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in its types
        self.optimiser = recipe.optimiser(self.network)
        self._areas = samples.sizes(samples.training).prod(axis=1) if recipe.windowed else np.empty(0)
        steps = -(-len(samples.training) // recipe.batch)
        self.schedule = recipe.schedule(self.optimiser, steps)
        self.history: list[dict[str, float]] = []
        self.started_from = None if start is None else digest(start)
        if resume:
            self._resume()
        elif start is not None:
            begin_with(self.network, start, samples, recipe)
        self.model = self.group.wrap(self.network)
        self.precision = recipe.autocast(self.group.device)

    def _resume(self) -> None:
        path = self.out / "checkpoint.pt"
        if not path.is_file():
            raise ConfigError(f"{path}: nothing to resume; start without --resume")
        state = load_state(path, "identity", "network", "optimiser", "schedule", "history")
        have, want = state["identity"], self._identity()
        if have != want:
            changed = ", ".join(key for key in want if not isinstance(have, dict) or have.get(key) != want[key])
            raise ConfigError(f"{path}: made with other {changed}; resume with the same, or start another --out")
        fill(self.network, state["network"], path, "start another --out")
        try:
            self.optimiser.load_state_dict(state["optimiser"])
            self.schedule.load_state_dict(state["schedule"])
            self.history = [dict(line) for line in state["history"]]
            list(map(_rank, self.history))
        except MISFIT as error:
            raise ConfigError(f"{path}: no checkpoint of spot-grasp train heatmap; start another --out") from error

    def _identity(self) -> dict[str, Any]:
        started = {} if self.started_from is None else {"start": self.started_from}
        return {**self.recipe.identity(), **started, "data": self.samples.manifest["sha256_inputs"]}

    def run(self) -> dict[str, float]:
        """Train to the end; returns the metrics of the best epoch."""
        if self.group.first:
            if self._fresh:
                clear_run_folder(self.out, RUN_FILES)
            self.out.mkdir(parents=True, exist_ok=True)
            write_atomic(self.out / "config.json", json_text(self._config(), indent=1).encode())
        board = Board(self.out) if self.group.first else None
        while len(self.history) < self.recipe.epochs and not self._stale():
            started = time.monotonic()
            loss = self._epoch(len(self.history))
            measured = {}
            if self.group.first:
                measured = evaluate(self.network, self.samples, self.samples.validation, self.recipe)
                self._require_finite(measured["loss"], len(self.history), "on the held-out samples", "")
            metrics = {"epoch": float(len(self.history)), "train_loss": loss, **measured}
            metrics["seconds"] = time.monotonic() - started
            metrics = self.group.share(metrics)
            better = not self.history or _rank(metrics) > max(map(_rank, self.history))
            self.history.append(metrics)
            if board is not None:
                self._save(better)
                board.add(metrics)
                sys.stdout.write(json_text({key: round(value, 4) for key, value in metrics.items()}) + "\n")
                sys.stdout.flush()
        return max(self.history, key=_rank)

    def _stale(self) -> bool:
        ranks = [_rank(line) for line in self.history]
        return bool(ranks) and len(ranks) - 1 - ranks.index(max(ranks)) >= self.recipe.patience

    def _epoch(self, epoch: int) -> float:
        """Mean training loss of one epoch. Order and augmentation depend on the seed and the epoch only."""
        generator = torch.Generator().manual_seed(self.recipe.seed * 1000 + epoch)
        self.model.train()
        total = 0.0
        batches = self.batches(generator)
        for number, rows in enumerate(batches):
            self.progress(f"epoch {epoch}", number, len(batches))
            part = self.group.part(np.sort(rows))
            x, y = self.samples.take(part, windowed=self.recipe.windowed)
            x, y = self.recipe.augment(x, y, self.samples.symmetric(part), generator)
            with self.precision():
                loss = self.recipe.loss(self.model(x.to(self.group.device)).float(), y.to(self.group.device))
            names = ", ".join(self.samples.name(row) for row in part)
            self._require_finite(float(loss.detach()), epoch, "in a batch", names)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            size = nn.utils.clip_grad_norm_(self.network.parameters(), math.inf)  # measured, not clipped
            self._require_finite(float(size), epoch, "in a batch's gradient", names)
            self.optimiser.step()
            self.schedule.step()
            total += float(loss.detach()) * len(rows)
        self.progress(f"epoch {epoch}", len(batches), len(batches))
        return total / len(self.samples.training)

    def _require_finite(self, value: float, epoch: int, place: str, names: str) -> None:
        """ConfigError if a value is not finite; nothing of this epoch is kept. names: the samples, or ""."""
        if math.isfinite(value):
            return
        kept = f"{self.out / 'best.pt'} and checkpoint.pt stay as they were after epoch {len(self.history) - 1}"
        kept = kept if self.history else "no epoch was finished"
        text = f"{self.out}: {value} {place} of epoch {epoch}{f': {names}' if names else ''}"
        raise ConfigError(f"{text}; {kept}. The inputs are finite, so the training diverged: try a lower --rate")

    def batches(self, generator: torch.Generator) -> list[NDArray[np.int64]]:
        """All training rows in random batches; windowed samples share batches with others of about their size."""

        def shuffled(count: int) -> NDArray[np.int64]:
            return torch.randperm(count, generator=generator).numpy()

        rows, batch = self.samples.training, self.recipe.batch
        order = shuffled(len(rows))
        if self.recipe.windowed:
            pools = [order[start : start + POOL * batch] for start in range(0, len(order), POOL * batch)]
            order = np.concatenate([pool[np.argsort(self._areas[pool], kind="stable")] for pool in pools])
        batches = [rows[order[start : start + batch]] for start in range(0, len(order), batch)]
        return [batches[index] for index in shuffled(len(batches))] if self.recipe.windowed else batches

    def _config(self) -> dict[str, Any]:
        s, start = self.samples, {} if self.started_from is None else {"started_from": self.started_from}
        return {
            "parameters": parameter_count(self.network),
            **asdict(self.recipe),
            "processes": self.group.size,
            "processor": processor(),
            **start,
            "training_samples": len(s.training),
            "validation_samples": len(s.validation),
            "training_objects": s.objects(s.training),
            "validation_objects": s.objects(s.validation),
            "baselines": baselines.measure_samples(s),
            "data": {key: value for key, value in s.manifest.items() if key != "samples"},
        }

    def _save(self, better: bool) -> None:
        """Write best.pt first: a run killed between the files repeats this epoch and writes all of them again."""
        if better:
            save_state(self.out / "best.pt", {"network": self.network.state_dict(), "metrics": self.history[-1]})
        lines = "".join(json_text(line) + "\n" for line in self.history)
        write_atomic(self.out / "metrics.jsonl", lines.encode())
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": self.history,
            "identity": self._identity(),
        }
        save_state(self.out / "checkpoint.pt", state)


def _rank(metrics: dict[str, float]) -> tuple[float, float]:
    """Order of epochs: average precision to a hundredth, then lower loss; without good pixels the loss alone."""
    value = metrics["average_precision"]
    return -1.0 if math.isnan(value) else round(value, 2), -metrics["loss"]


def make_network(layout: str) -> nn.Module:
    """A new network with a layout of training.heatmap.unet.LAYOUTS."""
    return GraspUNet(layout=LAYOUTS[layout])


def train(
    data: Path,
    out: Path,
    recipe: Recipe,
    *,
    resume: bool = False,
    overwrite: bool = False,
    start: Path | None = None,
    device: str = "auto",
    progress: Progress = lambda *_: None,
) -> dict[str, float]:
    """Train; returns the metrics of the best epoch.

    data: folder of training arrays. out: folder of the run. start, device, progress: see `Trainer`. ConfigError if data
    or checkpoint cannot be used, `out` holds a run and neither `resume` nor `overwrite` is given, a number is not
    finite, or the disk is full. Files of finished epochs stay, and --resume continues from them.
    """
    if not resume and os.environ.get("RANK", "0") == "0":
        check_run_folder(out, RUN_FILES, WORK_FILES, overwrite=overwrite)
    keep_freed_memory()
    try:
        samples = Samples.open(data)
        if samples.of_ways != (recipe.name == "ways"):
            raise ConfigError(f"{data}: its arrays are not those of the recipe {recipe.name}; give other --data")
        trainer = Trainer(samples, out, recipe, resume=resume, start=start, device=device, progress=progress)
        best = trainer.run()
    except (OSError, WriteError) as error:
        text = f"{out}: cannot write: {error.strerror or error}"
        raise ConfigError(f"{text}; make room, then go on with --resume") from error
    trainer.group.leave()
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    add_run_arguments(parser)
    add_recipe_arguments(parser)
    args = parser.parse_args()
    recipe = recipe_for(args.recipe, **recipe_changes(args))
    again = {"resume": args.resume, "overwrite": args.overwrite}
    train(args.data, args.out, recipe, **again, start=args.start, device=args.device)
