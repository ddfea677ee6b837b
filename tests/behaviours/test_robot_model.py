"""Leaves and perception know a robot by its model alone: another robot's reach, jaws and camera change what they do."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from behaviours.contract.common import finish, ready
from behaviours.leaves.looking import USUAL_RAD, LookAt, looking_pose
from behaviours.leaves.placing import HoldAt
from behaviours.leaves.seeing import ComputeGraspPose
from behaviours.robots.fake.robot import FakeRobot
from behaviours.settings import LookingSettings
from perception.geometry import Pose
from perception.surface.locate import ObjectLocation
from perception.types import Grasp, Heatmap, Rejection
from perception.view import View
from tests.behaviours.test_task_leaves import leaf, location

sys.path.insert(0, str(Path(__file__).parents[1] / "example_robot"))
from example_robot.detector import ColourDetector
from example_robot.robot import ToyRobot

ROBOTS = [FakeRobot, ToyRobot]


@pytest.mark.parametrize("make", ROBOTS)
def test_each_robot_looks_with_its_own_camera(make: Any) -> None:
    robot, bottle = make(), location(1.1, 0.1, 0.4)
    hand = looking_pose(robot.model, robot.body_pose(), bottle.position_m, 0.45, USUAL_RAD, LookingSettings())
    assert hand is not None
    x, y, z = (hand @ robot.model.hand_from_camera).inverse().transform(bottle.position_m)
    assert (x, y) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert z == pytest.approx(0.45, abs=0.11)


def test_a_camera_mounted_otherwise_turns_the_hand() -> None:
    bottle = location(1.1, 0.1, 0.4)
    body, looking = ToyRobot().body_pose(), LookingSettings()
    hands = [looking_pose(make.model, body, bottle.position_m, 0.45, USUAL_RAD, looking) for make in ROBOTS]
    assert hands[0] is not None
    assert hands[1] is not None
    assert hands[0].angle_rad(hands[1]) > 0.1


@pytest.mark.parametrize(("forward_m", "reached"), [(0.7, ROBOTS), (1.25, [ToyRobot]), (1.45, [])])
def test_each_arm_reaches_as_far_as_its_model_says(forward_m: float, reached: list[Any]) -> None:
    able = []
    for make in ROBOTS:
        with make() as robot:
            ready(robot)
            plan = leaf(HoldAt, robot, forward_m=forward_m, up_m=0.0, max_speed_mps=0.3).plan()()
            able += [] if isinstance(plan, Rejection) else [make]
    assert able == reached


def test_a_view_that_the_model_does_not_reach_is_refused() -> None:
    class NoReach:
        shoulder_m = np.zeros(3)

        def joints_at(self, body_from_hand: Pose, seed: Any = None) -> None:
            return None

    robot = FakeRobot()
    robot.model = replace(robot.model, arm=NoReach())
    look = leaf(LookAt, robot, object=location(1.1, 0.1, 0.4), distance_m=0.45, max_speed_mps=0.3)
    assert "out of reach" in look.start()


def test_each_gripper_closes_about_the_object_as_its_jaws_are() -> None:
    with ToyRobot() as robot:
        ahead = robot.body_pose() @ Pose(np.eye(3), np.array([0.8, 0.0, 0.0]))
        finish(robot, robot.walk_to(ahead, max_speed_mps=0.5, max_yaw_rate_radps=0.5))
        ready(robot)
        frame = robot.capture("hand")
        view = View(frame, ColourDetector().detect(frame, ("bottle",), 0.5)[0])
        assert isinstance(view.location, ObjectLocation)
        quality = Heatmap(view.detection.mask.astype(np.float32))
        heights = []
        for model in (ToyRobot.model, FakeRobot.model):
            robot.model = replace(model, arm=ToyRobot.model.arm)
            grasp = leaf(ComputeGraspPose, robot, detection=view, heatmap=quality).work()()
            assert isinstance(grasp, Grasp), grasp
            heights.append(float(grasp.world_from_hand.inverse().transform(grasp.point_world_m)[2]))
        assert heights[1] - heights[0] == pytest.approx(0.04, abs=0.005), "the fixed jaws are so far apart"
