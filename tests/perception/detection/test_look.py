"""A look at a frame whose depth lies beside its colour: mended where that can be told, and left alone where not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from perception.base.errors import ConfigError
from perception.detection.look import look_for as look_with
from perception.surface.registration import shift_depth
from perception.types import Detection, RgbdFrame
from tests.support.synthetic import Cylinder, camera_at, render

look_for = partial(look_with, namer=lambda: None)
VIEW = render(Cylinder(height=0.10), camera_at((-0.7, 0.0, 1.0), (0.0, 0.0, 0.6)), support_half_m=0.25)


class Stub:
    """Takes its can for a bottle."""

    labels = ("bottle",)

    def detect(self, frame, labels, min_score, enough=None):  # type: ignore[no-untyped-def]
        del frame, enough
        if "can" in labels:
            raise ConfigError("unknown: can")
        return [Detection("bottle", 0.5, VIEW.mask, (0.0, 0.0, 1.0, 1.0))] if min_score <= 0.5 else []


def frame(beside_px: int, mask: NDArray[np.bool_] = VIEW.mask) -> RgbdFrame:
    """A red can on a grey table before a dark floor, its depth so far to the left of its colour."""
    seen = VIEW.frame()
    rgb = np.zeros((*mask.shape, 3), np.uint8)
    rgb[seen.depth > 0] = 160
    rgb[mask] = (200, 40, 40)
    floor = np.where(seen.depth > 0, seen.depth, np.float32(2.5))
    return replace(seen, rgb=rgb, depth=shift_depth(floor, beside_px))


@pytest.mark.parametrize("beside_px", [0, 3, 8])
def test_depth_judges_where_its_place_can_be_mended(beside_px: int) -> None:
    (can,) = look_for(Stub(), frame(beside_px), ["can"], 0.2)
    assert can.label == "can"
    assert np.count_nonzero(can.mask & VIEW.mask) > 0.7 * np.count_nonzero(can.mask | VIEW.mask)
    assert look_for(Stub(), frame(beside_px), ["bottle"], 0.2) == []


def test_where_it_cannot_the_detector_alone_decides() -> None:
    plain = frame(3)
    plain = replace(plain, rgb=np.zeros_like(plain.rgb))
    assert [one.label for one in look_for(Stub(), plain, ["bottle"], 0.2)] == ["bottle"]
    with pytest.raises(ConfigError, match="unknown"):
        look_for(Stub(), plain, ["can"], 0.2)


@pytest.mark.parametrize(("accepted", "found"), [(True, ["bottle"]), (False, [])])
def test_a_detector_that_is_sure_of_what_is_wanted_is_not_judged(accepted: bool, found: list[str]) -> None:
    seen = look_for(Stub(), frame(3), ["bottle"], 0.2, lambda _: accepted)
    assert [one.label for one in seen] == found


class InLooks:
    """Sees a can in its first look, and a bowl there beside it or in the second. asked: answers of `enough`."""

    labels = ("can", "bowl")

    def __init__(self, can: float, bowl: float, first: tuple[str, ...]) -> None:
        seen = [Detection(*each, VIEW.mask, (0.0, 0.0, 1.0, 1.0)) for each in (("can", can), ("bowl", bowl))]
        self.seen, self.first = seen, [one for one in seen if one.label in first]
        self.asked: list[bool] = []
        self.looks: list[str] = []

    def detect(self, frame, labels, min_score, enough=None):  # type: ignore[no-untyped-def]
        del frame, labels, min_score
        self.asked += [] if enough is None else [enough(self.seen[0])]
        if enough is not None and self.asked[-1]:
            self.looks.append("first")
            return list(self.first)
        self.looks.append("all")
        return list(self.seen)


@pytest.mark.parametrize(
    ("detector", "accepted", "asked", "looks"),
    [
        (InLooks(0.9, 0.1, ("can",)), True, [True], ["first"]),
        (InLooks(0.9, 0.99, ("can", "bowl")), True, [True], ["first", "all"]),
        (InLooks(0.9, 0.1, ("can",)), False, [False], ["all"]),
        (InLooks(0.02, 0.01, ("can",)), True, [False], ["all"]),
        (InLooks(0.9, 0.1, ("can",)), None, [], ["all"]),
    ],
    ids=["sure", "sure alone, not beside another", "another is wanted", "not sure", "all are wanted"],
)
def test_the_detectors_further_looks_are_left_out_once_depth_is_sure(
    detector: InLooks, accepted: bool | None, asked: list[bool], looks: list[str]
) -> None:
    enough = None if accepted is None else (lambda _: accepted)
    answers = look_for(detector, replace(VIEW.frame(), registered=True), ["can"], 0.01, enough)
    assert (detector.asked, detector.looks[: len(looks)]) == (asked, looks)
    assert ("all" in detector.looks) == ("all" in looks)
    assert answers[0].label == "can"


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_a_look_keeps_the_algebra_on_one_thread_and_gives_the_others_back() -> None:
    class Watched(Stub):
        def detect(self, frame, labels, min_score, enough=None):  # type: ignore[no-untyped-def]
            during.append(blas_threads())
            return super().detect(frame, labels, min_score, enough)

    during: list[set[int]] = []
    before = blas_threads()
    look_for(Watched(), frame(0), ["bottle"], 0.2)
    assert during
    assert all(threads == {1} for threads in during)
    assert blas_threads() == before
