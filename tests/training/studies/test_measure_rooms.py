"""Average precision in test rooms: laws of the measure, and a data set that a detector is measured on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from perception.types import Detection
from training.studies.measure_rooms import average_precision, labelled, matched

RANKED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=12)


@given(RANKED, st.integers(0, 4))
def test_the_precision_is_a_share_and_falls_with_missed_objects(ranked: list[tuple[float, bool]], missed: int) -> None:
    scores, right = [score for score, _ in ranked], [good for _, good in ranked]
    objects = sum(right)
    whole, with_missed = average_precision(scores, right, objects), average_precision(scores, right, objects + missed)
    assert 0 <= with_missed <= whole <= 1 + 1e-12
    if objects:
        assert with_missed == pytest.approx(whole * objects / (objects + missed))


@given(RANKED)
def test_a_wrong_detection_below_all_others_changes_nothing(ranked: list[tuple[float, bool]]) -> None:
    scores, right = [1 + score for score, _ in ranked], [good for _, good in ranked]
    assert average_precision([*scores, 0.5], [*right, False], 5 + sum(right)) == pytest.approx(
        average_precision(scores, right, 5 + sum(right))
    )


def test_known_precisions() -> None:
    assert average_precision([0.9, 0.8, 0.7], [True, False, True], 2) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([], [], 0) == 0.0
    assert average_precision([0.9], [True], 4) == 0.25


def test_an_object_is_shown_once() -> None:
    mask = np.zeros((10, 10), bool)
    mask[2:6, 2:6] = True
    one = Detection("can", 0.9, mask, (2, 2, 6, 6))
    assert matched([one, one], [mask]) == [True, False]
    assert matched([one], [~mask]) == [False]


def test_pictures_and_outlines_are_read(tmp_path: Path) -> None:
    for kind in ("images", "labels"):
        (tmp_path / kind / "val").mkdir(parents=True)
        (tmp_path / kind / "train").mkdir()
    (tmp_path / "data.yaml").write_text(
        f"path: {tmp_path}\ntrain: images/train\nval: images/val\nnames:\n  0: can\n  1: mug\n"
    )
    with pytest.raises(ConfigError, match="no pictures"):
        list(labelled(tmp_path))
    cv2.imwrite(str(tmp_path / "images/val/a.jpg"), np.zeros((40, 80, 3), np.uint8))
    (tmp_path / "labels/val/a.txt").write_text("1 0.25 0.25 0.5 0.25 0.5 0.75 0.25 0.75\n\n")
    ((frame, ((word, mask),)),) = labelled(tmp_path)
    assert frame.rgb.shape == (40, 80, 3)
    assert not frame.registered
    assert word == "mug"
    assert mask[10:31, 20:41].all()
    assert mask.sum() == 21 * 21
