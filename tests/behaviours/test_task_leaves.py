"""The leaves of the tasks, one by one: geometry as laws, the rest on the fake robot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_trees.common import Status

from behaviours.leaves.choosing import ChooseView, Views, best_quality
from behaviours.leaves.gripping import AwaitPull
from behaviours.leaves.moving import MoveJawToObject, RetreatHand
from behaviours.leaves.places import OffsetPose, RememberPlace, RememberPose
from behaviours.leaves.placing import LowerObject, StandsUpright, foot_in_hand, moved_to, turned
from behaviours.leaves.walking import STEP_RAD, WalkAround, poses_round
from behaviours.robot import GripperState
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot, FakeScript
from behaviours.services import Services
from behaviours.settings import LookingSettings
from behaviours.worker import Worker
from perception.geometry import Pose
from perception.surface.locate import ObjectLocation
from perception.types import Detection, Grasp, Heatmap

angle = st.floats(-3.1, 3.1)
metre = st.floats(-5.0, 5.0)


class Ports:
    """Ports as a plain dictionary, defaults first."""

    def __init__(self, kind: Any, **values: Any) -> None:
        self.values = {port.name: port.default for port in kind.PORTS if not port.required} | values

    def get(self, name: str) -> Any:
        return self.values[name]

    def set(self, name: str, value: Any) -> None:
        self.values[name] = value


def services(robot: Any) -> Services:
    return Services(robot, FakeDetector(), FakeHeatmap(), Worker())


def leaf(kind: Any, robot: Any, **values: Any) -> Any:
    return kind(kind.__name__, Ports(kind, **values), services(robot))


def location(x: float, y: float, bottom: float, height: float = 0.2) -> ObjectLocation:
    middle = np.array([x, y, bottom + height / 2])
    return ObjectLocation("bottle", middle, middle - [0.03, 0.0, 0.0], 0.06, bottom, bottom + height)


def grasp(hand: Pose) -> Grasp:
    return Grasp((1, 1), 0.5, hand.position_m, np.array([-1.0, 0.0, 0.0]), hand, 0.06, 0.9)


@given(x=metre, y=metre, yaw=angle, turn=st.floats(-6.0, 6.0), distance=st.floats(0.5, 2.0))
def test_a_walk_round_a_point_stays_on_its_circle_and_ends_where_asked(
    x: float, y: float, yaw: float, turn: float, distance: float
) -> None:
    body, centre = Pose.from_rpy((0.0, 0.0, yaw), (x, y, 0.5)), np.array([6.5, 0.3, 0.9])
    poses = poses_round(body, centre, turn, distance)
    offsets = np.array([pose.position_m - centre for pose in poses])
    assert np.linalg.norm(offsets[:, :2], axis=1) == pytest.approx(distance)
    assert offsets[:, 2] == pytest.approx(0.5 - 0.9)
    start = np.arctan2(y - centre[1], x - centre[0])
    directions = np.unwrap([start, *np.arctan2(offsets[:, 1], offsets[:, 0])])
    assert np.abs(np.diff(directions)).max() <= STEP_RAD + 1e-9
    assert directions[-1] - directions[0] == pytest.approx(turn, abs=1e-6)
    for pose, offset in zip(poses, offsets, strict=True):
        assert pose.rotation[:2, 0] == pytest.approx(-offset[:2] / distance)


@given(roll=angle, pitch=st.floats(-1.2, 1.2), yaw=angle, heading=angle)
def test_turning_a_hand_keeps_its_tilt(roll: float, pitch: float, yaw: float, heading: float) -> None:
    before = Pose.from_rpy((roll, pitch, yaw)).rotation
    after = turned(before, heading)
    assert after[2] == pytest.approx(before[2], abs=1e-9), "what was vertical in the hand still is"
    assert np.arctan2(after[1, 0], after[0, 0]) == pytest.approx(heading, abs=1e-6)


def test_a_hand_that_points_down_is_turned_too() -> None:
    down = Pose.from_rpy((0.0, np.pi / 2, 0.0)).rotation
    after = turned(turned(down, 0.7), 0.7)
    assert after[2] == pytest.approx(down[2], abs=1e-9)
    assert np.arctan2(after[1, 2], after[0, 2]) == pytest.approx(0.7), "its top, when it was level, is ahead"


@given(x=metre, y=metre, z=metre, yaw=angle, a=metre, b=metre, up=metre, turn=angle)
@settings(max_examples=50)
def test_an_offset_and_its_way_back_cancel(
    x: float, y: float, z: float, yaw: float, a: float, b: float, up: float, turn: float
) -> None:
    start = Pose.from_rpy((0.0, 0.0, yaw), (x, y, z))
    there = leaf(OffsetPose, FakeRobot(), pose=start, forward_m=a, left_m=b, up_m=up, turn_rad=turn)
    assert there.update() is Status.SUCCESS
    c, s = np.cos(-turn), np.sin(-turn)
    back = leaf(
        OffsetPose, FakeRobot(), pose=there.get("moved"),
        forward_m=-(c * a - s * b), left_m=-(s * a + c * b), up_m=-up, turn_rad=-turn,
    )  # fmt: skip
    back.update()
    assert back.get("moved").distance_m(start) < 1e-9
    assert back.get("moved").angle_rad(start) < 1e-6


def test_places_are_remembered_level_and_at_the_foot() -> None:
    robot = FakeRobot()
    here = leaf(RememberPose, robot)
    assert here.update() is Status.SUCCESS
    assert here.get("pose") == robot.body_pose()
    there = leaf(RememberPlace, robot, object=location(1.0, 1.0, 0.4))
    assert there.update() is Status.SUCCESS
    assert there.get("place").position_m == pytest.approx([1.0, 1.0, 0.4])
    assert there.get("place").yaw_rad == pytest.approx(np.pi / 4)


def test_what_is_put_down_keeps_its_size() -> None:
    moved = moved_to(location(1.0, 2.0, 0.5), np.array([4.0, 4.0, 0.1]))
    assert moved.position_m == pytest.approx([4.0, 4.0, 0.2])
    assert (moved.bottom_z_m, moved.top_z_m) == pytest.approx((0.1, 0.3))
    assert moved.surface_m == pytest.approx([3.97, 4.0, 0.2])


@pytest.mark.parametrize(
    ("height_m", "status"), [(0.2, Status.SUCCESS), (0.141, Status.SUCCESS), (0.139, Status.FAILURE)]
)
def test_what_is_much_lower_than_before_has_fallen_over(height_m: float, status: Status) -> None:
    condition = leaf(StandsUpright, FakeRobot(), object=location(0, 0, 0, height_m), before=location(0, 0, 0, 0.2))
    assert condition.update() is status


def test_the_quality_of_a_view_is_not_that_of_a_single_pixel() -> None:
    mask = np.zeros((100, 100), bool)
    mask[20:80, 20:80] = True
    quality = np.where(mask, 0.3, 0.9).astype(np.float32)
    quality[50, 50] = 1.0
    detection = Detection("bottle", 0.9, mask, (20.0, 20.0, 80.0, 80.0))
    assert best_quality(Heatmap(quality), detection, LookingSettings()) == pytest.approx(0.3 + 0.7 / 36, abs=1e-3)
    nothing = Detection("bottle", 0.9, np.zeros_like(mask), (0.0, 0.0, 1.0, 1.0))
    assert best_quality(Heatmap(quality), nothing, LookingSettings()) == 0.0


def test_the_best_view_is_chosen_by_the_short_way_round() -> None:
    robot, at = FakeRobot(), location(2.0, 0.0, 0.5)  # the body is on its far side: direction pi
    choose = leaf(ChooseView, robot, object=at, views=Views(((np.pi - 0.5, 0.2), (-np.pi + 0.4, 0.8), (1.0, 0.5))))
    assert choose.update() is Status.SUCCESS
    assert choose.get("angle_rad") == pytest.approx(0.4)
    assert choose.get("score") == 0.8
    none = leaf(ChooseView, robot, object=at, views=Views())
    assert none.update() is Status.FAILURE
    assert none.feedback_message


class Gripping:
    """A robot of which only the clock and the gripper matter."""

    def __init__(self) -> None:
        self.now_s, self.state = 0.0, GripperState(0.4, 3.0, True)

    def now(self) -> float:
        return self.now_s

    def gripper(self) -> GripperState:
        return self.state


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (GripperState(0.4, 3.0, True), Status.RUNNING),
        (GripperState(0.42, 3.0, True), Status.RUNNING),
        (GripperState(0.435, 3.0, True), Status.SUCCESS),
        (GripperState(0.365, 3.0, True), Status.SUCCESS),
        (GripperState(0.4, 2.1, True), Status.SUCCESS),
        (GripperState(0.4, 3.0, False), Status.SUCCESS),
    ],
)
def test_a_pull_is_a_change_of_the_jaws_or_their_torque(state: GripperState, status: Status) -> None:
    robot = Gripping()
    pull = leaf(AwaitPull, robot)
    pull.initialise()
    assert pull.update() is Status.RUNNING
    robot.now_s, robot.state = 1.0, state
    assert pull.update() is status


@pytest.mark.parametrize(("per_s", "status"), [(0.003, Status.FAILURE), (0.02, Status.SUCCESS)])
def test_jaws_that_settle_slowly_are_not_pulled(per_s: float, status: Status) -> None:
    robot = Gripping()
    pull = leaf(AwaitPull, robot, wait_s=12.0)
    pull.initialise()
    found = Status.RUNNING
    while found is Status.RUNNING:
        robot.state = GripperState(0.6 - per_s * robot.now_s, 3.0, abs(robot.now_s - 5.0) > 0.06)
        found = pull.update()
        robot.now_s += 0.05
    assert found is status


def test_the_hand_draws_back_straight_and_if_asked_off_its_fixed_jaw() -> None:
    for aside_m in (0.0, 0.03):
        with FakeRobot() as robot:
            robot.move_arm("ready", max_joint_speed_radps=2.0)
            robot.sleep(2.0)
            ready = robot.hand_pose()
            ahead = Pose(np.eye(3), np.array([0.15, 0.0, 0.05]))
            robot.move_hand(Pose(ready.rotation, (ahead @ ready).position_m), max_speed_mps=0.4)
            robot.sleep(2.0)
            before = robot.hand_pose()
            retreat = leaf(RetreatHand, robot, distance_m=0.05, aside_m=aside_m, max_speed_mps=0.2)
            way = []
            retreat.tick_once()
            while retreat.status is Status.RUNNING:
                robot.sleep(0.02)
                way.append(before.inverse().transform(robot.hand_pose().position_m))
                retreat.tick_once()
            assert retreat.status is Status.SUCCESS
            assert way[-1] == pytest.approx([-0.05, 0.0, -aside_m], abs=2e-3)
            drawn_back = [point for point in way if point[0] < -2e-3]
            assert np.array(drawn_back)[:, 2] == pytest.approx(-aside_m, abs=2e-3), "what it leaves is not dragged"


def test_the_fixed_jaw_moves_up_to_the_object_before_the_jaws_close() -> None:
    with FakeRobot() as robot:
        robot.move_arm("ready", max_joint_speed_radps=2.0)
        robot.sleep(2.0)
        before = robot.hand_pose()
        move = leaf(MoveJawToObject, robot, grasp=grasp(before), max_speed_mps=0.1)
        move.initialise()
        robot.sleep(2.0)
        aside_m = robot.model.gripper.clearance_m - robot.model.gripper.close_gap_m
        moved = before.inverse().transform(robot.hand_pose().position_m)
        assert moved == pytest.approx([0.0, 0.0, aside_m], abs=2e-3)
        assert move.get("closing").world_from_hand.distance_m(robot.hand_pose()) < 2e-3


def test_waiting_for_a_pull_ends() -> None:
    robot = Gripping()
    pull = leaf(AwaitPull, robot, wait_s=5.0)
    pull.initialise()
    robot.now_s = 5.0
    assert pull.update() is Status.FAILURE
    robot.state = GripperState(0.0, 0.0, False)
    pull.initialise()
    assert pull.update() is Status.FAILURE
    assert "nothing" in pull.feedback_message


def test_lowering_from_below_the_place_is_refused_and_halting_it_stops_the_arm() -> None:
    with FakeRobot() as robot:
        robot.move_arm("ready", max_joint_speed_radps=2.0)
        robot.sleep(2.0)
        hand = robot.hand_pose()
        foot = hand.position_m - [0.0, 0.0, 0.1]
        held, where = grasp(hand), location(foot[0], foot[1], foot[2])
        assert foot_in_hand(held, where) == pytest.approx(hand.inverse().transform(foot))
        high = Pose(np.eye(3), foot + np.array([0.0, 0.0, 0.3]))
        refused = leaf(LowerObject, robot, place=high, object=where, grasp=held, max_speed_mps=0.1)
        refused.initialise()
        assert refused.update() is Status.FAILURE
        low = leaf(
            LowerObject, robot, place=Pose(np.eye(3), foot - [0, 0, 0.2]), object=where, grasp=held, max_speed_mps=0.1
        )
        low.initialise()
        robot.sleep(0.5)
        assert low.update() is Status.RUNNING
        low.terminate(Status.INVALID)
        z = robot.hand_pose().position_m[2]
        robot.sleep(1.0)
        assert robot.hand_pose().position_m[2] == z < hand.position_m[2]


def test_a_halted_walk_round_stops_and_does_not_go_on_with_its_next_piece() -> None:
    with FakeRobot(FakeScript()) as robot:
        walk = leaf(
            WalkAround, robot, object=location(1.0, 0.0, 0.5), angle_rad=1.5, max_speed_mps=0.5, max_yaw_rate_radps=0.8
        )
        walk.initialise()
        robot.sleep(0.3)
        assert walk.update() is Status.RUNNING
        walk.terminate(Status.INVALID)
        place = robot.body_pose()
        robot.sleep(3.0)
        assert robot.body_pose() == place
        assert len([part for part, _ in robot.commands if part == "base"]) == 1
