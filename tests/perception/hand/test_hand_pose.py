"""The rule from surface point to hand pose: what it promises, for any point, normal and width."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from behaviours.robots.spot.model import SPOT
from perception.geometry import unit
from perception.hand.hand_pose import hand_pose, hand_rotation

direction = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


@given(direction, direction)
def test_the_hand_looks_into_the_surface_along_any_axis(normal: tuple, axis: tuple) -> None:
    rotation = hand_rotation(normal, axis)
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    assert np.allclose(rotation[:, 0], -unit(normal))


@given(direction, direction)
def test_the_jaws_close_across_the_axis(normal: tuple, axis: tuple) -> None:
    assume(abs(unit(normal) @ unit(axis)) < np.cos(np.radians(10)))
    assert hand_rotation(normal, axis)[:, 2] @ unit(axis) == pytest.approx(0.0, abs=1e-9)


@given(direction, st.floats(0.02, 0.10), st.booleans())
def test_the_object_lies_between_the_jaws(normal: tuple, width: float, flat: bool) -> None:
    point = np.array([1.0, 2.0, 0.5])
    pose = hand_pose(point, normal, (0, 0, 1), width, SPOT.gripper, flat=flat)
    x, y, z = pose.inverse().transform(point)
    assert y == pytest.approx(0.0, abs=1e-9)
    assert z - width / 2 == pytest.approx(SPOT.gripper.fixed_jaw_z_m + SPOT.gripper.clearance_m)
    deepest = SPOT.gripper.max_depth_m if flat else SPOT.gripper.round_depth_m
    assert x == pytest.approx(-np.clip(width / 2, SPOT.gripper.min_depth_m, deepest))


def test_a_round_body_lies_less_deep_than_a_box_where_it_is_wide() -> None:
    depths = [[SPOT.gripper.depth_m(width, flat=flat) for flat in (False, True)] for width in (0.04, 0.06, 0.08)]
    assert [round_ < flat for round_, flat in depths] == [False, True, True]


def test_an_upright_bottle_ahead_is_gripped_with_the_hand_rolled() -> None:
    pose = hand_pose((1.0, 0.0, 0.6), (-1, 0, 0), (0, 0, 1), 0.07, SPOT.gripper)
    assert np.allclose(pose.rotation[:, 0], [1, 0, 0])
    assert np.allclose(pose.rotation[:, 1], [0, 0, 1])
    assert pose.rpy_rad[0] == pytest.approx(np.pi / 2)
