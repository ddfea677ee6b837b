"""Epochs over samples in memory, for the small networks that rate or name single things."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from perception.base.errors import ConfigError, WriteError
from perception.base.files import write_atomic
from perception.base.plain_json import json_text
from training.common.checkpoints import save_state
from training.common.outputs import clear_run_folder
from training.common.workers import Progress

Rows = NDArray[np.intp]
WORK_FILES: Final = ("best.pt",)
RUN_FILES: Final = (*WORK_FILES, "config.json", "metrics.jsonl")
MEASURED: Final = 512
"""Samples of a batch that is only measured."""


@dataclass(frozen=True)
class EpochRecipe:
    """What decides the weights besides network and data. ConfigError for impossible values."""

    epochs: int = 8
    batch: int = 128
    seed: int = 0
    max_rate: float = 2e-3
    weight_decay: float = 1e-3

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch) < 1 or not 0.0 < self.max_rate < math.inf:
            raise ConfigError("--epochs and --batch must be at least 1, --rate above 0")


def train_epochs(
    network: nn.Module,
    out: Path,
    recipe: EpochRecipe,
    config: dict[str, Any],
    training: Rows,
    loss: Callable[[Rows], torch.Tensor],
    measured: Callable[[], dict[str, float]],
    progress: Progress = lambda *_: None,
) -> dict[str, float]:
    """Train with AdamW and a one-cycle rate; returns the metrics of the best epoch.

    out: gets config.json, metrics.jsonl after each epoch, and best.pt, the epoch with the least `loss` of its metrics.
    training: the rows to train on. loss: mean over some of them. measured: metrics after an epoch, with `loss`.
    ConfigError if a loss is not finite, or the disk is full.
    """
    steps = recipe.epochs * -(-len(training) // recipe.batch)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.max_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.max_rate, total_steps=steps)
    history: list[dict[str, float]] = []
    try:
        clear_run_folder(out, RUN_FILES)
        out.mkdir(parents=True, exist_ok=True)
        write_atomic(out / "config.json", json_text(config, indent=1).encode())
        for epoch in range(recipe.epochs):
            started, total = time.monotonic(), 0.0
            network.train()
            batches = _batches(training, recipe, epoch)
            for number, rows in enumerate(batches):
                progress(f"epoch {epoch}", number, len(batches))
                value = loss(rows)
                if not math.isfinite(float(value.detach())):
                    raise ConfigError(f"{out}: the loss of epoch {epoch} is not finite; try a lower --rate")
                optimiser.zero_grad(set_to_none=True)
                value.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
                total += float(value.detach()) * len(rows)
            progress(f"epoch {epoch}", len(batches), len(batches))
            network.eval()
            line = {"epoch": float(epoch), "train_loss": total / len(training), **measured()}
            history.append({**line, "seconds": time.monotonic() - started})
            if min(history, key=_rank) is history[-1]:
                save_state(out / "best.pt", {"network": network.state_dict(), "metrics": history[-1]})
            write_atomic(out / "metrics.jsonl", "".join(json_text(each) + "\n" for each in history).encode())
            sys.stdout.write(json_text({key: round(value, 4) for key, value in history[-1].items()}) + "\n")
            sys.stdout.flush()
    except (OSError, WriteError) as error:
        raise ConfigError(f"{out}: cannot write: {error}; make room and train again") from error
    return min(history, key=_rank)


def answers(network: nn.Module, inputs: Callable[[Rows], torch.Tensor], rows: Rows) -> torch.Tensor:
    """What a network answers to some rows, in batches, without training."""
    network.eval()
    with torch.no_grad():
        parts = [rows[start : start + MEASURED] for start in range(0, len(rows), MEASURED)]
        return torch.cat([network(inputs(part)) for part in parts])


def _rank(metrics: dict[str, float]) -> float:
    return metrics["loss"]


def _batches(training: Rows, recipe: EpochRecipe, epoch: int) -> Sequence[Rows]:
    """All training rows in random batches, which depend on the seed and the epoch only."""
    order = np.random.default_rng([recipe.seed, epoch]).permutation(training)
    return [np.sort(order[start : start + recipe.batch]) for start in range(0, len(order), recipe.batch)]
