"""Simple rules, to compare a heatmap with. Those for one way use only the mask.

`centroid`: better the nearer to the mask's centroid. `height`: the share of good training pixels at the same height
within the mask, in HEIGHT_BINS steps. A random pixel is good with the probability `good_share` of the metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from perception.hand.family import WAYS
from perception.quality import preprocess
from training.dataset.ways.targets import unpack
from training.heatmap.metrics import PixelScores

if TYPE_CHECKING:
    from training.heatmap.samples import Samples

HEIGHT_BINS = 20
HEIGHT_PROFILE = (
    0.82, 0.76, 0.74, 0.78, 0.82, 0.83, 0.84, 0.83, 0.78, 0.75, 0.69, 0.60, 0.49, 0.36, 0.23, 0.12, 0.02, 0.00, 0.00,
    0.00,
)  # fmt: skip
"""Share of good grasps in each twentieth of the mask from its top, in rehearsed pictures (training.evaluation.rehearse)
of training objects of all families."""


def centroid_quality(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(H, W) 0..1, 1 at the mask's centroid and lower with distance."""
    v, u = np.nonzero(mask)
    rows, columns = np.indices(mask.shape)
    quality: NDArray[np.float32] = (1.0 / (1.0 + np.hypot(rows - v.mean(), columns - u.mean()))).astype(np.float32)
    return quality


def height_bin(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(H, W) the step of each row, from the mask's top (0) to its bottom (HEIGHT_BINS - 1)."""
    rows = np.flatnonzero(mask.any(axis=1))
    step = (np.arange(mask.shape[0]) - rows[0]) * HEIGHT_BINS // max(1, rows[-1] + 1 - rows[0])
    return np.broadcast_to(np.clip(step, 0, HEIGHT_BINS - 1)[:, None], mask.shape)


def height_profile(masks: Any, labels: Any, rows: Sequence[int] | NDArray[Any]) -> NDArray[np.float32]:
    """(HEIGHT_BINS,) share of good pixels per step over some rows of masks and labels (N, H, W).

    A step without labelled pixels has the share of all.
    """
    good, count = np.zeros(HEIGHT_BINS), np.zeros(HEIGHT_BINS)
    for row in rows:
        target = np.asarray(labels[row])
        known = target >= 0
        index = height_bin(_mask(masks[row]))[known]
        count += np.bincount(index, minlength=HEIGHT_BINS)
        good += np.bincount(index, weights=target[known] > 0, minlength=HEIGHT_BINS)
    share = good.sum() / max(count.sum(), 1.0)
    profile: NDArray[np.float32] = np.where(count > 0, good / np.maximum(count, 1.0), share).astype(np.float32)
    return profile


def measure_samples(samples: Samples) -> dict[str, dict[str, float]]:
    """`PixelScores.summary` of the rules for a network's samples on their validation rows."""
    if samples.of_ways:
        return measure_ways(samples.labels, samples.training, samples.validation)
    masks = samples.inputs[:, preprocess.MASK_CHANNEL]
    return measure(masks, samples.labels, samples.training, samples.validation)


def measure(
    masks: Any, labels: Any, training: NDArray[np.int64], validation: NDArray[np.int64]
) -> dict[str, dict[str, float]]:
    """`PixelScores.summary` of both rules on the validation rows.

    masks: (N, H, W), positive on the object. labels: (N, H, W). Without training rows the height rule uses
    HEIGHT_PROFILE.
    """
    profile = height_profile(masks, labels, training) if len(training) else np.array(HEIGHT_PROFILE, np.float32)
    centroid, height = PixelScores(), PixelScores()
    for row in validation:
        mask, target = _mask(masks[row]), np.asarray(labels[row])
        centroid.add(centroid_quality(mask), target)
        height.add(profile[height_bin(mask)], target)
    metrics = {"centroid": centroid.summary(), "height": height.summary()}
    del metrics["centroid"]["ece"]  # its score is no probability
    return metrics


def measure_ways(
    packed: Any, training: NDArray[np.int64], validation: NDArray[np.int64]
) -> dict[str, dict[str, float]]:
    """`PixelScores.summary` on the validation rows of a rule that knows of each way how often it holds in training.

    packed: (N, H, W) of training.dataset.ways.targets.
    """
    counts = np.zeros((2, len(WAYS)))
    for row in training:
        labels = unpack(np.asarray(packed[row]))
        counts += (labels >= 0).sum(axis=(1, 2)), (labels > 0).sum(axis=(1, 2))
    share = (counts[1] / np.maximum(counts[0], 1.0))[:, None, None]
    scores = PixelScores()
    for row in validation:
        labels = unpack(np.asarray(packed[row]))
        scores.add(np.broadcast_to(share, labels.shape), labels)
    return {"way": scores.summary()}


def _mask(channel: Any) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = np.asarray(channel) > 0
    return mask if mask.any() else np.ones(mask.shape, bool)
