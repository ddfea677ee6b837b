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


@given(direction, st.floats(0.02, 0.10))
def test_the_object_lies_between_the_jaws(normal: tuple, width: float) -> None:
    point = np.array([1.0, 2.0, 0.5])
    pose = hand_pose(point, normal, (0, 0, 1), width, SPOT.gripper)
    x, y, z = pose.inverse().transform(point)
    assert y == pytest.approx(0.0, abs=1e-9)
    assert z - width / 2 == pytest.approx(SPOT.gripper.fixed_jaw_z_m + SPOT.gripper.clearance_m)
    assert -SPOT.gripper.max_depth_m - 1e-9 <= x <= -SPOT.gripper.min_depth_m + 1e-9


def test_an_upright_bottle_ahead_is_gripped_with_the_hand_rolled() -> None:
    pose = hand_pose((1.0, 0.0, 0.6), (-1, 0, 0), (0, 0, 1), 0.07, SPOT.gripper)
    assert np.allclose(pose.rotation[:, 0], [1, 0, 0])
    assert np.allclose(pose.rotation[:, 1], [0, 0, 1])
    assert pose.rpy_rad[0] == pytest.approx(np.pi / 2)
