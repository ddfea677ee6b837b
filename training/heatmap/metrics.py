"""How good a heatmap is on labelled pixels: ranking, top pixel, calibration. Pure numpy.

Scores are (N,) 0..1, `good` (N,) bool. Label pictures hold 1 good, 0 bad, and less than 0 where it is
not known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from perception.base.errors import ConfigError

Array = NDArray[np.float64]

PIXELS_PER_SAMPLE = 200
"""Drawn for the ranking and calibration, so that large objects do not outweigh small ones."""


def auroc(scores: Array, good: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: the chance that a good one ranks above a bad one, ties half. nan if one kind is
    missing."""
    positives, negatives = int(good.sum()), int((~good).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[good].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(scores: Array, good: NDArray[np.bool_]) -> float:
    """Sum over thresholds of precision times the recall gained there; equal scores share one threshold, so that a
    constant score gives the share of good ones. nan if there are none."""
    if not good.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits, ordered = np.cumsum(good[order]), scores[order]
    last_of_ties = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    found = hits[last_of_ties]
    gained = np.diff(found, prepend=0) / found[-1]
    return float((found / (last_of_ties + 1) * gained).sum())


def expected_calibration_error(scores: Array, good: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean gap between score and share of good ones over equal bins of the score, weighted by their size."""
    index = np.clip((scores * bins).astype(int), 0, bins - 1)
    gaps = [abs(scores[index == b].mean() - good[index == b].mean()) * (index == b).mean() for b in np.unique(index)]
    return float(np.sum(gaps))


def chance_warning(metrics: Mapping[str, float | None]) -> str:
    """What to say of a network that ranks pixels no better than chance, by `PixelScores.summary`; else empty."""
    value = metrics.get("auroc")
    if value is None or math.isnan(value):
        return "the held-out pixels are all good or all bad, so nothing tells whether the network is better than chance"
    if value <= 0.5:
        return f"the network ranks held-out pixels no better than chance (AUROC {value:.2f}, chance 0.5); do not use it"
    return ""


@dataclass
class PixelScores:
    """Collects heatmaps beside their label pictures; the same pixels are drawn for any two that see the same labels."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    scores: list[Array] = field(default_factory=list)
    good: list[NDArray[np.bool_]] = field(default_factory=list)
    top: list[bool] = field(default_factory=list)
    possible: list[bool] = field(default_factory=list)

    def add(self, quality: NDArray[np.floating], labels: NDArray[np.integer]) -> None:
        """One sample; both (H, W). Without a labelled pixel it counts for nothing."""
        known = np.flatnonzero(labels.ravel() >= 0)
        if not known.size:
            return
        flat, truth = quality.ravel(), labels.ravel()
        drawn = self.rng.choice(known, min(PIXELS_PER_SAMPLE, known.size), replace=False)
        self.scores.append(flat[drawn].astype(np.float64))
        self.good.append(truth[drawn] > 0)
        self.top.append(bool(truth[known[np.argmax(flat[known])]] > 0))
        self.possible.append(bool((truth[known] > 0).any()))

    def summary(self) -> dict[str, float]:
        """auroc, average_precision, precision_at_1 (share of samples whose best pixel is good), regret (share whose
        best pixel is bad though another is good), ece, good_share. ConfigError without a sample."""
        if not self.scores:
            raise ConfigError("no labelled pixel to measure on: label more objects")
        scores, good = np.concatenate(self.scores), np.concatenate(self.good)
        return {
            "auroc": auroc(scores, good),
            "average_precision": average_precision(scores, good),
            "precision_at_1": float(np.mean(self.top)),
            "regret": float(np.mean(np.array(self.possible) & ~np.array(self.top))),
            "ece": expected_calibration_error(scores, good),
            "good_share": float(good.mean()),
        }
