"""Depth judges what a detector found, and finds things without a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.detection.by_depth.anything import ANY, find_anything, find_unnamed
from perception.detection.by_depth.closer import closer_looks, windows
from perception.detection.by_depth.judge import SURE, fit, is_too_large, judge, least_candidate, measure, overlaps
from perception.detection.by_depth.layers import Layers, layers_of
from perception.detection.look import look_for as look_with
from perception.detection.settings import JudgeSettings
from perception.networks.protocols import Enough
from perception.types import Detection, RgbdFrame
from tests.support.synthetic import Cylinder, View, camera_at, render

look_for = partial(look_with, namer=lambda: None)
"""Without the network that names things."""
SETTINGS = JudgeSettings(alarm=SURE)
"""Scores stay as they are."""
BOTTLE, CAN, BARREL = Cylinder(), Cylinder(height=0.10), Cylinder(radius=0.11, height=0.3)


def seen(cylinder: Cylinder) -> tuple[View, RgbdFrame]:
    view = render(cylinder, camera_at((-0.7, 0.0, 1.0), (0.0, 0.0, 0.6)), support_half_m=0.6)
    return view, replace(view.frame(), registered=True)


def _with_layers() -> tuple[View, RgbdFrame, Layers]:
    view, frame = seen(CAN)
    return view, frame, layers_of(frame, SETTINGS.layers)


def detection(label: str, score: float, mask: NDArray[np.bool_]) -> Detection:
    return Detection(label, score, mask, (0.0, 0.0, 1.0, 1.0))


CAN_SEEN = _with_layers()


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


def test_a_mask_is_measured_once_for_layers_and_settings() -> None:
    view, frame, layers = _with_layers()
    first, again = (judge(frame, [detection("can", 0.5, view.mask)], layers, SETTINGS) for _ in range(2))
    assert [(one.score, iou(one.mask, first[0].mask)) for one in again] == [(one.score, 1.0) for one in first]
    assert len(layers.known) == 2  # its own part, and its measures
    measure(layers.small(view.mask), layers, replace(SETTINGS, piece=2.0))
    assert len(layers.known) == 3
    assert not replace(layers, ground=~layers.ground).known


def test_what_has_the_size_and_shape_of_another_word_is_that_one() -> None:
    scores = judged(BOTTLE, "mug")
    assert max(scores, key=lambda word: scores[word]) == "bottle"
    assert scores["bottle"] == pytest.approx(0.5 * SETTINGS.another)
    scores = judged(CAN, "bottle")
    assert scores["can"] == max(scores.values())
    assert judged(CAN, "can")["can"] == 0.5


def test_size_and_shape_each_lower_a_score() -> None:
    assert judged(BARREL, "bottle")["bottle"] <= 0.5 * SETTINGS.size
    assert judged(BARREL, "bottle", replace(SETTINGS, size=1.0, shape=1.0))["bottle"] == 0.5
    assert judged(CAN, "bottle")["bottle"] == pytest.approx(0.5 * SETTINGS.shape * SETTINGS.beaten)
    assert judged(CAN, "bottle", replace(SETTINGS, shape=1.0))["bottle"] == 0.5


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right"])
def test_what_the_border_cuts_off_is_not_too_small(side: str) -> None:
    view, frame = seen(BOTTLE)
    layers = layers_of(frame, SETTINGS.layers)
    v, u = np.nonzero(view.mask)
    part = np.zeros_like(view.mask)
    part[v.min() : v.min() + 2 * (np.ptp(v) // 7), u.min() : u.max() + 1] = True
    small = layers.small(view.mask & part)
    inside = measure(small, layers, SETTINGS)
    assert inside.whole
    assert fit("bottle", inside, 0.3, SETTINGS) < 1.0
    rows, columns = np.flatnonzero(small.any(axis=1)), np.flatnonzero(small.any(axis=0))
    by = {"top": (-rows[0], 0), "bottom": (len(small) - 1 - rows[-1], 0), "left": (0, -columns[0])}
    down, right = by.get(side, (0, small.shape[1] - 1 - columns[-1]))
    moved = np.roll(small, (down, right), axis=(0, 1))
    shifted = replace(layers, **{name: np.roll(getattr(layers, name), (down, right), axis=(0, 1)) for name in
                                 ("depth", "points", "ground", "height", "pixel_m")})  # fmt: skip
    at_border = measure(moved, shifted, SETTINGS)
    assert at_border == replace(inside, whole=False)
    assert fit("bottle", at_border, 0.3, SETTINGS) == 1.0


@pytest.mark.parametrize("word", ["jar", "glass", "bowl", "ball", "box", "tool"])
def test_a_word_that_is_no_bottle_can_or_mug_is_judged_by_size_alone(word: str) -> None:
    assert judged(CAN, word) == {word: 0.5}
    assert judged(BARREL, word) == {word: 0.5 if word == "box" else pytest.approx(0.5 * SETTINGS.size)}


def test_other_words_compete_and_what_has_no_depth_is_dropped() -> None:
    view, frame = seen(BOTTLE)
    layers = layers_of(frame, SETTINGS.layers)
    found = judge(frame, [detection("bottle", 0.4, view.mask), detection("chair", 0.6, view.mask)], layers, SETTINGS)
    assert (found[0].label, found[0].score) == ("chair", 0.6)
    assert next(one.score for one in found if one.label == "bottle") == pytest.approx(0.4 * SETTINGS.beaten)
    blind = replace(frame, depth=np.where(view.mask, np.float32(0.0), frame.depth))
    assert judge(blind, [detection("bottle", 0.4, view.mask)], layers_of(blind, SETTINGS.layers), SETTINGS) == []


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
    stub, plain = Stub(view.mask, 0.5), replace(frame, registered=False, rgb=np.zeros_like(frame.rgb))
    (own,) = look_for(stub, plain, ["bottle"], 0.25)
    assert own.mask is stub.mask or np.array_equal(own.mask, stub.mask)
    assert look_for(stub, frame, ["bottle"], 0.25) == []
    assert [one.label for one in look_for(stub, frame, ["can"], 0.25)] == ["can"]
    assert {one.label for one in look_for(stub, frame, [ANY, "can"], 0.25)} == {ANY, "can"}
    with pytest.raises(ConfigError, match="unknown"):
        look_for(stub, plain, ["can"], 0.25)
    with pytest.raises(ConfigError, match="unknown"):
        look_for(stub, frame, ["spoon"], 0.25)


def test_words_that_fit_equally_do_not_beat_each_other() -> None:
    scores = judged(CAN, "bottle", replace(SETTINGS, size=1.0, shape=1.0))
    assert scores["can"] == scores["mug"] == pytest.approx(0.5 * SETTINGS.another * SETTINGS.beaten)


@given(score=st.floats(0.01, 0.99), alarm=st.floats(0.02, 0.9))
def test_answers_are_scaled_so_that_the_alarm_is_where_a_detection_is_believed(score: float, alarm: float) -> None:
    settings = replace(SETTINGS, alarm=alarm, candidates=0.0)
    least = least_candidate(SURE, settings)
    assert least == pytest.approx(alarm)
    view, frame, layers = CAN_SEEN
    found = judge(frame, [detection("can", score, view.mask)], layers, settings, SURE)
    assert bool(found) == (score >= least)
    exact = judge(frame, [detection("can", score, view.mask)], layers, settings)[0].score
    assert 0.0 < exact < 1.0
    assert (exact >= SURE) == (score >= alarm) or score == pytest.approx(alarm)


class Near(Stub):
    """Sees nothing in whole pictures, and its object in parts of them."""

    glances = 0

    def __init__(self, view: View, score: float) -> None:
        super().__init__(view.mask, score)
        self.view = view

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        return []

    def glance(self, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[Detection]:
        self.glances += 1
        left = round(self.view.intrinsics.cx - frame.intrinsics.cx)
        top = round(self.view.intrinsics.cy - frame.intrinsics.cy)
        height, width = frame.intrinsics.shape
        mask = self.mask[top : top + height, left : left + width]
        v, u = np.nonzero(mask)
        box = float(u.min()), float(v.min()), float(u.max() + 1), float(v.max() + 1)
        return [Detection("bottle", self.score, np.ascontiguousarray(mask), box)]


def test_what_is_small_is_looked_at_from_nearer() -> None:
    view, frame = seen(CAN)
    near = Near(view, 0.8)
    layers = layers_of(frame, SETTINGS.layers)
    (one,) = closer_looks(near, frame, layers, ["bottle"], 0.1, SETTINGS)
    assert np.array_equal(one.mask, view.mask)
    v, u = np.nonzero(view.mask)
    assert one.box_uv == (u.min(), v.min(), u.max() + 1, v.max() + 1)
    assert [found.label for found in look_for(near, frame, ["can"], SURE)] == ["can"]


@pytest.mark.parametrize(("accepted", "glances"), [(True, 0), (False, 1)])
def test_no_closer_look_where_what_is_seen_is_enough(accepted: bool, glances: int) -> None:
    """The can is sure enough, and something else on the table is not."""
    view, frame = seen(CAN)
    near = Near(view, 0.3)
    sure = Detection("can", 0.9, view.mask, (0.0, 0.0, 1.0, 1.0))
    near.detect = lambda *_: [sure]  # type: ignore[method-assign, assignment]
    near.labels = ("bottle", "can")
    settings = replace(SETTINGS, closer=replace(SETTINGS.closer, same=1.0))  # no mask is the same as a piece
    assert look_for(near, frame, ["can"], SURE, lambda _: accepted, judging=settings)
    assert near.glances == glances


@pytest.mark.parametrize(
    "closer", [{"small": 0.05}, {"most": 0}, {"least_m": (0.2, 0.3)}], ids=["large enough", "no time", "too small"]
)
def test_no_closer_look_where_nothing_is_gained(closer: dict[str, Any]) -> None:
    view, frame = seen(CAN)
    near, settings = Near(view, 0.8), replace(SETTINGS, closer=replace(SETTINGS.closer, **closer))
    assert windows(layers_of(frame, settings.layers), settings) == []
    assert look_for(near, frame, ["can"], SURE, judging=settings) == []
    assert near.glances == 0


def test_what_a_closer_look_shows_beside_the_pieces_of_the_depth_does_not_count() -> None:
    view, frame = seen(CAN)
    beside = Near(view, 0.8)
    beside.mask = np.roll(view.mask, 40, axis=1)
    assert closer_looks(beside, frame, layers_of(frame, SETTINGS.layers), ["bottle"], 0.1, SETTINGS) == []


def test_what_is_far_too_large_for_its_word_is_dropped_without_registered_depth() -> None:
    view, frame = seen(BARREL)
    frame = replace(frame, registered=False)
    assert is_too_large(detection("can", 0.9, view.mask), frame)
    assert not is_too_large(detection("chair", 0.9, view.mask), frame)
    stub = Stub(view.mask, 0.9)
    assert look_for(stub, frame, ["bottle"], SURE) == []
    assert look_for(stub, replace(frame, depth=np.zeros_like(frame.depth)), ["bottle"], SURE) != []
    view, frame = seen(Cylinder(height=0.3))
    assert not is_too_large(detection("bottle", 0.9, view.mask), frame)
    assert is_too_large(detection("can", 0.9, view.mask), frame)


@pytest.mark.parametrize("registered", [False, True])
def test_depth_alone_stands_in_for_a_detector_that_is_unsure(registered: bool) -> None:
    view, frame = seen(CAN)
    frame, stub = replace(frame, registered=registered), Stub(view.mask, 0.01)
    assert look_for(stub, frame, ["bottle"], SURE) == []
    assert look_for(stub, frame, ["bottle"], SURE, or_by_depth=True) == [], "a can is no bottle"
    stub.labels = ("bottle", "can")
    (one,) = look_for(stub, frame, ["can"], SURE, or_by_depth=True)
    assert (one.label, one.by_depth) == ("can", True)
    assert iou(one.mask, view.mask) > 0.8


def test_depth_alone_gives_no_other_name_to_what_a_detector_names() -> None:
    view, frame, layers = _with_layers()
    assert [one.label for one in find_unnamed(frame, layers, [], ["can"], SETTINGS)] == ["can"]
    named = [detection("bowl", 0.1, view.mask)]
    assert find_unnamed(frame, layers, named, ["can"], SETTINGS) == []
    assert len(find_unnamed(frame, layers, [detection("can", 0.1, view.mask)], ["can"], SETTINGS)) == 1
