"""How good a heatmap is: ranking, top pixel, calibration. Pure numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def auroc(scores: Array, good: NDArray[np.bool_]) -> float:
    """Area under the ROC curve of (N,) scores: the chance that a good one ranks above a bad one, ties half. nan if
    one kind is missing."""
    from scipy.stats import rankdata

    positives, negatives = int(good.sum()), int((~good).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[good].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(scores: Array, good: NDArray[np.bool_]) -> float:
    """Mean precision over the good ones in falling order of score; nan if there are none."""
    if not good.any():
        return float("nan")
    hits = good[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def expected_calibration_error(scores: Array, good: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean gap between score and share of good ones over equal bins of the score, weighted by their size."""
    index = np.clip((scores * bins).astype(int), 0, bins - 1)
    gaps = [abs(scores[index == b].mean() - good[index == b].mean()) * (index == b).mean() for b in np.unique(index)]
    return float(np.sum(gaps))
