"""Words for things by how they look: a second opinion on what a detector and depth found, and on depth's own pieces.

A detector that has to look everywhere at once finds outlines well and words badly. Here a small network is shown each
thing alone, in colour and depth and with its size in metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perception.detection.by_depth.judge import WORDS, detection_of_mask, down_rad, fit, measure, overlaps
from perception.detection.by_depth.layers import Layers, Mask
from perception.detection.by_depth.namer import OnnxNamer
from perception.detection.by_depth.namer_input import namer_input
from perception.detection.by_depth.proposals import propose
from perception.detection.settings import JudgeSettings
from perception.types import Detection, RgbdFrame


@dataclass(frozen=True, eq=False)
class _Tried:
    """A word for a thing. mask: (h, w). drawn: the finer mask (H, W) if there is one. judged: as `judge` cut it."""

    score: float
    word: str
    mask: Mask
    drawn: Mask | None
    judged: bool


def named(
    frame: RgbdFrame,
    candidates: Sequence[Detection],
    answers: Sequence[Detection],
    layers: Layers,
    namer: OnnxNamer,
    settings: JudgeSettings,
    min_score: float = 0.0,
) -> list[Detection]:
    """The answers of `judge` as the network sees them, and what it names itself, best first.

    frame: with registered depth. candidates: of a detector, as `judge` had them. answers: of `judge`, with all scores.
    layers: of the frame. An answer's new score is the weighted geometric mean of its own and of the chance that the
    network gives its word, at least `doubt`; one with a word that the network does not know stays. What the network
    itself names has a power of that chance as its score, less where size or shape do not fit a vessel, or where it is
    not seen whole. Of several masks of one thing the best score counts, and the finest mask.
    """
    rule, opinion = settings.naming, _opinion(settings)
    proposals = propose(layers, candidates, settings)
    chances = namer.chances(namer_input(frame, layers, proposals))
    own = chances**rule.sharper
    down = down_rad(frame)
    known = [one for one in answers if one.label in namer.words]
    masks = [layers.small(one.mask) for one in known]
    shares = overlaps(masks, [one.mask for one in proposals])
    tried: list[_Tried] = []
    for one, mask, share in zip(known, masks, shares, strict=True):
        agreed = chances[share > rule.agreed, namer.words.index(one.label)]
        chance = max(float(agreed.max()), rule.doubt) if agreed.size else one.score
        tried.append(_Tried(one.score ** (1.0 - opinion) * chance**opinion, one.label, mask, one.mask, True))
    named_at = own >= max(min_score, rule.least)
    for row in np.flatnonzero(named_at.any(axis=1)):
        thing = proposals[row]
        measures = measure(thing.mask, layers, settings)
        for column in np.flatnonzero(named_at[row]) if measures.depth_share >= settings.least_depth else ():
            word = namer.words[column]
            fits = word not in WORDS or fit(word, measures, down, settings) == 1.0
            score = float(own[row, column]) * (1.0 if fits and measures.whole else rule.misfit)
            tried.append(_Tried(score, word, thing.mask, thing.drawn, False))
    tried = sorted((each for each in tried if each.score >= min_score), key=lambda each: -each.score)
    found = [one for one in answers if one.label not in namer.words and one.score >= min_score]
    for word in namer.words:
        found += _best([each for each in tried if each.word == word], layers, settings)
    return sorted(found, key=lambda one: -one.score)


def least_answer(min_score: float, settings: JudgeSettings) -> float:
    """The least score of an answer of `judge` that can be one of `named` with at least min_score."""
    return float(min_score ** (1.0 / (1.0 - _opinion(settings))))


def _opinion(settings: JudgeSettings) -> float:
    return min(settings.naming.opinion, 0.99)


def _best(tried: Sequence[_Tried], layers: Layers, settings: JudgeSettings) -> list[Detection]:
    """Each thing once, with its best score, by the finest of the masks that agree with that one. tried: best first."""
    shares = overlaps([one.mask for one in tried], [one.mask for one in tried])
    kept: list[int] = []
    found = []
    for index, one in enumerate(tried):
        if all(shares[index, other] <= settings.same for other in kept):
            kept.append(index)
            agreeing = [
                each for each, share in zip(tried, shares[index], strict=True) if share > settings.naming.agreed
            ]
            finest = max([one, *agreeing], key=lambda each: (each.judged, each.drawn is not None))
            whole = layers.full(finest.mask) if finest.drawn is None else finest.drawn
            found += [detection_of_mask(one.word, one.score, whole)] if whole.any() else []
    return found
