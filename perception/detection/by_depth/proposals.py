"""What may be a thing in a frame: a detector's candidates as it drew them, and the pieces of depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detection.by_depth.layers import Layers, Mask
from perception.detection.detector import overlaps as box_overlaps
from perception.detection.settings import JudgeSettings
from perception.types import Detection


@dataclass(frozen=True, eq=False)
class Proposal:
    """What may be a thing. mask: (h, w) at the layers' pixels. box: u, v, width and height of the mask there. drawn:
    the mask (H, W) in the frame, if that is finer. source: the candidate it comes from, None for a piece of depth."""

    mask: Mask
    box: tuple[int, int, int, int]
    drawn: Mask | None = None
    source: Detection | None = None


def propose(layers: Layers, candidates: Sequence[Detection], settings: JudgeSettings) -> list[Proposal]:
    """The proposals of a frame: of the candidates, best first, then the pieces, the largest first.

    layers: of the frame. candidates: of a detector, whatever their labels.
    """
    rule = settings.naming
    drawn = [_proposal(layers.small(one.mask), one.mask, one) for one in candidates]
    found = [one for one in drawn if one.mask.any()]
    pieces = [_proposal(piece) for piece in layers.pieces]
    for jump_m in rule.jumps_m:
        pieces += [_proposal(piece) for piece in layers.loose(jump_m, rule.least_px)]
    pieces = [one for one in pieces if _graspable(one, layers, settings)]
    sizes = np.array([np.count_nonzero(each.mask) for each in pieces], np.float64)
    boxes = np.array([each.box for each in pieces], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    order = np.argsort(-sizes, kind="stable")
    while order.size:
        first, order = order[0], order[1:]
        found.append(pieces[first])
        twins = (box_overlaps(boxes[first], boxes[order]) > rule.twin) & (sizes[order] > rule.twin * sizes[first])
        order = order[~twins]
    return found[: rule.most]


def _proposal(mask: Mask, drawn: Mask | None = None, source: Detection | None = None) -> Proposal:
    u, v, width, height = cv2.boundingRect(np.ascontiguousarray(mask).view(np.uint8))
    return Proposal(mask, (u, v, width, height), drawn, source)


def _graspable(one: Proposal, layers: Layers, settings: JudgeSettings) -> bool:
    """Whether a piece is whole, and of a size that a thing has."""
    u, v, width, height = one.box
    window = slice(v, v + height), slice(u, u + width)
    pixels: NDArray[np.float32] = layers.pixel_m[window][one.mask[window] & (layers.depth[window] > 0)]
    pixel_m, rule = float(pixels.mean()) if pixels.size else 0.0, settings.naming
    at_edge = np.count_nonzero(one.mask[window] & (layers.inside_px[window] <= rule.edge_px))
    if at_edge > rule.cut * rule.edge_px * max(width, height):
        return False
    return bool(min(width, height) * pixel_m > rule.least_m and max(width, height) * pixel_m < rule.most_m)
