"""Closer looks: what is small in a picture is shown to the detector again, where depth sees such things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from perception.detection.by_depth.judge import cut, overlaps
from perception.detection.by_depth.layers import Layers, Mask
from perception.detection.settings import JudgeSettings
from perception.networks.protocols import Detector
from perception.types import Detection, RgbdFrame

Window = tuple[slice, slice]
"""Rows and columns of a picture."""


def closer_looks(
    detector: Detector,
    frame: RgbdFrame,
    layers: Layers,
    labels: Sequence[str],
    min_score: float,
    settings: JudgeSettings,
) -> list[Detection]:
    """What a detector sees in parts of a frame, of things that are small in the picture and pieces of the depth.

    layers: of the frame. The other arguments are those of `Detector.detect`. A detector that can `glance` does.
    """
    rule = settings.closer
    glance: Callable[..., list[Detection]] = getattr(detector, "glance", detector.detect)
    found = []
    for rows, columns in windows(layers, settings):
        part = replace(
            frame,
            rgb=np.ascontiguousarray(frame.rgb[rows, columns]),
            depth=np.ascontiguousarray(frame.depth[rows, columns]),
            intrinsics=frame.intrinsics.part((rows, columns)),
        )
        for one in glance(part, labels, min_score):
            u0, v0, u1, v1 = one.box_uv
            edge_px = min(u0, v0, part.intrinsics.width - u1, part.intrinsics.height - v1)
            if edge_px <= rule.beside_px or max(u1 - u0, v1 - v0) > rule.small * frame.intrinsics.height:
                continue
            mask = np.zeros(frame.intrinsics.shape, bool)
            mask[rows, columns] = one.mask
            if float(overlaps([cut(layers.small(mask), layers, settings)], layers.pieces).max()) > rule.same:
                left, top = columns.start, rows.start
                found.append(Detection(one.label, one.score, mask, (u0 + left, v0 + top, u1 + left, v1 + top)))
    return found


def windows(layers: Layers, settings: JudgeSettings) -> list[Window]:
    """The parts of a frame that show most of the small things, none of them twice."""
    rule = settings.closer
    height, width = layers.shape
    tall, wide = int(rule.part * height), int(rule.part * width)
    boxes = [box for piece in layers.pieces if (box := _small(piece, layers, settings))]
    chosen: list[Window] = []
    while boxes and len(chosen) < rule.most:
        table = np.array(boxes, np.float64)
        middles = (table[:, :2] + table[:, 2:]) / 2 - (wide / 2, tall / 2)
        starts = np.clip(middles.astype(int), 0, (width - wide, height - tall))
        ends = starts + np.array((wide, tall))
        inside = (table[None, :, :2] >= starts[:, None]).all(-1) & (table[None, :, 2:] <= ends[:, None]).all(-1)
        best = int(inside.sum(axis=1).argmax())
        left, top = (int(value) for value in starts[best])
        chosen.append((slice(top, top + tall), slice(left, left + wide)))
        boxes = [box for box, shown in zip(boxes, inside[best], strict=True) if not shown]
    return chosen


def _small(piece: Mask, layers: Layers, settings: JudgeSettings) -> tuple[int, int, int, int] | None:
    """The box u0, v0, u1, v1 of a piece (h, w) in the frame; None if it is large there, or too small a thing."""
    rule = settings.closer
    left, top, wide, tall = cv2.boundingRect(piece.view(np.uint8))
    if max(wide, tall) * layers.step >= rule.small * layers.shape[0]:
        return None
    window = slice(top, top + tall), slice(left, left + wide)
    pixels_m = layers.pixel_m[window][piece[window] & (layers.pixel_m[window] > 0)]
    pixel_m = float(np.median(pixels_m)) if pixels_m.size else 0.0
    if min(wide, tall) * pixel_m <= rule.least_m[0] or max(wide, tall) * pixel_m <= rule.least_m[1]:
        return None
    return layers.step * left, layers.step * top, layers.step * (left + wide), layers.step * (top + tall)
