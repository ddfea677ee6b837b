"""Spot's own pick, over gRPC to the simulated Spot: what is asked for, and what its feedback means."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import manipulation_api_pb2 as api

from behaviours.contract.common import finish, ready
from behaviours.robot import CommandState
from behaviours.robots.fake.robot import FakeDetector, FakeRobot
from behaviours.robots.fake.world import FakeWorld
from behaviours.robots.spot.motion import pick
from perception.geometry import Pose
from perception.types import Approach
from simulation.spot_api.body.frames import Posture
from simulation.spot_api.commands.grasp_plan import allowed
from tests.support.spot_api import spot
from tests.support.spot_robot import adapter

DOWN = Pose.from_rpy((0.0, np.pi / 2, 0.0))
ROLLED = Pose.from_rpy((np.pi / 2, 0.0, 0.0))


def ask(approach: Approach) -> Any:
    with FakeRobot() as robot:
        frame = robot.capture("hand")
    return frame, pick.request(frame, (300, 200), approach, 0.75).pick_object_in_image


def test_the_request_says_where_and_does_not_walk() -> None:
    frame, asked = ask("any")
    assert (asked.pixel_xy.x, asked.pixel_xy.y) == (300, 200)
    assert asked.walk_gaze_mode == api.PICK_NO_AUTO_WALK_OR_GAZE
    assert asked.grasp_params.grasp_palm_to_fingertip == 0.75
    assert asked.camera_model.intrinsics.focal_length.x == pytest.approx(frame.intrinsics.fx)


@pytest.mark.parametrize(
    ("approach", "hands"), [("any", (True, True, True)), ("side", (False, True, False)), ("top", (True, False, False))]
)
def test_an_approach_allows_its_hands_alone(approach: Approach, hands: tuple[bool, ...]) -> None:
    _, asked = ask(approach)
    poses, body = (DOWN, ROLLED, Pose.identity()), Pose.identity()
    assert tuple(allowed(pose, asked.grasp_params, Posture(body, body, 0.0)) for pose in poses) == hands


ENDS = {
    api.MANIP_STATE_GRASP_SUCCEEDED: CommandState.DONE,
    api.MANIP_STATE_DONE: CommandState.FAILED,
    api.MANIP_STATE_GRASP_FAILED: CommandState.FAILED,
    api.MANIP_STATE_GRASP_PLANNING_NO_SOLUTION: CommandState.FAILED,
    api.MANIP_STATE_GRASP_FAILED_TO_RAYCAST_INTO_MAP: CommandState.FAILED,
}


@pytest.mark.parametrize("state", api.ManipulationFeedbackState.values())
def test_every_state_of_the_feedback_has_a_meaning(state: int) -> None:
    outcome = pick.judge(SimpleNamespace(current_state=state), None, 0.0)  # type: ignore[arg-type]
    assert outcome.state is ENDS.get(state, CommandState.RUNNING)
    assert outcome.state is not CommandState.FAILED or api.ManipulationFeedbackState.Name(state) in outcome.reason


@pytest.mark.slow
def test_it_holds_the_bottle_that_was_shown_with_the_torque_that_was_asked_for() -> None:
    world = FakeWorld(bottle_m=np.array([1.0, 0.1, 0.4]), table_m=(1.08, 0.1, 0.4))
    with spot(FakeRobot(world=world), speed=4.0) as server, adapter(server) as robot:
        ready(robot)
        frame = robot.capture("hand")
        u0, v0, u1, v1 = FakeDetector().detect(frame, ("bottle",), 0.1)[0].box_uv
        command = robot.pick_in_image(
            frame,
            (round((u0 + u1) / 2), round((v0 + v1) / 2)),
            approach="side",
            palm_to_fingertip=0.5,
            max_torque_nm=2.0,
        )
        body = robot.body_pose()
        assert finish(robot, command, limit_s=120.0) is CommandState.DONE, command.poll().reason
        assert robot.gripper().holding
        assert robot.body_pose().distance_m(body) < 0.02, "it has walked"
        assert server.world.call(lambda body: body.gripper().torque_nm) <= 2.0 + 1e-6
