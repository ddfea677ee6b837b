"""How the heatmap network is trained: ours, and that of arXiv 2508.17466."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from perception.base.errors import ConfigError
from training.heatmap.recipe_arguments import Precision

DEPTH_CHANNELS = slice(3, 7)
NORMAL_X = 4
"""The normal's component to the right in the picture."""
HOLE_CHANCE = 0.3
"""How often a sample loses range and normals in a box, as polished metal makes the real sensor do."""
TOP_TEMPERATURE = 0.5
"""Odds to the power of 1 / this are a pixel's share in `top_loss`: it is of the best ones, not of the best alone."""


@dataclass(frozen=True)
class Recipe:
    """What decides the weights besides the data.

    name: "lift" (cross-entropy on the labelled pixels, augmented, AdamW, one-cycle rate) or "paper" (squared error
    against -1, 0 and 1 on every pixel, nothing augmented, Adam at a constant rate). layout: of training.heatmap.unet.
    top_weight: of `top_loss` beside the cross-entropy; what it gains at the top pixel it may cost in calibration.
    mirror_chance: of each sample whose mirror image is gripped like it.
    precision: "auto" takes bf16 on a GPU, and for the paper's layout, where it halves the time, on a CPU that has it;
    on one that has not it takes ten times as long, and for U1 on a CPU fp32 is as quick. patience: epochs without
    progress after which it stops.
    """

    name: Literal["lift", "paper"] = "lift"
    layout: Literal["U1", "paper"] = "U1"
    epochs: int = 20
    batch: int = 16
    seed: int = 0
    patience: int = 8
    max_rate: float = 2e-3
    weight_decay: float = 1e-4
    precision: Precision = "auto"
    top_weight: float = 0.0
    mirror_chance: float = 0.5

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.patience) < 1:
            raise ConfigError("--epochs, --batch and --patience must be at least 1")
        if not 0.0 < self.max_rate < float("inf"):
            raise ConfigError(f"--rate {self.max_rate} must be above 0")
        if not 0.0 <= self.top_weight < float("inf") or not 0.0 <= self.mirror_chance <= 1.0:
            raise ConfigError(f"--top-weight {self.top_weight} must not be below 0; {self.mirror_chance=} is a chance")
        if self.name == "paper" and (self.top_weight or self.mirror_chance):
            raise ConfigError("the recipe paper has no term for the best pixels and mirrors nothing; use recipe lift")

    def identity(self) -> dict[str, Any]:
        """What a resumed run must have in common with the one before."""
        return {key: value for key, value in asdict(self).items() if key != "patience"}

    @property
    def windowed(self) -> bool:
        """Whether the network is given, as in the run, only the window of the crop that the object fills."""
        return self.name == "lift"

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """logits (N, 1, H, W); labels (N, H, W) as in the training arrays."""
        if self.name == "paper":
            return signed_loss(logits, labels)
        loss = masked_loss(logits, labels)
        return loss + self.top_weight * top_loss(logits, labels) if self.top_weight else loss

    def augment(
        self, inputs: Tensor, labels: Tensor, symmetric: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Inputs and labels to train on; symmetric (N,) bool: whose mirror image is gripped like it."""
        if self.name == "paper":
            return inputs, labels
        chosen = symmetric & (torch.rand(len(inputs), generator=generator) < self.mirror_chance)
        return mirror(augment(inputs, generator), labels, chosen)

    def optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        kind = torch.optim.Adam if self.name == "paper" else torch.optim.AdamW
        return kind(network.parameters(), lr=self.max_rate, weight_decay=self.weight_decay)

    def schedule(self, optimiser: torch.optim.Optimizer, steps_per_epoch: int) -> Any:
        if self.name == "paper":
            return torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0, total_iters=0)
        total = self.epochs * steps_per_epoch + 1
        return torch.optim.lr_scheduler.OneCycleLR(optimiser, self.max_rate, total_steps=total)

    def autocast(self, device: torch.device) -> Callable[[], AbstractContextManager[Any]]:
        """What to compute a step in."""
        wanted = self.precision == "bf16"
        if self.precision == "auto":
            wanted = device.type == "cuda" or (self.layout == "paper" and processor_has_bf16())
        if not wanted:
            return contextlib.nullcontext
        return lambda: torch.autocast(device.type, dtype=torch.bfloat16)


RECIPES: dict[str, Recipe] = {
    "lift": Recipe(),
    "paper": Recipe("paper", "paper", epochs=10, batch=2, seed=100, patience=10, max_rate=1e-2, mirror_chance=0.0),
}


def recipe_for(name: str, **changes: Any) -> Recipe:
    """A recipe with some values changed; None leaves one as it is. ConfigError if it cannot be used."""
    if name not in RECIPES:
        raise ConfigError(f"unknown recipe {name!r}; choose from: {', '.join(sorted(RECIPES))}")
    given = {key: value for key, value in changes.items() if value is not None}
    return Recipe(**{**asdict(RECIPES[name]), **given})


def processor_has_bf16() -> bool:
    capabilities: Callable[[], dict[str, Any]] = getattr(torch.cpu, "get_capabilities", dict)  # torch 2.6 and newer
    return bool(capabilities().get("avx512_bf16", False))


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the samples of their mean cross-entropy over the pixels that have a label.

    logits (N, 1, H, W); labels (N, H, W) as training.dataset.project_labels has them: 1 good, 0 bad, -1 unknown, and
    below minus the percentage that is good about there. A sample without labelled pixels counts as 0.
    """
    known = labels != -1
    share = torch.where(labels < 0, -labels / 100, labels)
    losses = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], share, reduction="none")
    return ((losses * known).sum(dim=(1, 2)) / known.sum(dim=(1, 2)).clamp(min=1)).mean()


def top_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the samples of minus the logarithm of the share that good pixels have in the sum of all certain pixels'
    odds, odds = exp(logit) to the power of 1 / TOP_TEMPERATURE: small where the best pixels are good, whatever the
    others are, as precision at the top pixel asks. Shapes as `masked_loss`; a sample without a good or without a bad
    pixel counts as 0. The listwise softmax of learning to rank (Cao et al., ICML 2007), with one class of the best.
    """
    score = logits[:, 0] / TOP_TEMPERATURE
    tells = (labels == 0).flatten(1).any(dim=1) & (labels == 1).flatten(1).any(dim=1)
    if not tells.any():
        return logits.sum() * 0.0
    good, certain = (
        score[tells].masked_fill(~which[tells], -torch.inf).flatten(1).logsumexp(dim=1)
        for which in (labels == 1, (labels == 0) | (labels == 1))
    )
    return (certain - good).sum() / len(labels)


def mirror(inputs: Tensor, labels: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    """The same with left and right exchanged in the samples that `which`, (N,) bool, names."""
    inputs, labels = inputs.clone(), labels.clone()
    inputs[which] = inputs[which].flip(-1)
    inputs[which, NORMAL_X] *= -1
    labels[which] = labels[which].flip(-1)
    return inputs, labels


def augment(inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Random gain and offset of each colour channel, and sometimes a box without range and normals; the mask stays."""
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


def signed_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean squared error over all pixels against 1 where good, -1 where bad, 0 elsewhere; shapes as `masked_loss`."""
    target = torch.where(labels < 0, torch.zeros_like(labels), 2.0 * labels - 1.0)
    return nn.functional.mse_loss(logits[:, 0], target)
