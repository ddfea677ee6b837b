"""Things without a word: whatever stands or lies on the ground, as depth parts it and a detector's outlines confirm.

The pieces of the depth are cut at several steps, so a thing and a part of it may both be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from perception.detection.by_depth.judge import (
    WORDS,
    detection_of_mask,
    down_rad,
    fit,
    measure,
    overlaps,
    own_mask,
)
from perception.detection.by_depth.layers import Layers, Mask
from perception.detection.settings import JudgeSettings
from perception.types import Detection, RgbdFrame

ANY: Final = "any"
"""The label of things without a word; every detector may be asked for it."""


def find_anything(layers: Layers, candidates: Sequence[Detection], settings: JudgeSettings) -> list[Detection]:
    """The things in a frame, the nearest first, with the label `any`.

    layers: of the frame. candidates: what a detector found in it, whatever its labels; their outlines are taken, too.
    A thing at d metres has the score 1 / (1 + d), less if neither a candidate nor another cut has the same outline.
    """
    return [detection_of_mask(ANY, score, layers.full(mask)) for score, mask in _things(layers, candidates, settings)]


def find_unnamed(
    frame: RgbdFrame, layers: Layers, candidates: Sequence[Detection], labels: Sequence[str], settings: JudgeSettings
) -> list[Detection]:
    """The things of `find_anything` that fit the size and the shape of one of the labels that are in `WORDS`, and that
    the candidates give no other name. They are named so, and `by_depth`."""
    down = down_rad(frame)
    seen = [(each.label, each.score, own_mask(layers.small(each.mask), layers, settings)) for each in candidates]
    found = []
    for score, mask in _things(layers, candidates, settings):
        measures = measure(mask, layers, settings)
        fitting = [word for word in WORDS if fit(word, measures, down, settings) == 1.0]
        shares = overlaps([mask], [drawn for _, _, drawn in seen])[0]
        names = {name for (name, _, _), share in zip(seen, shares, strict=True) if share > settings.same}
        word = next((word for word in fitting if word in labels), None)
        if word is not None and measures.tall_m > 0 and names <= {word}:
            found.append(replace(detection_of_mask(word, score, layers.full(mask)), by_depth=True))
    return found


def _things(layers: Layers, candidates: Sequence[Detection], settings: JudgeSettings) -> list[tuple[float, Mask]]:
    """The score and the mask (h, w) of each thing, best first."""
    drawn = [own_mask(layers.small(each.mask), layers, settings) for each in candidates]
    masks = [*layers.pieces, *drawn]
    if not masks:
        return []
    shares = overlaps(masks, masks)
    rated: list[tuple[float, int]] = []
    for index, mask in enumerate(masks):
        seen = measure(mask, layers, settings)
        if seen.depth_share < settings.least_depth or not _graspable(seen.width_m, seen.length_m, settings):
            continue
        away_m = float(np.median(layers.depth[mask & (layers.depth > 0)]))
        confirmed = int((shares[index] > settings.confirmed).sum()) > 1
        rated.append(((1.0 if confirmed else settings.alone) / (1.0 + away_m), index))
    rated.sort(key=lambda each: -each[0])
    kept: list[tuple[float, int]] = []
    for score, index in rated:
        if all(shares[index, other] <= settings.confirmed for _, other in kept):
            kept.append((score, index))
    return [(score, masks[index]) for score, index in kept]


def _graspable(width_m: float, length_m: float, settings: JudgeSettings) -> bool:
    least_m, most_m = settings.any_width_m
    return least_m <= width_m <= most_m and length_m <= settings.layers.longest_m
