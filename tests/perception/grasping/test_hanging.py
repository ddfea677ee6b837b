"""Grips for carrying: the part of a heatmap that is left, and how far out the object sits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from perception.grasping.hanging import clip_to_height_range, further_out
from perception.grasping.settings import GraspSettings
from perception.hand.hand_pose import hand_pose
from perception.surface.locate import ObjectLocation
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
    quality = clip_to_height_range(EVERYWHERE, frame(), BOTTLE, least_height, 1.0).quality
    assert quality[: last_row + 1].min() == 0.5
    assert quality[last_row + 1 :].max() == 0.0


@pytest.mark.parametrize(("greatest_height", "first_row"), [(0.51, 24), (0.76, 19), (0.26, 29)])
def test_nothing_above_the_other_line_is_left(greatest_height: float, first_row: int) -> None:
    quality = clip_to_height_range(EVERYWHERE, frame(), BOTTLE, 0.0, greatest_height).quality
    assert quality[:first_row].max() == 0.0
    assert quality[first_row:].min() == 0.5


def test_between_two_heights_a_band_is_left() -> None:
    quality = clip_to_height_range(EVERYWHERE, frame(), BOTTLE, 0.24, 0.76).quality
    assert np.flatnonzero(quality[:, 0]).tolist() == list(range(19, 30))


def test_without_heights_and_behind_the_camera_it_is_left_alone() -> None:
    assert clip_to_height_range(EVERYWHERE, frame(), BOTTLE, 0.0, 1.0) is EVERYWHERE
    behind = ObjectLocation("bottle", -MIDDLE, -MIDDLE, 0.06, -1.2, -0.8)
    assert clip_to_height_range(EVERYWHERE, frame(), behind, 0.5, 1.0) is EVERYWHERE


FULL_NONE_M = GraspSettings().out_width_m


@given(width=st.floats(0.02, 0.1), out=st.floats(0.0, 0.03), yaw=st.floats(-3.0, 3.0))
def test_further_out_the_hand_is_drawn_back_along_its_own_axis(width: float, out: float, yaw: float) -> None:
    normal = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    point = np.array([1.0, 2.0, 0.7])
    hand = hand_pose(point, normal, [0.0, 0.0, 1.0], width, SPOT.gripper)
    moved = further_out(Grasp((1, 1), 0.4, point, normal, hand, width, 0.9), out, FULL_NONE_M).world_from_hand
    by = moved.inverse().transform(point) - hand.inverse().transform(point)
    assert by[1:] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert -1e-9 <= by[0] <= out + 1e-9
    if width <= FULL_NONE_M[0]:
        assert by[0] == pytest.approx(out, abs=1e-9)
    if width >= FULL_NONE_M[1]:
        assert by[0] == pytest.approx(0.0, abs=1e-9), "the wedge of the jaws squeezes wide objects out"
    assert np.array_equal(moved.rotation, hand.rotation)
