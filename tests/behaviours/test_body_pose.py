"""`SetBodyPose`: the fake goes where it is told within the speed, and the arm reaches further for it."""

from __future__ import annotations

import numpy as np
import pytest
from py_trees.common import Status

from behaviours.leaves.walking import SetBodyPose
from behaviours.robots.fake.robot import FakeRobot
from behaviours.robots.spot import arm
from behaviours.robots.spot.model import HIP_M, SPOT, SPOT_LIMITS
from perception.geometry import Pose
from perception.hand.family import WAYS, rotation_of
from tests.behaviours.test_task_leaves import leaf

FOOT_M, HIP_OFF_M = 0.036, 0.298
AHEAD_M = (0.5, 0.6, 0.7, 0.8, 0.9)
BACK = Pose(np.eye(3), np.array([-0.12, 0.0, 0.0]))


def reached(height_m: float, pitch_rad: float, point_z_m: float) -> int:
    """How many hands from the top, 55 mm over a point ahead, the arm reaches with the pose before them."""
    body = Pose.from_rpy((0.0, pitch_rad, 0.0), (0.0, 0.0, SPOT.body_height_m + height_m)).inverse()
    count = 0
    for way in [way for way in WAYS if way.approach == "top" and way.depth == "tips"]:
        rotation = rotation_of(way, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0))
        for turned in (rotation, rotation * (1.0, -1.0, -1.0)):
            for x in AHEAD_M:
                hand = body @ Pose(turned, np.array([x, 0.0, point_z_m + 0.055]))
                joints = arm.inverse(hand)
                count += joints is not None and arm.inverse(hand @ BACK, joints) is not None
    return count


@pytest.mark.slow
def test_a_lower_body_reaches_more_of_the_floor_and_one_with_its_nose_up_over_a_table() -> None:
    assert reached(-SPOT_LIMITS.body_lower_m, 0.0, 0.02) > reached(0.0, 0.0, 0.02) >= 25
    assert reached(SPOT_LIMITS.body_raise_m, -SPOT_LIMITS.body_pitch_rad, 0.92) > reached(0.0, 0.0, 0.92) == 0


@pytest.mark.parametrize("height_m", [-SPOT_LIMITS.body_lower_m, SPOT_LIMITS.body_raise_m])
@pytest.mark.parametrize("pitch_rad", [-SPOT_LIMITS.body_pitch_rad, SPOT_LIMITS.body_pitch_rad])
def test_every_pose_within_the_limits_is_one_of_the_legs(height_m: float, pitch_rad: float) -> None:
    knee_rad = np.radians(14)
    longest_m = np.hypot(0.3205 + 0.335 * np.cos(knee_rad), 0.335 * np.sin(knee_rad)) + FOOT_M
    for end in (-HIP_OFF_M, HIP_OFF_M):
        assert 0.2 < SPOT.body_height_m + height_m + end * np.sin(pitch_rad) < longest_m


def test_the_body_keeps_its_speed_and_the_hand_goes_along() -> None:
    with FakeRobot() as robot:
        held = robot.body_pose().inverse() @ robot.hand_pose()
        pose = leaf(SetBodyPose, robot, height_m=-0.1, pitch_rad=0.3, max_speed_mps=0.1)
        nose_m, end = [], np.array([HIP_M, 0.0, 0.0])
        while pose.status is not Status.SUCCESS:
            pose.tick_once()
            assert pose.status is not Status.FAILURE
            nose_m.append(robot.body_pose().transform(end)[2])
            robot.sleep(0.05)
        assert robot.body_pose().position_m[2] == pytest.approx(SPOT.body_height_m - 0.1)
        assert robot.body_pose().rpy_rad[1] == pytest.approx(0.3)
        assert (robot.body_pose().inverse() @ robot.hand_pose()).distance_m(held) < 1e-9
        assert 0.0 < np.abs(np.diff(nose_m)).max() / 0.05 <= 0.1 + 1e-6


def test_a_halted_leaf_leaves_the_body_where_it_is() -> None:
    with FakeRobot() as robot:
        pose = leaf(SetBodyPose, robot, height_m=-0.15, max_speed_mps=0.1)
        pose.tick_once()
        robot.sleep(0.5)
        pose.stop(Status.INVALID)
        z_m = robot.body_pose().position_m[2]
        robot.sleep(0.5)
        assert SPOT.body_height_m - 0.1 < robot.body_pose().position_m[2] == z_m < SPOT.body_height_m
