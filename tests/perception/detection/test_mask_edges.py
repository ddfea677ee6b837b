"""A coarse mask follows the picture's edges, and stays where there are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from perception.detection.mask_edges import brightness, follow_edges

RADIUS = 10


def bar(left: int, right: int) -> NDArray[np.float32]:
    picture = np.zeros((120, 160), np.float32)
    picture[20:100, left:right] = 1.0
    return picture


def overlap(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    return float((one & two).sum() / (one | two).sum())


@pytest.mark.parametrize("off", [-6, 6])
def test_a_mask_beside_the_object_moves_onto_it(off: int) -> None:
    true = bar(60, 90)
    picture = np.uint8(60 + 120 * true)[..., None].repeat(3, axis=2)
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    coarse = cv2.GaussianBlur(bar(60 + off, 90 + off), (0, 0), 4.0)
    moved = follow_edges(coarse, brightness(noisy), RADIUS) > 0.5
    assert overlap(moved, true > 0) > 0.83 > 0.73 > overlap(coarse > 0.5, true > 0)


def test_without_edges_it_stays_but_for_its_corners() -> None:
    mask = bar(50, 110)
    flat = np.full((120, 160, 3), 90, np.uint8)
    assert overlap(follow_edges(mask, brightness(flat), RADIUS) > 0.5, mask > 0) > 0.92


def test_an_edge_further_away_than_the_radius_does_not_draw_it() -> None:
    mask, guide = bar(40, 80), bar(120, 150)
    assert overlap(follow_edges(mask, guide, 5) > 0.5, mask > 0) > 0.92
