"""Things shown to a network one by one: what is proposed, what it is shown, and what becomes of its answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import helper

from perception.base.errors import ModelError
from perception.detection.by_depth.judge import detection_of_mask, overlaps
from perception.detection.by_depth.layers import layers_of
from perception.detection.by_depth.namer import OnnxNamer
from perception.detection.by_depth.namer_input import (
    CHANNELS,
    COLOUR,
    DEPTH,
    HEIGHT,
    KNOWN,
    MASK,
    SIDE,
    VALUE_NAMES,
    VALUES,
    VERSION,
    namer_input,
)
from perception.detection.by_depth.naming import named
from perception.detection.by_depth.proposals import propose
from perception.detection.look import look_for
from perception.detection.settings import JudgeSettings
from perception.types import Detection
from tests.support.onnx_files import channel_network, save
from tests.support.synthetic import Cylinder, camera_at, render

SETTINGS = JudgeSettings()
VIEW = render(Cylinder(height=0.10), camera_at((-0.7, 0.0, 1.0), (0.0, 0.0, 0.6)), support_half_m=0.6)
FRAME = replace(VIEW.frame(), registered=True)
LAYERS = layers_of(FRAME, SETTINGS.layers)
METADATA = {"preprocessing_version": str(VERSION), "words": "can bowl"}
SEEN = {name: index for index, name in enumerate(VALUE_NAMES)}


def network(path: Path, chances: tuple[float, ...], metadata: dict[str, str] | None = None) -> Path:
    """A namer that gives everything these chances of its words and of none."""
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Unsqueeze", ["nothing", "axis"], ["column"]),
        helper.make_node("Add", ["column", "chances"], ["output"]),
    ]
    constants = {
        "zero": np.zeros(1, np.float32), "axis": np.array([1]), "chances": np.array([chances], np.float32),
    }  # fmt: skip
    inputs = {"input": ["N", CHANNELS, SIDE, SIDE]}
    return save(path, nodes, constants, inputs, {"output": ["N", len(chances)]}, METADATA | (metadata or {}))


def candidate(label: str, score: float, mask: NDArray[np.bool_] = VIEW.mask) -> Detection:
    return detection_of_mask(label, score, mask)


def best_iou(found: list[Detection]) -> float:
    return float(overlaps([VIEW.mask], [one.mask for one in found])[0].max(initial=0.0))


def test_depth_proposes_a_thing_with_and_without_a_ground() -> None:
    for layers in (LAYERS, replace(LAYERS, seen=False, height=np.zeros_like(LAYERS.height))):
        masks = [layers.full(one.mask) for one in propose(layers, [], SETTINGS)]
        assert float(overlaps([VIEW.mask], masks).max()) > 0.8
    none = replace(FRAME, depth=np.zeros_like(FRAME.depth))
    assert propose(layers_of(none, SETTINGS.layers), [], SETTINGS) == []


def test_a_candidate_is_proposed_as_drawn_and_no_piece_twice() -> None:
    wide = cv2.dilate(VIEW.mask.astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
    one = candidate("can", 0.5, wide)
    found = propose(LAYERS, [one], SETTINGS)
    own = [each for each in found if each.source is one]
    assert [each.drawn is one.mask for each in own] == [True]
    nothing = candidate("can", 0.5)
    object.__setattr__(nothing, "mask", np.zeros_like(VIEW.mask))
    assert all(each.source is None for each in propose(LAYERS, [nothing], SETTINGS))
    pieces = [each for each in found if each.source is None]
    again = replace(SETTINGS, naming=replace(SETTINGS.naming, jumps_m=(0.015, 0.015, 0.03)))
    assert len(propose(LAYERS, [one], again)) == len(found), "the same cut gives no more"
    assert len(pieces) == len(found) - 1
    few = replace(SETTINGS, naming=replace(SETTINGS.naming, most=1))
    assert propose(LAYERS, [one], few)[0].source is one


def test_a_piece_that_the_edge_of_the_depth_cuts_off_is_not_proposed_but_a_candidate_there_is() -> None:
    u, _, width, _ = cv2.boundingRect(VIEW.mask.astype(np.uint8))
    depth = FRAME.depth.copy()
    depth[:, : u + width // 2] = 0.0
    cut = replace(FRAME, depth=depth)
    layers, one = layers_of(cut, SETTINGS.layers), candidate("can", 0.5)
    near = [each for each in propose(layers, [one], SETTINGS) if (layers.full(each.mask) & VIEW.mask).any()]
    assert [each.source for each in near] == [one]
    lenient = replace(SETTINGS, naming=replace(SETTINGS.naming, cut=2.0))
    assert any((layers.full(each.mask) & VIEW.mask).any() for each in propose(layers, [], lenient))


def test_a_thing_that_the_border_of_the_picture_cuts_off_is_named_but_counts_less(tmp_path: Path) -> None:
    u, _, width, _ = cv2.boundingRect(VIEW.mask.astype(np.uint8))
    at, k = u + width // 2, FRAME.intrinsics
    right = replace(k, width=k.width - at, cx=k.cx - at)
    cut = replace(FRAME, rgb=FRAME.rgb[:, at:].copy(), depth=FRAME.depth[:, at:].copy(), intrinsics=right)
    namer = OnnxNamer(network(tmp_path / "namer.onnx", (0.1, 0.9, 0.0)))
    (whole,) = named(FRAME, [], [], LAYERS, namer, SETTINGS, 0.25)
    (part,) = named(cut, [], [], layers_of(cut, SETTINGS.layers), namer, SETTINGS, 0.25)
    assert float(overlaps([VIEW.mask[:, at:]], [part.mask]).max()) > 0.8
    assert part.score == pytest.approx(SETTINGS.naming.misfit * whole.score)


def test_the_square_shows_the_thing_in_true_size() -> None:
    (thing,) = [one for one in propose(LAYERS, [candidate("can", 0.5)], SETTINGS) if one.source]
    (shown,) = namer_input(FRAME, LAYERS, [thing])
    assert shown.shape == (CHANNELS, SIDE, SIDE)
    values = shown[VALUES, 0]
    side_m = 0.2 * np.exp(values[SEEN["side_m"]])
    assert values[SEEN["side_known"]] == 1
    rows = np.flatnonzero((shown[MASK] > 0.5).any(axis=1))
    seen_m = side_m * rows.size / SIDE
    assert seen_m == pytest.approx(0.10 * np.cos(0.52) + 0.066 * np.sin(0.52), abs=0.02)
    assert values[SEEN["away_m"]] == pytest.approx(0.8, abs=0.1)
    assert values[SEEN["down_y"]] > 0.5, "down is down in the picture"
    inside = shown[MASK] > 0.9
    assert np.median(abs(shown[DEPTH][inside])) < 0.3, "in 0.15 m, about its middle"
    assert shown[KNOWN].min() >= 0
    assert 0.2 < shown[HEIGHT][inside].max() < 0.5, "of 0.1 m, in 0.3 m"
    small = cv2.resize(FRAME.rgb[VIEW.mask][None].mean(axis=1)[None], (1, 1)).ravel() / 255
    assert shown[COLOUR][:, inside].mean(axis=1) == pytest.approx(small, abs=0.05)


@given(shift=st.integers(-300, 300))
def test_a_thing_at_any_place_of_the_picture_can_be_shown(shift: int) -> None:
    mask = np.roll(VIEW.mask, shift, axis=1)
    things = [one for one in propose(LAYERS, [candidate("can", 0.5, mask)], SETTINGS) if one.source]
    shown = namer_input(FRAME, LAYERS, things)
    assert np.isfinite(shown).all()
    assert (shown[:, :DEPTH] >= 0).all()
    assert (np.abs(shown[:, DEPTH:VALUES]) <= 1 + 1e-6).all()
    assert shown[:, MASK].max(initial=1.0) > 0.5


def test_without_depth_only_what_is_seen_counts() -> None:
    blind = replace(FRAME, depth=np.zeros_like(FRAME.depth))
    layers = layers_of(blind, SETTINGS.layers)
    (shown,) = namer_input(blind, layers, propose(layers, [candidate("can", 0.5)], SETTINGS))
    assert not shown[DEPTH:VALUES].any()
    assert not shown[VALUES, 0, [SEEN["side_m"], SEEN["side_known"], SEEN["away_m"]]].any()
    assert namer_input(blind, layers, []).shape == (0, CHANNELS, SIDE, SIDE)


def test_the_network_names_a_thing_that_no_detector_saw(tmp_path: Path) -> None:
    namer = OnnxNamer(network(tmp_path / "namer.onnx", (0.1, 0.8, 0.1)))
    found = named(FRAME, [], [], LAYERS, namer, SETTINGS, 0.15)
    assert {one.label for one in found} == {"bowl"}
    assert best_iou(found) > 0.8
    assert found[0].score == pytest.approx(0.8**SETTINGS.naming.sharper)
    assert named(FRAME, [], [], LAYERS, namer, SETTINGS, 0.6) == []


def test_the_best_score_counts_and_the_finest_mask(tmp_path: Path) -> None:
    namer = OnnxNamer(network(tmp_path / "namer.onnx", (0.1, 0.9, 0.0)))
    (piece,) = named(FRAME, [], [], LAYERS, namer, SETTINGS, 0.25)
    assert not np.array_equal(piece.mask, VIEW.mask)
    (one,) = named(FRAME, [], [candidate("bowl", 0.3)], LAYERS, namer, SETTINGS, 0.25)
    assert one.score == piece.score > 0.3
    assert np.array_equal(one.mask, VIEW.mask)


@given(score=st.floats(0.05, 1.0), chance=st.floats(0.0, 1.0))
def test_a_second_opinion_lies_between_both(score: float, chance: float) -> None:
    class Fixed(OnnxNamer):
        words = ("bowl",)

        def __init__(self) -> None:
            """Opens no file."""

        def chances(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.full((len(tensor), 1), chance, np.float32)

    answers = [candidate("bowl", score), candidate("chair", score)]
    found = named(FRAME, [candidate("bowl", score)], answers, LAYERS, Fixed(), SETTINGS)
    assert next(one.score for one in found if one.label == "chair") == score, "a word that it does not know stays"
    best = max((one.score for one in found if one.label == "bowl"), default=0.0)
    assert min(score, chance) - 1e-6 <= best <= max(score, chance) + 1e-6
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    bowls = [one.mask for one in found if one.label == "bowl"]
    assert (overlaps(bowls, bowls) > SETTINGS.same).sum() == len(bowls), "each thing once"


def test_a_vessel_of_another_shape_counts_less(tmp_path: Path) -> None:
    namer = OnnxNamer(network(tmp_path / "a.onnx", (0.8, 0.1, 0.1), {"words": "bottle bowl"}))
    right = OnnxNamer(network(tmp_path / "b.onnx", (0.8, 0.1, 0.1), {"words": "can bowl"}))
    score = named(FRAME, [], [], LAYERS, right, SETTINGS)[0].score
    assert named(FRAME, [], [], LAYERS, namer, SETTINGS)[0].score == pytest.approx(SETTINGS.naming.misfit * score)


class Sees:
    """A detector that is a little sure of a bowl."""

    labels = ("bowl", "can")

    def detect(self, frame, labels, min_score, enough=None):  # type: ignore[no-untyped-def]
        del frame, labels, enough
        return [candidate("bowl", 0.1)] if min_score <= 0.1 else []


def test_a_look_asks_the_network_only_where_depth_fits_and_it_is_needed(tmp_path: Path) -> None:
    namer = OnnxNamer(network(tmp_path / "namer.onnx", (0.05, 0.9, 0.05)))

    def look(**options: object) -> list[str]:
        found = look_for(Sees(), options.pop("frame", FRAME), ["bowl"], 0.25, **options)  # type: ignore[arg-type]
        return [one.label for one in found]

    assert look(namer=lambda: namer)[0] == "bowl"
    assert look(namer=lambda: None) == []
    assert look(namer=lambda: namer, frame=replace(FRAME, registered=False, rgb=np.zeros_like(FRAME.rgb))) == []


def test_a_file_that_is_no_namer_is_refused(tmp_path: Path) -> None:
    good = network(tmp_path / "good.onnx", (0.5, 0.3, 0.2))
    assert OnnxNamer(good).words == ("can", "bowl")
    assert OnnxNamer(good).chances(np.zeros((0, CHANNELS, SIDE, SIDE), np.float32)).shape == (0, 2)
    for change, reason in (
        ({"preprocessing_version": "0"}, "version 0"),
        ({"words": ""}, "no words"),
        ({"words": "a a"}, "no words"),
    ):
        with pytest.raises(ModelError, match=reason):
            OnnxNamer(network(tmp_path / "bad.onnx", (0.5, 0.3, 0.2), change))
    three = OnnxNamer(network(tmp_path / "three.onnx", (0.5, 0.3, 0.2), {"words": "a b c"}))
    with pytest.raises(ModelError, match="expected output of"):
        three.chances(np.zeros((1, CHANNELS, SIDE, SIDE), np.float32))
    with pytest.raises(ModelError, match="namer"):
        OnnxNamer(channel_network(tmp_path / "other.onnx", 0, METADATA, channels=3))
    with pytest.raises(ModelError, match="namer"):
        OnnxNamer(tmp_path / "missing.onnx")
    wild = OnnxNamer(network(tmp_path / "wild.onnx", (float("nan"), 7.0, 0.0)))
    assert wild.chances(np.zeros((1, CHANNELS, SIDE, SIDE), np.float32)).tolist() == [[0.0, 1.0]]
