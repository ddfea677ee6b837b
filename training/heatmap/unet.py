"""The heatmap network: a U-Net whose encoder is MobileNetV2 (arXiv 1801.04381), written out here, in three layouts.

U1: stride-2 stem, skips of 16, 24, 32 and 96 channels at 1/2, 1/4, 1/8 and 1/16, bottleneck of 1280 at 1/32, decoder of
320, 112, 64 and 16 channels and a head of 16. With 8 inputs and 1 output it has 5,440,465 parameters.

PAPER, as arXiv 2508.17466 deployed it: stride-1 stem, skips of 24, 32 and 64 channels at 1/2, 1/4 and 1/8, bottleneck
at 1/16, decoder of 128, 64 and 32 and a head of 16. It has 3,216,785 parameters (the paper's 5.44 million count its
encoder twice). It takes twice the time of U1, because it works at twice the resolution.

WAYS is U1 with the inputs of `perception.quality.way_input` and an output for each way of the family.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from perception.hand import family
from perception.quality import preprocess, way_input

ENCODER = (
    # expansion, channels, repeats, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
STEM, BOTTLENECK, GROUPS = 32, 1280, 8


@dataclass(frozen=True)
class Layout:
    """A layout of the network.

    skips: (stage, block) of ENCODER whose output is a skip -> its channels, finest first. decoder: channels of the
    blocks that join the skips, coarsest first. head: channels of the last block. step: height and width must be
    multiples of it. channels, outputs: of the input and the output.
    """

    name: str
    stem_stride: int
    skips: dict[tuple[int, int], int]
    decoder: tuple[int, ...]
    head: int
    step: int
    channels: int = preprocess.CHANNELS
    outputs: int = 1


U1 = Layout("U1", 2, {(0, 0): 16, (1, 1): 24, (2, 2): 32, (4, 2): 96}, (320, 112, 64, 16), 16, 32)
PAPER = Layout("paper", 1, {(1, 0): 24, (2, 1): 32, (3, 2): 64}, (128, 64, 32), 16, 16)
WAYS = replace(U1, name="ways", channels=way_input.CHANNELS, outputs=len(family.WAYS))
LAYOUTS = {layout.name: layout for layout in (U1, PAPER, WAYS)}


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    padding = (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; the input is added where the shapes allow."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_conv(inputs, hidden, 1)]
        layers += [_conv(hidden, hidden, 3, stride, groups=hidden), nn.Conv2d(hidden, outputs, 1, bias=False)]
        self.layers = nn.Sequential(*layers, nn.BatchNorm2d(outputs))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class UpBlock(nn.Module):
    """Double the size, join the skip, mix."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, 2, bias=False)
        self.mix = nn.Conv2d(outputs + skip, outputs, 3, padding=1, bias=False)
        self.norm = nn.GroupNorm(GROUPS, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        mixed: Tensor = self.norm(self.mix(torch.cat([self.up(x), skip], dim=1)))
        return mixed.relu()


class GraspUNet(nn.Module):
    """(N, channels, H, W) -> (N, outputs, H, W) logits of grasp quality. ValueError unless multiples of the step."""

    def __init__(self, channels: int | None = None, layout: Layout = U1) -> None:
        super().__init__()
        self.layout = layout
        self.stem = _conv(channels or layout.channels, STEM, 3, layout.stem_stride)
        stages, width = [], STEM
        for expansion, outputs, repeats, stride in ENCODER:
            blocks = []
            for index in range(repeats):
                blocks.append(InvertedResidual(width, outputs, expansion, stride if index == 0 else 1))
                width = outputs
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.bottleneck = _conv(width, BOTTLENECK, 1)
        ups, width = [], BOTTLENECK
        for outputs, skip in zip(layout.decoder, reversed(layout.skips.values()), strict=True):
            ups.append(UpBlock(width, skip, outputs))
            width = outputs
        self.ups = nn.ModuleList(ups)
        self.last = nn.Sequential(
            nn.ConvTranspose2d(width, layout.head, 2, 2, bias=False),
            nn.GroupNorm(GROUPS, layout.head),
            nn.ReLU(inplace=True),
        )
        self.logit = nn.Conv2d(layout.head, layout.outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        step = self.layout.step
        if not torch.onnx.is_in_onnx_export() and (x.shape[-1] % step or x.shape[-2] % step):
            raise ValueError(f"height and width must be multiples of {step}, got {tuple(x.shape[-2:])}")
        x = self.stem(x)
        kept = []
        for index, stage in enumerate(self.stages):
            assert isinstance(stage, nn.Sequential)
            for place, block in enumerate(stage):
                x = block(x)
                if (index, place) in self.layout.skips:
                    kept.append(x)
        x = self.bottleneck(x)
        for up, skip in zip(self.ups, reversed(kept), strict=True):
            x = up(x, skip)
        logits: Tensor = self.logit(self.last(x))
        return logits


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
