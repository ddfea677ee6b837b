"""A whole depth picture beside its colour picture: how far, and the frame with that mended."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.geometry import Pose
from perception.surface.beside import DEFAULT, beside_m, fitted
from perception.types import Intrinsics, RgbdFrame

CAMERA = Intrinsics(320, 240, 280.0, 280.0, 160.0, 120.0)
THINGS = ((60, 100, 40, 120, 0.7), (150, 60, 60, 150, 1.0), (250, 140, 30, 90, 1.4))
"""Left, top, width, height in pixels, and depth in metres."""
WALL_M = 2.5


def room(offset_m: float, seed: int = 0) -> RgbdFrame:
    """Things before a plain wall, their depth so far to the right of their colour; a tenth of it lost."""
    rng = np.random.default_rng(seed)
    rgb = np.full((240, 320, 3), 120, np.uint8)
    depth = np.full((240, 320), WALL_M, np.float32)
    for (left, top, width, height, away_m), colour in zip(
        sorted(THINGS, key=lambda thing: -thing[4]), ((200, 60, 50), (40, 160, 60), (60, 70, 220)), strict=True
    ):
        rgb[top : top + height, left : left + width] = colour
        moved = left + round(CAMERA.fx * offset_m / away_m)
        depth[top : top + height, max(0, moved) : max(0, moved + width)] = away_m
    depth[rng.random(depth.shape) < 0.1] = 0.0
    return RgbdFrame(rgb, depth, CAMERA, Pose.identity(), 0.0)


@given(st.floats(-0.018, 0.018), st.integers(0, 100))
def test_the_offset_is_found_to_a_pixel_of_the_nearest_thing(offset_m: float, seed: int) -> None:
    found = beside_m(room(offset_m, seed))
    assert found == pytest.approx(offset_m, abs=1.6 * 0.7 / CAMERA.fx)


@given(st.floats(-0.018, 0.018))
def test_mended_depth_lies_where_the_things_are_seen(offset_m: float) -> None:
    seen = fitted(room(offset_m))
    assert seen is not None
    assert seen.registered
    for left, top, width, height, away_m in THINGS:
        inside = seen.depth[top + 2 : top + height - 2, left + 4 : left + width - 4]
        assert np.isclose(inside[inside > 0], away_m).mean() > 0.97  # a lost return may show what lies behind
        assert (inside > 0).mean() > 0.8


def test_what_is_registered_stays_as_it_is() -> None:
    frame = replace(room(0.01), registered=True)
    assert fitted(frame) is frame


@pytest.mark.parametrize("what", ["no depth", "no steps", "no borders", "borders everywhere", "another picture"])
def test_nothing_is_said_where_steps_and_borders_do_not_meet(what: str) -> None:
    frame = room(0.01)
    rng = np.random.default_rng(3)
    depth, rgb = frame.depth.copy(), frame.rgb.copy()
    if what == "no depth":
        depth[:] = 0.0
    elif what == "no steps":
        depth[:] = WALL_M
    elif what == "no borders":
        rgb[:] = 120
    elif what == "borders everywhere":
        rgb[:] = 255 * (np.arange(320) // 3 % 2)[None, :, None]
    else:
        rgb = np.ascontiguousarray(rng.permutation(rgb.reshape(-1, 3)).reshape(rgb.shape))
    assert beside_m(replace(frame, depth=depth, rgb=rgb)) is None
    assert fitted(replace(frame, depth=depth, rgb=rgb)) is None


def test_an_offset_beyond_those_tried_is_not_believed() -> None:
    assert beside_m(room(DEFAULT.most_m + 0.004)) is None
