"""Depth judges what a detector found, and finds things without a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.detection.by_depth.anything import ANY, find_anything
from perception.detection.by_depth.judge import judge, overlaps
from perception.detection.by_depth.layers import layers_of
from perception.detection.look import look_for
from perception.detection.settings import JudgeSettings
from perception.networks.protocols import Enough
from perception.types import Detection, RgbdFrame
from tests.support.synthetic import Cylinder, View, camera_at, render

SETTINGS = JudgeSettings()
BOTTLE, CAN, BARREL = Cylinder(), Cylinder(height=0.10), Cylinder(radius=0.11, height=0.3)


def seen(cylinder: Cylinder) -> tuple[View, RgbdFrame]:
    view = render(cylinder, camera_at((-0.7, 0.0, 1.0), (0.0, 0.0, 0.6)), support_half_m=0.6)
    return view, replace(view.frame(), registered=True)


def detection(label: str, score: float, mask: NDArray[np.bool_]) -> Detection:
    return Detection(label, score, mask, (0.0, 0.0, 1.0, 1.0))


def judged(cylinder: Cylinder, label: str, settings: JudgeSettings = SETTINGS) -> dict[str, float]:
    """Scores by word of one candidate with the score 0.5 that is right on the object."""
    view, frame = seen(cylinder)
    found = judge(frame, [detection(label, 0.5, view.mask)], layers_of(frame, settings.layers), settings)
    return {one.label: one.score for one in found}


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(overlaps([one], [other])[0, 0])


@pytest.mark.parametrize("settings", [SETTINGS, replace(SETTINGS, piece=2.0)], ids=["piece", "cut"])
def test_a_mask_is_cut_to_the_object(settings: JudgeSettings) -> None:
    view, frame = seen(BOTTLE)
    wide = cv2.dilate(view.mask.astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
    assert iou(wide, view.mask) < 0.7
    layers = layers_of(frame, settings.layers)
    best = judge(frame, [detection("bottle", 0.5, wide)], layers, settings)[0]
    assert best.label == "bottle"
    assert best.score == 0.5
    assert iou(best.mask, view.mask) > 0.85
    v, u = np.nonzero(best.mask)
    assert best.box_uv == (u.min(), v.min(), u.max() + 1, v.max() + 1)
    untouched = replace(settings, least_left=2.0, piece=2.0)
    assert iou(judge(frame, [detection("bottle", 0.5, wide)], layers, untouched)[0].mask, view.mask) < 0.75


def test_what_has_the_size_and_shape_of_another_word_is_that_one() -> None:
    scores = judged(BOTTLE, "mug")
    assert max(scores, key=lambda word: scores[word]) == "bottle"
    assert scores["bottle"] == pytest.approx(0.5 * SETTINGS.another)
    scores = judged(CAN, "bottle")
    assert max(scores, key=lambda word: scores[word]) == "can"
    assert judged(CAN, "can")["can"] == 0.5


def test_size_and_shape_each_lower_a_score() -> None:
    assert judged(BARREL, "bottle")["bottle"] <= 0.5 * SETTINGS.size
    assert judged(BARREL, "bottle", replace(SETTINGS, size=1.0, shape=1.0))["bottle"] == 0.5
    assert judged(CAN, "bottle")["bottle"] == pytest.approx(0.5 * SETTINGS.shape * SETTINGS.beaten)
    assert judged(CAN, "bottle", replace(SETTINGS, shape=1.0))["bottle"] == 0.5


def test_other_words_compete_and_what_has_no_depth_is_dropped() -> None:
    view, frame = seen(BOTTLE)
    layers = layers_of(frame, SETTINGS.layers)
    found = judge(frame, [detection("bottle", 0.4, view.mask), detection("chair", 0.6, view.mask)], layers)
    assert (found[0].label, found[0].score) == ("chair", 0.6)
    assert next(one.score for one in found if one.label == "bottle") == pytest.approx(0.4 * SETTINGS.beaten)
    blind = replace(frame, depth=np.where(view.mask, np.float32(0.0), frame.depth))
    assert judge(blind, [detection("bottle", 0.4, view.mask)], layers_of(blind, SETTINGS.layers)) == []


def test_a_thing_without_a_word_is_found_by_its_depth() -> None:
    view, frame = seen(CAN)
    found = find_anything(layers_of(frame, SETTINGS.layers), [], SETTINGS)
    assert [one.label for one in found] == [ANY]
    assert iou(found[0].mask, view.mask) > 0.8
    assert (
        find_anything(layers_of(replace(frame, depth=np.zeros_like(frame.depth)), SETTINGS.layers), [], SETTINGS) == []
    )


class Stub:
    """Sees its mask as a bottle in pictures of the full size, and nothing in parts of them."""

    labels = ("bottle",)

    def __init__(self, mask: NDArray[np.bool_], score: float) -> None:
        self.mask, self.score = mask, score

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        del enough
        if unknown := [label for label in labels if label not in self.labels]:
            raise ConfigError(f"unknown: {unknown}")
        whole = frame.intrinsics.shape == self.mask.shape
        return [detection("bottle", self.score, self.mask)] if whole and self.score >= min_score else []


def test_depth_judges_only_where_it_fits_the_colour() -> None:
    view, frame = seen(CAN)
    stub = Stub(view.mask, 0.5)
    (own,) = look_for(stub, replace(frame, registered=False), ["bottle"], 0.25)
    assert own.mask is stub.mask or np.array_equal(own.mask, stub.mask)
    assert look_for(stub, frame, ["bottle"], 0.25) == []
    assert [one.label for one in look_for(stub, frame, ["can"], 0.25)] == ["can"]
    assert {one.label for one in look_for(stub, frame, [ANY, "can"], 0.25)} == {ANY, "can"}
    with pytest.raises(ConfigError, match="unknown"):
        look_for(stub, replace(frame, registered=False), ["can"], 0.25)
    with pytest.raises(ConfigError, match="unknown"):
        look_for(stub, frame, ["spoon"], 0.25)
