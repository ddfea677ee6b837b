"""Group laws of rigid transforms, round trips of their representations, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.geometry import Pose, rotation_vector, unit, wrapped_rad

angle = st.floats(-3.1, 3.1)
metre = st.floats(-10.0, 10.0)
poses = st.builds(lambda r, p: Pose.from_rpy(r, p), st.tuples(angle, angle, angle), st.tuples(metre, metre, metre))


def close(a: Pose, b: Pose) -> bool:
    return a.distance_m(b) < 1e-9 and np.allclose(a.rotation, b.rotation, atol=1e-9)


@given(poses, poses, poses)
def test_product_is_associative_with_identity_and_inverse(a: Pose, b: Pose, c: Pose) -> None:
    assert close((a @ b) @ c, a @ (b @ c))
    assert close(a @ Pose.identity(), a)
    assert close(a @ a.inverse(), Pose.identity())
    assert close((a @ b).inverse(), b.inverse() @ a.inverse())


@given(poses, poses, st.tuples(metre, metre, metre))
def test_product_maps_points_as_its_factors_do(a: Pose, b: Pose, point: tuple[float, float, float]) -> None:
    assert np.allclose((a @ b).transform(point), a.transform(b.transform(point)), atol=1e-8)
    batch = np.array([point, point])
    assert np.allclose(a.transform(batch)[1], a.transform(point))


@given(poses)
def test_representations_round_trip(a: Pose) -> None:
    assert close(Pose.from_quaternion(a.quaternion_wxyz, a.position_m), a)
    assert a.quaternion_wxyz[0] >= 0
    assert close(Pose.from_matrix(a.matrix()), a)
    assert np.allclose(Pose.from_rpy(a.rpy_rad, a.position_m).rotation, a.rotation, atol=1e-7)


@given(angle)
def test_yaw_and_angle_of_a_turn_about_z(yaw: float) -> None:
    turned = Pose.from_rpy((0.0, 0.0, yaw))
    assert turned.yaw_rad == pytest.approx(yaw)
    assert turned.angle_rad(Pose.identity()) == pytest.approx(abs(yaw), abs=1e-6)


@pytest.mark.parametrize(
    ("rotation", "position", "message"),
    [
        (np.eye(3) * 2, np.zeros(3), "not a rotation"),
        (np.diag([1.0, 1.0, -1.0]), np.zeros(3), "not a rotation"),
        (np.eye(2), np.zeros(3), r"shape \(2, 2\)"),
        (np.eye(3), np.zeros(4), r"shape \(4,\)"),
        (np.eye(3), np.array([0.0, np.nan, 0.0]), "not finite"),
    ],
)
def test_what_is_no_pose_is_refused(rotation: np.ndarray, position: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pose(rotation, position)


def test_a_pose_cannot_be_changed_through_its_arrays() -> None:
    position = np.zeros(3)
    pose = Pose(np.eye(3), position)
    position[0] = 5.0
    assert pose.position_m[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        pose.position_m[0] = 1.0


def test_a_zero_vector_has_no_direction() -> None:
    with pytest.raises(ValueError, match="no direction"):
        unit((0.0, 0.0, 0.0))


@given(poses, poses, st.floats(0, 1))
def test_the_way_to_another_pose_is_straight_and_even(a: Pose, b: Pose, fraction: float) -> None:
    between = a.towards(b, fraction)
    assert between.distance_m(a) == pytest.approx(fraction * a.distance_m(b), abs=1e-9)
    assert between.angle_rad(a) == pytest.approx(fraction * a.angle_rad(b), abs=1e-6)
    assert close(a.towards(b, 0.0), a)
    assert np.allclose(a.towards(b, 1.0).rotation, b.rotation, atol=1e-7)


@given(poses)
def test_rotations_agree_with_scipy(a: Pose) -> None:
    from scipy.spatial.transform import Rotation

    reference = Rotation.from_matrix(a.rotation)
    assert np.allclose(Rotation.from_rotvec(rotation_vector(a.rotation)).as_matrix(), a.rotation, atol=1e-9)
    assert (
        np.allclose(reference.as_quat(canonical=True)[[3, 0, 1, 2]], a.quaternion_wxyz, atol=1e-9)
        or abs(a.quaternion_wxyz[0]) < 1e-9
    )


@given(st.floats(-3.1, 3.1), st.integers(-5, 5))
def test_a_wrapped_angle_loses_its_whole_turns(angle_rad: float, turns: int) -> None:
    assert wrapped_rad(angle_rad + turns * 2 * np.pi) == pytest.approx(angle_rad, abs=1e-9)
    assert abs(wrapped_rad(np.pi + turns * 2 * np.pi)) == pytest.approx(np.pi)
