"""The network that names things, and changes of its inputs that leave the word as it is."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

from perception.detection.by_depth.namer_input import COLOUR, DEPTH, HEIGHT, KNOWN, MASK, SIDE, VALUE_NAMES, VALUES
from training.detector.words import WORDS

WIDTHS: Final = (16, 32, 64, 96)
OF_VALUES: Final = 48
MOVED: Final = 0.05
"""Standard deviation, of half the square, by which the colour lies beside the depth in training."""
AWAY: Final = [VALUE_NAMES.index(name) for name in ("side_m", "side_known", "away_m", "depth_share", "ground_share")]
"""Values that are 0 where there is no depth."""


class NamerNetwork(nn.Module):
    """Four levels of residual convolutions over the square, joined with the values.

    forward: (K, 8, 64, 64), see `perception.detection.by_depth.namer_input`, to logits (K, words + 1), the last for
    none of the words.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        levels: list[nn.Module] = [_convolution(VALUES, widths[0], 2)]
        for before, after in pairwise(widths):
            levels += [_convolution(before, after, 2), Residual(after)]
        self.square = nn.Sequential(*levels)
        self.values = nn.Sequential(nn.Linear(len(VALUE_NAMES), OF_VALUES), nn.ReLU())
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(3 * widths[-1] + OF_VALUES, 128), nn.ReLU(), nn.Dropout(0.2),
            nn.Linear(128, len(WORDS) + 1),
        )  # fmt: skip

    def forward(self, inputs: Tensor) -> Tensor:
        seen = self.square(inputs[:, :VALUES])
        half = seen.shape[2] // 2
        parts = [seen.mean(dim=(2, 3)), seen[:, :, :half].amax(dim=(2, 3)), seen[:, :, half:].amax(dim=(2, 3))]
        joined: Tensor = self.head(torch.cat([*parts, self.values(inputs[:, VALUES, 0, : len(VALUE_NAMES)])], dim=1))
        return joined


class Residual(nn.Module):
    """Two convolutions whose output is added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width, 1)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.relu(inputs + self.second(self.first(inputs)))


def _convolution(before: int, after: int, stride: int) -> nn.Module:
    convolution = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


def inputs_of(shown: Tensor, values: Tensor) -> Tensor:
    """(K, 8, 64, 64) of samples as they are kept: shown (K, 7, 64, 64) uint8, values (K, 10)."""
    inputs = torch.zeros((len(shown), VALUES + 1, SIDE, SIDE))
    inputs[:, :VALUES] = shown.float() / 255.0
    inputs[:, DEPTH] = 2.0 * inputs[:, DEPTH] - 1.0
    inputs[:, VALUES, 0, : len(VALUE_NAMES)] = values
    return inputs


def varied(inputs: Tensor) -> Tensor:
    """Inputs as another camera at another place would have given them: mirrored, moved and scaled a little, the colour
    beside the depth, in another light and less sharp, some without depth or ground. The word stays the same."""
    count = len(inputs)
    square, values = inputs[:, :VALUES], inputs[:, VALUES, 0, : len(VALUE_NAMES)].clone()
    mirrored = torch.rand(count) < 0.5
    scale = torch.exp(0.12 * torch.randn(count).clamp(-2, 2))
    turn = 0.08 * torch.randn(count)
    sign = 1.0 - 2.0 * mirrored.float()
    turned = torch.stack([torch.cos(turn) * sign, -torch.sin(turn), torch.sin(turn) * sign, torch.cos(turn)], dim=1)
    matrix = torch.cat([turned.view(-1, 2, 2) * scale[:, None, None], 0.05 * torch.randn(count, 2, 1)], dim=2)
    grid = nn.functional.affine_grid(matrix, [count, VALUES, SIDE, SIDE], align_corners=False)
    square = nn.functional.grid_sample(square, grid, padding_mode="border", align_corners=False)
    values[:, VALUE_NAMES.index("down_x")] *= sign
    known = values[:, VALUE_NAMES.index("side_known")]
    values[:, VALUE_NAMES.index("side_m")] += known * (torch.log(scale) + 0.06 * torch.randn(count))
    values[:, VALUE_NAMES.index("side_px")] += torch.log(scale)
    square[:, COLOUR] = _relit(_beside(square[:, COLOUR]))
    blind, guessed = torch.rand(count) < 0.15, torch.rand(count) < 0.5
    square[blind, DEPTH:VALUES] = 0.0
    values[(blind & ~guessed).nonzero(), AWAY] = 0.0
    values[blind, VALUE_NAMES.index("ground_share")] = 0.0
    groundless = torch.rand(count) < 0.12
    square[groundless, HEIGHT] = 0.0
    values[groundless, VALUE_NAMES.index("ground_share")] = 0.0
    square[:, DEPTH] += 0.04 * torch.rand(count, 1, 1) * torch.randn(count, SIDE, SIDE) * square[:, KNOWN]
    square[:, MASK] = square[:, MASK].clamp(0, 1)
    result = inputs.clone()
    result[:, :VALUES] = square
    result[:, VALUES, 0, : len(VALUE_NAMES)] = values
    return result


def _beside(colour: Tensor) -> Tensor:
    """Pictures (K, 3, h, w), each moved a few pixels against the depth, as where its place was estimated."""
    move = torch.eye(2, 3).repeat(len(colour), 1, 1)
    move[:, :, 2] = torch.randn(len(colour), 2) * torch.tensor([MOVED, MOVED / 2])
    grid = nn.functional.affine_grid(move, list(colour.shape), align_corners=False)
    return nn.functional.grid_sample(colour, grid, padding_mode="border", align_corners=False)


def _relit(colour: Tensor) -> Tensor:
    """Pictures (K, 3, h, w), 0..1, in another light, with noise, and some grey or less sharp."""
    count = len(colour)
    middle = colour.mean(dim=(1, 2, 3), keepdim=True)
    gain = torch.exp(0.25 * torch.randn(count, 1, 1, 1) + 0.08 * torch.randn(count, 3, 1, 1))
    colour = ((colour - middle) * torch.exp(0.25 * torch.randn(count, 1, 1, 1)) + middle) * gain
    colour = colour + 0.06 * torch.randn(count, 1, 1, 1)
    grey = colour.mean(dim=1, keepdim=True)
    saturation = torch.where(torch.rand(count, 1, 1, 1) < 0.12, torch.zeros(1), 0.5 + torch.rand(count, 1, 1, 1))
    colour = grey + saturation * (colour - grey)
    swapped = torch.rand(count) < 0.08
    colour[swapped] = colour[swapped][:, torch.randperm(3)]
    blurred = torch.rand(count) < 0.25
    if blurred.any():
        small = nn.functional.avg_pool2d(colour[blurred], int(torch.randint(2, 5, ())))
        colour[blurred] = nn.functional.interpolate(small, size=colour.shape[2:], mode="bilinear")
    noisy = (torch.rand(count, 1, 1, 1) < 0.5) * 0.06 * torch.rand(count, 1, 1, 1)
    return (colour + noisy * torch.randn_like(colour)).clamp(0, 1)
