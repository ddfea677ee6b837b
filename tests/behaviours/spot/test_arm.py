"""The arm's kinematics: the recorded stow pose, limits, and inverse as the inverse of forward."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from behaviours.leaves.moving import ArmPoseName
from behaviours.robot import ArmPose
from behaviours.robots.spot.arm import (
    CARRY,
    JOINTS,
    LOWER,
    POSES,
    READY,
    STOW,
    UPPER,
    forward,
    inverse,
    postures,
)
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose

joints = st.tuples(*[st.floats(float(low), float(high)) for low, high in zip(LOWER, UPPER, strict=True)])


def test_stow_is_where_a_robot_was_recorded_to_stow() -> None:
    assert np.allclose(forward(STOW).position_m, [0.5526, 0.0022, 0.2636], atol=0.0025)


def test_the_robots_the_leaves_and_the_arm_name_the_same_poses() -> None:
    assert set(POSES) == set(get_args(ArmPose)) == {pose.value for pose in ArmPoseName}


def test_the_straight_arm_reaches_as_far_as_its_links() -> None:
    straight = forward(np.zeros(6)).position_m
    assert np.allclose(straight, [0.292 + 0.3385 + 0.4033 + 0.19557, 0.0, 0.188 + 0.075])


@pytest.mark.parametrize("pose", [STOW, READY, CARRY])
def test_named_poses_are_within_limits(pose: tuple[float, ...]) -> None:
    assert (np.array(pose) >= LOWER).all()
    assert (np.array(pose) <= UPPER).all()


def test_ready_holds_the_hand_level_with_the_camera_a_little_down() -> None:
    hand = forward(READY)
    assert hand.rpy_rad[0] == pytest.approx(0.0, abs=1e-6)
    assert hand.position_m[1] == pytest.approx(0.0, abs=1e-9)
    assert 0.5 < hand.position_m[0] < 0.75
    right, down, ahead = (hand @ SPOT.hand_from_camera).rotation.T
    assert -np.radians(8) < np.arcsin(ahead[2]) < 0
    assert down[2] < -0.99, "the picture is upright"
    assert right[1] < -0.99


def test_the_colour_camera_looks_nine_degrees_up_from_a_level_hand() -> None:
    ahead = SPOT.hand_from_camera.rotation[:, 2]
    assert np.allclose(ahead, [np.cos(np.radians(9)), 0.0, np.sin(np.radians(9))], atol=1e-9)
    assert np.allclose(SPOT.hand_from_camera.position_m, [0.13806 - 0.19557, 0.020205, 0.02452])


@given(joints)
def test_forward_is_a_rigid_pose_within_reach(angles: tuple[float, ...]) -> None:
    pose = forward(angles)
    wrist = pose.position_m - 0.19557 * pose.rotation[:, 0]
    assert np.linalg.norm(wrist - JOINTS[0].origin_m) <= 0.3385 + np.hypot(0.4033, 0.075) + 1e-9


@given(joints)
def test_inverse_started_nearby_comes_back_to_the_pose(angles: tuple[float, ...]) -> None:
    pose = forward(angles)
    found = inverse(pose, np.clip(np.array(angles) + 0.01, LOWER, UPPER))
    assert found is not None
    assert (found >= LOWER).all()
    assert (found <= UPPER).all()
    assert forward(found).distance_m(pose) < 6e-4
    assert forward(found).angle_rad(pose) < 3e-3


@given(joints, joints)
def test_the_postures_of_a_pose_are_all_of_them_nearest_first(
    angles: tuple[float, ...], like: tuple[float, ...]
) -> None:
    pose = forward(angles)
    found = postures(pose, np.array(angles))
    assert found
    for posture in found:
        assert (posture >= LOWER).all()
        assert (posture <= UPPER).all()
        assert forward(posture).distance_m(pose) < 6e-4
        assert forward(posture).angle_rad(pose) < 3e-3
    if min(abs(angles[4]), abs(angles[2] - 0.18)) > 1e-3:  # a straight arm or wrist has a continuum of postures
        assert np.allclose(found[0], angles, atol=1e-4)
    away = [np.abs(posture - like).max() for posture in postures(pose, np.array(like))]
    assert away == sorted(away)


def test_without_a_seed_the_arm_does_not_reach_over_its_back() -> None:
    behind = forward([np.pi, -2.2, 1.0, 0.0, 0.0, 0.0])
    assert behind.position_m[0] > JOINTS[0].origin_m[0]
    found = inverse(behind)
    assert found is None or abs(found[0]) < np.pi / 2


def test_inverse_without_a_seed_finds_the_poses_of_the_task() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        roll = rng.choice([-np.pi / 2, 0.0, np.pi / 2])
        place = rng.uniform([0.75, -0.1, 0.0], [0.85, 0.1, 0.35])
        goal = Pose.from_rpy((roll, rng.uniform(-0.2, 0.3), rng.uniform(-0.3, 0.3)), place)
        found = inverse(goal)
        assert found is not None, goal
        assert forward(found).distance_m(goal) < 6e-4


def test_inverse_is_deterministic() -> None:
    goal = Pose.from_rpy((1.5708, 0.0, 0.1), (0.8, 0.05, 0.2))
    first, second = inverse(goal), inverse(goal)
    assert first is not None
    assert np.array_equal(first, second)


@pytest.mark.parametrize("place", [(1.5, 0.0, 0.2), (0.3, 0.0, 1.5), (0.0, 0.0, -2.0)])
def test_out_of_reach_is_none(place: tuple[float, ...]) -> None:
    assert inverse(Pose(np.eye(3), np.array(place))) is None


@pytest.mark.parametrize("count", [0, 5, 7])
def test_another_number_of_joints_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="6 joints"):
        forward(np.zeros(count))
