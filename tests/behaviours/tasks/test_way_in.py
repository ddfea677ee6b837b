"""The hand gets to the pre-grasp of every way of the family, and from there straight in and up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from behaviours.leaves.moving import MoveToPreGrasp, way_to
from behaviours.robots.fake.robot import FakeRobot
from behaviours.robots.spot import arm
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose, Vector
from perception.hand.family import WAYS, Way, rotation_of
from simulation.genesis.motions import straight_path
from tests.behaviours.test_task_leaves import grasp, leaf

BODY = Pose(np.eye(3), np.array([0.0, 0.0, SPOT.body_height_m]))
READY = BODY @ arm.forward(arm.READY)
STANDOFF_M, LIFT_M, STRAIGHT_M = 0.12, 0.15, 0.01
HEIGHTS_M = (0.02, 0.12, 0.32, 0.52, 0.72)
STEEP_WAYS = [way for way in WAYS if way.approach != "side" and way.depth == "tips"]


def back(hand: Pose) -> Pose:
    return Pose(hand.rotation, hand.position_m - STANDOFF_M * hand.rotation[:, 0])


def grasps(way: Way, point_z_m: float) -> Iterator[Pose]:
    """world_from_hand with the finger tips at points ahead, both turns, as far as the arm reaches them."""
    facing = (0.0, 0.0, 1.0) if way.approach == "top" else (-1.0, 0.0, 0.0)
    rotation = rotation_of(way, facing, (1.0, 0.0, 0.0))
    for turned in (rotation, rotation * (1.0, -1.0, -1.0)):
        for x in (0.6, 0.7, 0.8):
            hand = Pose(turned, np.array([x, 0.0, point_z_m]) - 0.055 * turned[:, 0])
            joints = arm.inverse(BODY.inverse() @ hand)
            if joints is not None and arm.inverse(BODY.inverse() @ back(hand), joints) is not None:
                yield hand


def piece(start: Pose, goal: Pose, joints: Vector) -> tuple[Vector, float]:
    """The joints at the end of a motion of the simulated arm, and how far the hand leaves the straight line, metres."""
    start, goal = BODY.inverse() @ start, BODY.inverse() @ goal
    path = straight_path(start, goal, joints)
    assert not isinstance(path, str), path
    points = np.array([arm.forward(each).position_m for each in path]) - start.position_m
    line = goal.position_m - start.position_m
    along = np.clip(points @ line / max(float(line @ line), 1e-9), 0.0, 1.0)
    return path[-1], float(np.linalg.norm(points - along[:, None] * line, axis=1).max())


@pytest.mark.slow
@pytest.mark.parametrize("point_z_m", HEIGHTS_M)
@pytest.mark.parametrize("way", STEEP_WAYS, ids=lambda way: way.name)
def test_the_hand_comes_from_over_a_grasp_and_goes_straight_in_and_up(way: Way, point_z_m: float) -> None:
    seen = 0
    for hand in grasps(way, point_z_m):
        seen += 1
        poses = way_to(SPOT, BODY, READY, back(hand))
        joints, _ = piece(READY, poses[0], np.array(arm.READY))
        assert len(poses) in ((1,) if way.approach == "oblique" else (2, 3))
        for start, goal in pairwise(poses):
            joints, off_m = piece(start, goal, joints)
            assert off_m < STRAIGHT_M
        raised = Pose(hand.rotation, hand.position_m + np.array([0.0, 0.0, LIFT_M]))
        for start, goal in ((back(hand), hand), (hand, raised)):
            joints, off_m = piece(start, goal, joints)
            assert off_m < STRAIGHT_M
    assert seen >= 3


def test_a_level_hand_goes_straight_as_ever() -> None:
    goal = Pose(READY.rotation, READY.position_m + 0.1)
    assert way_to(SPOT, BODY, READY, goal) == [goal]


def test_the_hand_turns_down_over_its_place_not_lower_than_the_goal() -> None:
    goal = back(next(grasps(STEEP_WAYS[-1], 0.72)))
    first, *_, last = way_to(SPOT, BODY, READY, goal)
    assert last is goal
    assert first.position_m[2] == max(READY.position_m[2], goal.position_m[2])
    assert first.position_m[:2] == pytest.approx(READY.position_m[:2])


def test_the_leaf_goes_all_the_way() -> None:
    with FakeRobot() as robot:
        robot.move_arm("ready", max_joint_speed_radps=2.0)
        robot.sleep(2.0)
        hand = next(grasps(STEEP_WAYS[1], 0.12))
        motion = leaf(MoveToPreGrasp, robot, grasp=grasp(hand), standoff_m=STANDOFF_M, max_speed_mps=0.5)
        for _ in range(400):
            motion.tick_once()
            if motion.status.name != "RUNNING":
                break
            robot.sleep(0.05)
        assert motion.status.name == "SUCCESS", motion.feedback_message
        assert robot.hand_pose().distance_m(back(hand)) < 1e-6
        assert len([part for part, _ in robot.commands if part == "arm"]) == 4
