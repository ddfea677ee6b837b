"""Start weights of a training of the heatmap network."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from torch import nn

from training.common.checkpoints import check_finite, fill, load_state
from training.common.onnx_weights import load_exported, measure_statistics
from training.heatmap.recipes import Recipe
from training.heatmap.samples import Samples

STATISTICS_SAMPLES = 256
"""Training samples for the batch norms' mean and variance of exported weights."""


def begin_with(network: nn.Module, path: Path, samples: Samples, recipe: Recipe) -> None:
    """Put the weights of best.pt of another run, or of an exported network, into a network.

    ConfigError if they have another layout or are not finite.
    """
    if path.suffix == ".pt" or zipfile.is_zipfile(path):
        next_step = f"give best.pt of a run with layout {recipe.layout}"
        fill(network, load_state(path, "network")["network"], path, next_step)
        return
    load_exported(network, path)
    check_finite(network, path)
    rows = samples.training
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), STATISTICS_SAMPLES)).astype(int)]
    parts = (chosen[start : start + recipe.batch] for start in range(0, len(chosen), recipe.batch))
    inputs = (samples.take(part, windowed=recipe.windowed)[0] for part in parts)
    device = next(network.parameters()).device
    measure_statistics(network, (x.to(device) for x in inputs))
