"""Recipes of the heatmap networks' training: ours, for one way and for all ways, and that of arXiv 2508.17466."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from perception.base.errors import ConfigError
from perception.hand.family import WAYS, Way
from training.heatmap.recipe_arguments import Precision

DEPTH_CHANNELS = slice(3, 7)
HEIGHT_CHANNEL, NO_HEIGHT = 8, -1.0
"""Of `perception.quality.way_input`: where there is no return it holds NO_HEIGHT."""
NORMAL_X = 4
"""Channel of the normal's component to the right."""
TOP_TEMPERATURE = 0.5
"""Of the softmax in `top_loss`: below 1 it concentrates on the best pixels."""


@dataclass(frozen=True)
class Augmentation:
    """Random changes of training inputs."""

    gain: float = 0.3
    """Width of the range of a colour channel's gain about 1."""
    offset: float = 0.2
    """Width of the range of its offset about 0."""
    hole_chance: float = 0.3
    """Chance that a sample loses range and normals in a box, as on polished metal."""


AUGMENTATION = Augmentation()


@dataclass(frozen=True)
class Recipe:
    """All that decides the weights besides the data.

    name: "lift" (cross-entropy on the labelled pixels, augmented, AdamW, one-cycle rate), "ways" (the same for all ways
    of the family at once) or "paper" (squared error against -1, 0 and 1 on every pixel, not augmented, Adam at a
    constant rate). layout: of training.heatmap.unet.
    patience: the training stops after so many epochs without progress. precision: "auto" takes bf16 on a GPU, and for
    the paper's layout on a CPU that supports it. top_weight: of `top_loss`, beside the cross-entropy; it may cost
    calibration. mirror_chance: for each sample whose mirror image has mirrored labels. augmentation: of the inputs.
    ConfigError for impossible values.
    """

    name: Literal["lift", "paper", "ways"] = "lift"
    layout: Literal["U1", "paper", "ways"] = "U1"
    epochs: int = 20
    batch: int = 16
    seed: int = 0
    patience: int = 8
    max_rate: float = 2e-3
    weight_decay: float = 1e-4
    precision: Precision = "auto"
    top_weight: float = 0.0
    mirror_chance: float = 0.5
    augmentation: Augmentation = AUGMENTATION

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
        """The settings that a resumed run must have in common with the earlier one."""
        return {key: value for key, value in asdict(self).items() if key != "patience"}

    @property
    def windowed(self) -> bool:
        """Whether the network gets only the window around the object, as in a run."""
        return self.name != "paper"

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The scalar loss of logits (N, 1, H, W) and labels (N, H, W) of the training arrays; of the ways, both are
        (N, ways, H, W)."""
        if self.name == "paper":
            return signed_loss(logits, labels)
        loss = masked_loss(logits, labels)
        return loss + self.top_weight * top_loss(logits, labels) if self.top_weight else loss

    def augment(
        self, inputs: Tensor, labels: Tensor, symmetric: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Augmented inputs and labels. symmetric: (N,) bool, whether a sample may be mirrored."""
        if self.name == "paper":
            return inputs, labels
        chosen = symmetric & (torch.rand(len(inputs), generator=generator) < self.mirror_chance)
        return mirror(augment(inputs, generator, self.augmentation), labels, chosen)

    def optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        kind = torch.optim.Adam if self.name == "paper" else torch.optim.AdamW
        return kind(network.parameters(), lr=self.max_rate, weight_decay=self.weight_decay)

    def schedule(self, optimiser: torch.optim.Optimizer, steps_per_epoch: int) -> Any:
        if self.name == "paper":
            return torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0, total_iters=0)
        total = self.epochs * steps_per_epoch + 1
        return torch.optim.lr_scheduler.OneCycleLR(optimiser, self.max_rate, total_steps=total)

    def autocast(self, device: torch.device) -> Callable[[], AbstractContextManager[Any]]:
        """A context in which a training step is computed."""
        wanted = self.precision == "bf16"
        if self.precision == "auto":
            wanted = device.type == "cuda" or (self.layout == "paper" and processor_has_bf16())
        if not wanted:
            return contextlib.nullcontext
        return lambda: torch.autocast(device.type, dtype=torch.bfloat16)


RECIPES: dict[str, Recipe] = {
    "lift": Recipe(),
    "ways": Recipe("ways", "ways"),
    "paper": Recipe("paper", "paper", epochs=10, batch=2, seed=100, patience=10, max_rate=1e-2, mirror_chance=0.0),
}


def recipe_for(name: str, **changes: Any) -> Recipe:
    """A recipe with some fields changed; None keeps a field. ConfigError for an impossible recipe."""
    if name not in RECIPES:
        raise ConfigError(f"unknown recipe {name!r}; choose from: {', '.join(sorted(RECIPES))}")
    return replace(RECIPES[name], **{key: value for key, value in changes.items() if value is not None})


def processor_has_bf16() -> bool:
    capabilities: Callable[[], dict[str, Any]] = getattr(torch.cpu, "get_capabilities", dict)  # torch 2.6 and newer
    return bool(capabilities().get("avx512_bf16", False))


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the samples of their mean cross-entropy over the labelled pixels.

    logits: (N, 1, H, W). labels: (N, H, W) as in training.dataset.labels.project: 1 good, 0 bad, -1 unknown, and below
    that minus the percentage of good samples nearby. A sample without labelled pixels counts as 0. Of the ways, both
    are (N, ways, H, W).
    """
    known = labels != -1
    share = torch.where(labels < 0, -labels / 100, labels)
    losses = nn.functional.binary_cross_entropy_with_logits(logits.reshape(labels.shape), share, reduction="none")
    return ((losses * known).flatten(1).sum(dim=1) / known.flatten(1).sum(dim=1).clamp(min=1)).mean()


def top_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the samples of -log of the good pixels' share in a softmax over all pixels with label 0 or 1.

    It is small if the best pixels are good, independent of the others. The softmax has TOP_TEMPERATURE. Shapes as in
    `masked_loss`. A sample without a good or without a bad pixel counts as 0. This is the listwise softmax of learning
    to rank (Cao et al., ICML 2007).
    """
    score = logits.reshape(labels.shape) / TOP_TEMPERATURE
    tells = (labels == 0).flatten(1).any(dim=1) & (labels == 1).flatten(1).any(dim=1)
    if not tells.any():
        return logits.sum() * 0.0
    good, certain = (
        score[tells].masked_fill(~which[tells], -torch.inf).flatten(1).logsumexp(dim=1)
        for which in (labels == 1, (labels == 0) | (labels == 1))
    )
    return (certain - good).sum() / len(labels)


def mirror(inputs: Tensor, labels: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs and labels with left and right exchanged in the samples of `which`, (N,) bool."""
    inputs, labels = inputs.clone(), labels.clone()
    inputs[which] = inputs[which].flip(-1)
    inputs[which, NORMAL_X] *= -1
    flipped = labels[which].flip(-1)
    labels[which] = flipped[:, MIRRORED] if labels.ndim == 4 else flipped
    return inputs, labels


def _mirrored(way: Way) -> int:
    """The way that a way is in the mirror: jaws rolled to the left are then rolled to the right."""
    alike = [index for index, other in enumerate(WAYS) if (other.approach, other.depth) == (way.approach, way.depth)]
    return min(alike, key=lambda index: abs(math.sin(WAYS[index].roll_rad + way.roll_rad)))


MIRRORED = [_mirrored(way) for way in WAYS]


def augment(inputs: Tensor, generator: torch.Generator, settings: Augmentation = AUGMENTATION) -> Tensor:
    """Inputs with random gain and offset of each colour channel, and sometimes a box without range and normals."""
    count, _, height, width = inputs.shape
    gain = 1 + settings.gain * (torch.rand(count, 3, 1, 1, generator=generator) - 0.5)
    offset = settings.offset * (torch.rand(count, 3, 1, 1, generator=generator) - 0.5)
    changed = inputs.clone()
    changed[:, :3] = (inputs[:, :3] * gain + offset).clamp(0, 1)
    draws = torch.rand(count, 5, generator=generator).tolist()
    for index, (chance, top, left, tall, wide) in enumerate(draws):
        if chance < settings.hole_chance:
            v, u = int(top * height), int(left * width)
            box = slice(v, v + 8 + int(0.4 * tall * height)), slice(u, u + 8 + int(0.2 * wide * width))
            changed[index, DEPTH_CHANNELS, box[0], box[1]] = 0.0
            changed[index, HEIGHT_CHANNEL : HEIGHT_CHANNEL + 1, box[0], box[1]] = NO_HEIGHT
    return changed


def signed_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean squared error over all pixels: target 1 for good, -1 for bad, 0 elsewhere. Shapes as in `masked_loss`."""
    target = torch.where(labels < 0, torch.zeros_like(labels), 2.0 * labels - 1.0)
    return nn.functional.mse_loss(logits[:, 0], target)
