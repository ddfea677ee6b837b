"""The measures of a heatmap against values worked out by hand and against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from training.heatmap import baselines
from training.heatmap.metrics import PixelScores, auroc, average_precision, expected_calibration_error

SCORED = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0]), st.booleans()), min_size=2, max_size=30)


def test_by_hand() -> None:
    scores, good = np.array([0.9, 0.8, 0.7, 0.1]), np.array([True, False, True, False])
    assert auroc(scores, good) == pytest.approx(3 / 4)
    assert average_precision(scores, good) == pytest.approx((1 + 2 / 3) / 2)
    assert expected_calibration_error(np.array([0.95, 0.95, 0.15]), np.array([True, False, False])) == pytest.approx(
        2 / 3 * 0.45 + 1 / 3 * 0.15
    )


@given(SCORED)
def test_auroc_is_the_chance_to_rank_a_good_one_higher(pairs: list[tuple[float, bool]]) -> None:
    scores, good = np.array([s for s, _ in pairs]), np.array([g for _, g in pairs])
    value = auroc(scores, good)
    if good.all() or not good.any():
        assert np.isnan(value)
        return
    gap = scores[good][:, None] - scores[~good][None]
    assert value == pytest.approx(float((gap > 0).mean() + (gap == 0).mean() / 2))
    assert auroc(-scores, good) == pytest.approx(1 - value)


@given(SCORED, st.randoms(use_true_random=False))
def test_average_precision_does_not_depend_on_the_order(pairs: list[tuple[float, bool]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (
        average_precision(np.array([s for s, _ in p]), np.array([g for _, g in p])) for p in (pairs, shuffled)
    )
    assert first == pytest.approx(second, nan_ok=True)


def test_a_constant_score_is_worth_the_share_of_good_ones() -> None:
    good = np.array([True, False, False, False])
    assert average_precision(np.full(4, 0.5), good) == pytest.approx(0.25)
    assert np.isnan(average_precision(np.full(4, 0.5), ~np.ones(4, bool)))


def test_unknown_pixels_count_for_nothing() -> None:
    quality = np.array([[0.99, 0.6], [0.4, 0.2]], np.float32)
    labels = np.array([[-1, 1], [0, 0]], np.int8)
    scores = PixelScores()
    scores.add(quality, labels)
    scores.add(quality, np.full((2, 2), -1, np.int8))
    found = scores.summary()
    assert (found["precision_at_1"], found["auroc"], found["average_precision"]) == (1.0, 1.0, 1.0)
    assert found["good_share"] == pytest.approx(1 / 3)


def test_no_labels_at_all_is_said() -> None:
    with pytest.raises(ConfigError, match="label more objects"):
        PixelScores().summary()


def test_rules_to_beat_know_height_and_middle() -> None:
    """Six upright masks whose middle third is good: both rules rank it first, also on masks of another size."""
    masks, labels = np.zeros((6, 60, 40)), np.full((6, 60, 40), -1, np.int8)
    for index in range(6):
        top, bottom = 2 + index, 50 - 2 * index
        masks[index, top:bottom, 10:20] = 1
        third = (bottom - top) // 3
        labels[index, top:bottom, 10:20] = 0
        labels[index, top + third : bottom - third, 10:20] = 1
    found = baselines.measure(masks, labels, np.arange(4), np.arange(4, 6))
    assert found["height"]["auroc"] > 0.97
    assert found["centroid"]["precision_at_1"] == 1.0
    assert "ece" not in found["centroid"]
    labels[4:] = np.where(labels[4:] >= 0, 1 - labels[4:], -1)  # objects of which the opposite is true
    assert baselines.measure(masks, labels, np.arange(4), np.arange(4, 6))["height"]["auroc"] < 0.03
