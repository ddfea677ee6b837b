"""Start weights of a training of the heatmap network."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from perception.base.errors import ConfigError
from perception.quality import way_input
from training.common.checkpoints import check_finite, fill, load_state
from training.common.onnx_weights import load_exported, measure_statistics
from training.heatmap.recipes import Recipe
from training.heatmap.samples import Samples
from training.heatmap.unet import GraspUNet

STATISTICS_SAMPLES = 256
"""Training samples for the batch norms' mean and variance of exported weights."""


def begin_with(network: nn.Module, path: Path, samples: Samples, recipe: Recipe) -> None:
    """Put the weights of best.pt of another run, or of an exported network, into a network.

    A network of the ways may also begin with one of layout U1, whose channels mean the same up to the mask's; its own
    head and the other inputs then begin at random and at 0. ConfigError if the weights have another layout or are not
    finite.
    """
    if path.suffix == ".pt" or zipfile.is_zipfile(path):
        next_step = f"give best.pt of a run with layout {recipe.layout}"
        fill(network, load_state(path, "network")["network"], path, next_step)
        return
    try:
        load_exported(network, path)
    except ConfigError:
        if recipe.name != "ways":
            raise
        narrow = GraspUNet()
        load_exported(narrow, path)
        _widen(network, narrow)
    check_finite(network, path)
    rows = samples.training
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), STATISTICS_SAMPLES)).astype(int)]
    parts = (chosen[start : start + recipe.batch] for start in range(0, len(chosen), recipe.batch))
    inputs = (samples.take(part, windowed=recipe.windowed)[0] for part in parts)
    device = next(network.parameters()).device
    measure_statistics(network, (x.to(device) for x in inputs))


def _widen(network: nn.Module, narrow: nn.Module) -> None:
    """Put the weights of a network of layout U1 into one of the ways: all but the head, and the inputs they share."""
    wide = network.state_dict()
    with torch.no_grad():
        for name, values in narrow.state_dict().items():
            if values.shape == wide[name].shape:
                wide[name].copy_(values)
            elif wide[name].ndim == 4 and values.shape[0] == wide[name].shape[0]:
                wide[name].zero_()
                wide[name][:, : way_input.MASK_CHANNEL].copy_(values[:, : way_input.MASK_CHANNEL])
