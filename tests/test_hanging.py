"""Grips for carrying: the part of a heatmap that is left, and how deep the object sits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.geometry import Pose
from perception.hand_pose import hand_pose
from perception.hanging import seated, upper_part
from perception.locate import ObjectLocation
from perception.types import Grasp, Heatmap, Intrinsics, RgbdFrame

CAMERA = Intrinsics(64, 48, 50.0, 50.0, 32.0, 24.0)
LOOKING_ALONG_X = Pose(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.array([0.0, 0.0, 1.0]))
EVERYWHERE = Heatmap(np.full(CAMERA.shape, 0.5, np.float32))
MIDDLE = np.array([1.0, 0.0, 1.0])
BOTTLE = ObjectLocation("bottle", MIDDLE, MIDDLE - [0.03, 0.0, 0.0], 0.06, 0.8, 1.2)
"""0.4 m high, its middle on the camera's axis, 1 m away: 50 px per metre."""


def frame() -> RgbdFrame:
    picture = np.zeros((*CAMERA.shape, 3), np.uint8)
    return RgbdFrame(picture, np.zeros(CAMERA.shape, np.float32), CAMERA, LOOKING_ALONG_X, 0.0)


@pytest.mark.parametrize(("least_height", "last_row"), [(0.49, 24), (0.74, 19), (0.24, 29), (0.99, 14)])
def test_nothing_below_the_line_is_left_and_everything_above_it(least_height: float, last_row: int) -> None:
    quality = upper_part(EVERYWHERE, frame(), BOTTLE, least_height).quality
    assert quality[: last_row + 1].min() == 0.5
    assert quality[last_row + 1 :].max() == 0.0


def test_without_a_least_height_and_behind_the_camera_it_is_left_alone() -> None:
    assert upper_part(EVERYWHERE, frame(), BOTTLE, 0.0) is EVERYWHERE
    behind = ObjectLocation("bottle", -MIDDLE, -MIDDLE, 0.06, -1.2, -0.8)
    assert upper_part(EVERYWHERE, frame(), behind, 0.5) is EVERYWHERE


@given(width=st.floats(0.02, 0.1), depth=st.floats(0.0, 0.05), yaw=st.floats(-3.0, 3.0))
def test_a_hand_goes_only_further_on_along_its_own_axis(width: float, depth: float, yaw: float) -> None:
    normal = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    point = np.array([1.0, 2.0, 0.7])
    hand = hand_pose(point, normal, [0.0, 0.0, 1.0], width)
    grasp = Grasp((1, 1), 0.4, point, normal, hand, width, 0.9)
    moved = seated(grasp, depth).world_from_hand
    before, after = -hand.inverse().transform(point)[0], -moved.inverse().transform(point)[0]
    assert after == pytest.approx(max(before, depth))
    assert np.array_equal(moved.rotation, hand.rotation)
    assert np.cross(moved.position_m - hand.position_m, normal) == pytest.approx(0.0, abs=1e-9)
