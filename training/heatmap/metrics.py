"""Metrics of a heatmap on labelled pixels: ranking, top pixel, calibration. Pure numpy.

scores: (N,) 0..1. good: (N,) bool. Label pictures hold 1 for good, 0 for bad, and negative values for unknown.
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
"""Pixels drawn from each sample for ranking and calibration, so that large objects do not outweigh small ones."""


def auroc(scores: Array, good: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: the probability that a good pixel ranks above a bad one, ties half.

    nan if there are no good or no bad ones.
    """
    positives, negatives = int(good.sum()), int((~good).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[good].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(scores: Array, good: NDArray[np.bool_]) -> float:
    """Sum over thresholds of precision times the gain of recall. nan if there are no good ones.

    Equal scores share a threshold, so that a constant score gives the share of good ones.
    """
    if not good.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits, ordered = np.cumsum(good[order]), scores[order]
    last_of_ties = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    hits = hits[last_of_ties]
    gained = np.diff(hits, prepend=0) / hits[-1]
    return float((hits / (last_of_ties + 1) * gained).sum())


def expected_calibration_error(scores: Array, good: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean gap between score and share of good ones over equal bins of the score, weighted by bin size."""
    index = np.clip((scores * bins).astype(int), 0, bins - 1)
    gaps = [abs(scores[index == b].mean() - good[index == b].mean()) * (index == b).mean() for b in np.unique(index)]
    return float(np.sum(gaps))


def chance_warning(metrics: Mapping[str, float | None]) -> str:
    """A warning for a network that ranks pixels no better than chance, from `PixelScores.summary`; else ""."""
    value = metrics.get("auroc")
    if value is None or math.isnan(value):
        return "the held-out pixels are all good or all bad, so nothing tells whether the network is better than chance"
    if value <= 0.5:
        return f"the network ranks held-out pixels no better than chance (AUROC {value:.2f}, chance 0.5); do not use it"
    return ""


@dataclass
class PixelScores:
    """Collects heatmaps and their label pictures. Two collectors of the same labels draw the same pixels."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    scores: list[Array] = field(default_factory=list)
    good: list[NDArray[np.bool_]] = field(default_factory=list)
    top: list[bool] = field(default_factory=list)
    possible: list[bool] = field(default_factory=list)

    def add(self, quality: NDArray[np.floating], labels: NDArray[np.integer]) -> None:
        """Add one sample, quality and labels (H, W). A sample without a labelled pixel is ignored."""
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
        """auroc, average_precision, precision_at_1, regret, ece and good_share. ConfigError without a sample.

        precision_at_1: share of samples whose best pixel is good. regret: share whose best pixel is bad although
        another pixel is good. ece: expected calibration error.
        """
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
