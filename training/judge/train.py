"""Train the judge of single grasps: `spot-grasp train judge --data DIR --out DIR`.

Cross-entropy of whether each pick holds, AdamW, one-cycle learning rate, half of the picks mirrored. Only training
objects are trained on. --out gets config.json (recipe, data, and what the best grasps of a run without a judge come
to), metrics.jsonl (after each epoch, on the validation objects) and best.pt (the epoch with the least loss).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from perception.base.errors import ConfigError
from perception.base.processor import processor
from training.common.epochs import RUN_FILES, WORK_FILES, EpochRecipe, answers, train_epochs
from training.common.outputs import check_run_folder
from training.common.workers import Progress
from training.dataset.picks import SOURCES
from training.judge.network import JudgeNetwork, mirror
from training.judge.samples import Picks, Rows


@dataclass(frozen=True)
class JudgeRecipe(EpochRecipe):
    """All that decides the weights besides the data. heatmap_weight: of the heatmap's grasps in the loss, as there is
    at most one in a picture. ConfigError for impossible values."""

    width: int = 32
    heatmap_weight: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise ConfigError("the width of the network must be at least 1")


def chances(network: nn.Module, picks: Picks, rows: Rows) -> NDArray[np.float64]:
    """(len(rows),) chances that a network gives to some picks."""
    logits = answers(network, lambda part: _inputs(picks, part), rows)
    return np.asarray(torch.sigmoid(logits).numpy(), np.float64)


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

    def loss(rows: Rows) -> torch.Tensor:
        return _loss(network, picks, rows, recipe)

    def measured() -> dict[str, float]:
        return picks.metrics(chances(network, picks, picks.validation), picks.validation)

    config = _config(network, picks, recipe)
    return train_epochs(network, out, recipe, config, picks.training, loss, measured, progress)


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
