"""The network that rates single grasps, and its input in the mirror."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from perception.grasping.judge_input import VALUES
from perception.hand.family import WAYS
from perception.quality.judge import CELLS
from training.heatmap.recipes import MIRRORED

PICTURES: Final = 9
"""Channels of the two pictures; the channel after them holds the values."""
FRONT: Final = slice(4, 9)
"""Channels of the picture whose rows run along the hand's y."""
LOW_Y, HIGH_Y = len(WAYS) + 6, len(WAYS) + 8
"""Among the values: where along the hand's y the object begins and ends."""
SIDEWAYS: Final = [len(WAYS) + 11, len(WAYS) + 14, len(WAYS) + 17]
"""Among the values: y of the surface point, of the camera's and of the vertical direction."""


class JudgeNetwork(nn.Module):
    """Three levels of convolutions over the two pictures, joined with the values.

    width: channels of the first level. forward: (K, 10, 24, 24) to (K,), the logit of the chance to hold.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.pictures = nn.Sequential(_level(PICTURES, width), _level(width, 2 * width), _level(2 * width, 2 * width))
        self.values = nn.Sequential(nn.Linear(VALUES, 64), nn.ReLU())
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(2 * width * (CELLS // 8) ** 2 + 64, 128), nn.ReLU(),
            nn.Dropout(0.3), nn.Linear(128, 1),
        )  # fmt: skip

    def forward(self, inputs: Tensor) -> Tensor:
        values = inputs[:, PICTURES].flatten(1)[:, :VALUES]
        seen = self.pictures(inputs[:, :PICTURES]).flatten(1)
        joined: Tensor = self.head(torch.cat([seen, self.values(values)], dim=1))
        return joined[:, 0]


def _level(before: int, after: int) -> nn.Module:
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2))


def mirror(inputs: Tensor, which: Tensor) -> Tensor:
    """Inputs (K, 10, 24, 24) of which those of `which`, (K,) bool, are as in a world that is mirrored at the plane in
    which the jaws close. Both jaws are as broad to either side of it, so such a grasp holds as well."""
    mirrored = inputs[which]
    mirrored[:, FRONT] = mirrored[:, FRONT].flip(2)
    values = mirrored[:, PICTURES].flatten(1)
    changed = values.clone()
    changed[:, : len(WAYS)] = values[:, MIRRORED]
    changed[:, LOW_Y], changed[:, HIGH_Y] = -values[:, HIGH_Y], -values[:, LOW_Y]
    changed[:, SIDEWAYS] = -values[:, SIDEWAYS]
    mirrored[:, PICTURES] = changed.reshape(-1, CELLS, CELLS)
    result = inputs.clone()
    result[which] = mirrored
    return result
