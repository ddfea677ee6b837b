"""Train the judge of single grasps: `spot-grasp train judge --data DIR --out DIR`.

Cross-entropy of whether each pick holds, AdamW, one-cycle learning rate, half of the picks mirrored. Only training
objects are trained on. --out gets config.json (recipe, data, and what the best grasps of a run without a judge come
to), metrics.jsonl (after each epoch, on the validation objects) and best.pt (the epoch with the least loss).
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import asdict, dataclass
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
from training.common.checkpoints import save_state
from training.common.outputs import check_run_folder, clear_run_folder
from training.dataset.folder import Progress
from training.dataset.picks import SOURCES
from training.judge.network import JudgeNetwork, mirror
from training.judge.samples import Picks, Rows

WORK_FILES = ("best.pt",)
RUN_FILES = (*WORK_FILES, "config.json", "metrics.jsonl")
MEASURED = 512
"""Picks of a batch that is only measured."""


@dataclass(frozen=True)
class JudgeRecipe:
    """All that decides the weights besides the data. heatmap_weight: of the heatmap's grasps in the loss, as there is
    at most one in a picture. ConfigError for impossible values."""

    epochs: int = 8
    batch: int = 128
    seed: int = 0
    max_rate: float = 2e-3
    weight_decay: float = 1e-3
    width: int = 32
    heatmap_weight: float = 3.0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.width) < 1 or not 0.0 < self.max_rate < math.inf:
            raise ConfigError("--epochs and --batch must be at least 1, --rate above 0")


def chances(network: nn.Module, picks: Picks, rows: Rows) -> NDArray[np.float64]:
    """(len(rows),) chances that a network gives to some picks."""
    network.eval()
    with torch.no_grad():
        parts = [
            torch.sigmoid(network(_inputs(picks, rows[start : start + MEASURED]))).numpy()
            for start in range(0, len(rows), MEASURED)
        ]
    return np.concatenate(parts).astype(np.float64)


def train(
    folders: list[Path],
    out: Path,
    recipe: JudgeRecipe,
    *,
    overwrite: bool = False,
    progress: Progress = lambda *_: None,
) -> dict[str, float]:
    """Train; returns the metrics of the best epoch.

    folders: of picks. out: folder of the run. ConfigError if the data cannot be used, `out` holds a run and `overwrite`
    is false, the loss is not finite, or the disk is full.
    """
    check_run_folder(out, RUN_FILES, WORK_FILES, overwrite=overwrite)
    picks = Picks.open(folders)
    torch.manual_seed(recipe.seed)
    network = JudgeNetwork(recipe.width)
    steps = recipe.epochs * -(-len(picks.training) // recipe.batch)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.max_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.max_rate, total_steps=steps)
    history: list[dict[str, float]] = []
    try:
        clear_run_folder(out, RUN_FILES)
        out.mkdir(parents=True, exist_ok=True)
        write_atomic(out / "config.json", json_text(_config(network, picks, recipe), indent=1).encode())
        for epoch in range(recipe.epochs):
            started, total = time.monotonic(), 0.0
            network.train()
            batches = _batches(picks, recipe, epoch)
            for number, rows in enumerate(batches):
                progress(f"epoch {epoch}", number, len(batches))
                loss = _loss(network, picks, rows, recipe)
                if not math.isfinite(float(loss.detach())):
                    raise ConfigError(f"{out}: the loss of epoch {epoch} is not finite; try a lower --rate")
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
                total += float(loss.detach()) * len(rows)
            progress(f"epoch {epoch}", len(batches), len(batches))
            measured = picks.metrics(chances(network, picks, picks.validation), picks.validation)
            line = {"epoch": float(epoch), "train_loss": total / len(picks.training), **measured}
            history.append({**line, "seconds": time.monotonic() - started})
            if min(history, key=_rank) is history[-1]:
                save_state(out / "best.pt", {"network": network.state_dict(), "metrics": history[-1]})
            write_atomic(out / "metrics.jsonl", "".join(json_text(line) + "\n" for line in history).encode())
            sys.stdout.write(json_text({key: round(value, 4) for key, value in history[-1].items()}) + "\n")
            sys.stdout.flush()
    except (OSError, WriteError) as error:
        raise ConfigError(f"{out}: cannot write: {error}; make room and train again") from error
    return min(history, key=_rank)


def _rank(metrics: dict[str, float]) -> float:
    return metrics["loss"]


def _batches(picks: Picks, recipe: JudgeRecipe, epoch: int) -> list[Rows]:
    """All training rows in random batches, which depend on the seed and the epoch only."""
    order = np.random.default_rng([recipe.seed, epoch]).permutation(picks.training)
    return [np.sort(order[start : start + recipe.batch]) for start in range(0, len(order), recipe.batch)]


def _loss(network: nn.Module, picks: Picks, rows: Rows, recipe: JudgeRecipe) -> torch.Tensor:
    inputs = mirror(_inputs(picks, rows), torch.rand(len(rows)) < 0.5)
    good = torch.from_numpy(picks.good[rows].astype(np.float32))
    weight = np.where(picks.source[rows] == SOURCES.index("heatmap"), recipe.heatmap_weight, 1.0)
    return nn.functional.binary_cross_entropy_with_logits(
        network(inputs), good, weight=torch.from_numpy(weight.astype(np.float32))
    )


def _inputs(picks: Picks, rows: Rows) -> torch.Tensor:
    return torch.from_numpy(picks.inputs[rows].astype(np.float32))


def _config(network: nn.Module, picks: Picks, recipe: JudgeRecipe) -> dict[str, Any]:
    return {
        "network": "judge",
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        **asdict(recipe),
        "processor": processor(),
        "training_picks": len(picks.training),
        "validation_picks": len(picks.validation),
        "baselines": picks.rules(picks.validation),
        "data": picks.facts,
    }
