"""What stands before its surroundings, and what is seen between nearer things."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perception.detection.foreground import is_background, is_too_large, margins_m
from perception.detection.settings import ForegroundSettings

FOCAL_PX = 552.0
RULES = ForegroundSettings()


def picture(left_m: float, own_m: float, right_m: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A mask 60 px wide and 200 high, its depth, and the depths left and right of it."""
    depth = np.empty((480, 640), np.float32)
    depth[:, :290], depth[:, 290:350], depth[:, 350:] = left_m, own_m, right_m
    mask = np.zeros(depth.shape, bool)
    mask[140:340, 290:350] = True
    return depth, mask


@pytest.mark.parametrize(
    ("left_m", "right_m", "background"),
    [
        (1.2, 1.2, False),  # before a wall
        (0.6, 1.2, False),  # beside something nearer
        (0.8, 1.2, False),
        (0.8, 0.8, False),  # on a flat wall: it may be thin
        (0.6, 0.6, True),  # between two nearer things
        (0.6, 0.8, True),  # wall beside a bottle
        (0.8, 0.6, True),
        (0.0, 0.6, False),  # who knows what is on the left
        (0.6, 0.0, False),
        (0.0, 0.0, False),
    ],
)
def test_what_lies_beside_decides(left_m: float, right_m: float, background: bool) -> None:
    depth, mask = picture(left_m, 0.8, right_m)
    assert is_background(depth, mask, FOCAL_PX, RULES) is background


def test_margins_are_metres() -> None:
    depth, mask = picture(0.6, 0.8, 1.25)
    assert margins_m(depth, mask, FOCAL_PX, RULES) == pytest.approx((0.8, -0.2, 0.45))


@given(
    left=st.floats(0.4, 1.5),
    own=st.floats(0.4, 1.5),
    right=st.floats(0.4, 1.5),
    shift=st.integers(-10, 10),
    seed=st.integers(0, 99),
)
def test_mirrored_shifted_and_noisy_depth_say_the_same(
    left: float, own: float, right: float, shift: int, seed: int
) -> None:
    tolerance = 0.01 + 0.01 * own
    if min(abs(abs(side - own) - tolerance) for side in (left, right)) < 0.004:
        return  # at the limit the noise may decide
    depth, mask = picture(left, own, right)
    expected = is_background(depth, mask, FOCAL_PX, RULES)
    assert is_background(depth[:, ::-1], mask[:, ::-1], FOCAL_PX, RULES) is expected
    rng = np.random.default_rng(seed)
    noisy = np.roll(depth, shift, axis=1) + rng.normal(0, 0.003, depth.shape).astype(np.float32)
    noisy[rng.random(depth.shape) < 0.3] = 0
    assert is_background(noisy, mask, FOCAL_PX, RULES) is expected


def test_without_depth_or_mask_nothing_is_said() -> None:
    depth, mask = picture(0.6, 0.8, 0.6)
    assert is_background(np.zeros_like(depth), mask, FOCAL_PX, RULES) is False
    assert is_background(depth, np.zeros_like(mask), FOCAL_PX, RULES) is False
    assert is_background(depth, np.ones_like(mask), FOCAL_PX, RULES) is False
    assert is_background(np.where(mask, 0, depth).astype(np.float32), mask, FOCAL_PX, RULES) is False
    assert is_too_large(np.zeros_like(depth), np.ones_like(mask), FOCAL_PX, RULES) is False
    assert is_too_large(depth, np.zeros_like(mask), FOCAL_PX, RULES) is False


@pytest.mark.parametrize("turn_rad", [0.0, 0.5, 1.2])
@pytest.mark.parametrize(("width_m", "too_large"), [(0.07, False), (0.18, False), (0.22, True), (0.4, True)])
def test_the_narrower_side_decides_however_it_lies(turn_rad: float, width_m: float, too_large: bool) -> None:
    at_m = 1.3
    wide, tall = width_m * FOCAL_PX / at_m, 1.5 * width_m * FOCAL_PX / at_m
    corners = cv2.boxPoints(((320.0, 240.0), (wide, tall), float(np.degrees(turn_rad))))
    mask = np.zeros((480, 640), np.uint8)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1)
    depth = np.full(mask.shape, at_m, np.float32)
    depth[::2] = 0  # half of it has no return
    assert is_too_large(depth, mask.astype(bool), FOCAL_PX, RULES) is too_large
