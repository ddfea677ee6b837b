"""Every path of the bottle tree, on the fake: what it does, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import trees
from behaviours.registry import LEAVES
from behaviours.robot import CommandState
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot, FakeScript
from behaviours.robots.fake.world import FakeWorld
from behaviours.run_loop import RunResult, run_tree
from behaviours.services import Services
from behaviours.worker import Worker
from perception.base.errors import RobotError
from perception.networks.protocols import Detector, Enough
from perception.types import Detection, RgbdFrame

TREE = Path(trees.__path__[0]) / "library" / "grasp_bottle.xml"


def run(
    robot: FakeRobot, time_limit_s: float | None = 300.0, detector: Detector | None = None
) -> tuple[RunResult, list[tuple[str, str]]]:
    """The result, and (node, status) of every end of a leaf."""
    ends: list[tuple[str, str]] = []
    with robot, Worker() as worker:
        services = Services(robot, detector or FakeDetector(), FakeHeatmap(), worker)
        tree = trees.build(trees.load(TREE, LEAVES), services, robot.now)
        leaf = {node.uid for node in tree.nodes() if node.kind in ("Action", "Condition")}

        def note(uid: int, path: str, old: str, new: str, feedback: str) -> None:
            del old, feedback
            if uid in leaf and new in ("SUCCESS", "FAILURE"):
                ends.append((path.rsplit("/", 1)[1], new))

        tree.on_transition(note)
        result = run_tree(tree, robot, worker, period_s=0.05, time_limit_s=time_limit_s)
    assert robot.stops >= 1
    assert all(command.poll().state is not CommandState.RUNNING for _, command in robot.commands)
    return result, ends


def test_it_lifts_the_bottle_at_the_first_attempt() -> None:
    robot = FakeRobot()
    result, ends = run(robot)
    assert result.success, result.reason
    assert ends.count(("CloseGripper", "SUCCESS")) == 1
    assert robot.world.bottle_m[2] - robot.world.table_m[2] > 0.10
    body = robot.body_pose().position_m
    assert abs(((body - robot.world.table_m)[:2] ** 2).sum() ** 0.5 - 1.0) < 0.15


def test_nothing_detected_fails_after_three_looks_from_each_place() -> None:
    result, ends = run(FakeRobot(FakeScript(hidden_captures=10**6)))
    assert not result.success
    assert "no bottle in the picture" in result.reason
    assert ends.count(("DetectObject", "FAILURE")) == 3 + 2 * 3 * 3
    assert "WalkToObject" not in {name for name, _ in ends}


def test_a_bottle_that_shows_up_later_is_found() -> None:
    result, ends = run(FakeRobot(FakeScript(hidden_captures=3)))
    assert result.success
    assert ends.count(("DetectObject", "FAILURE")) == 1


class Distracted(FakeDetector):
    """From the second look on it sees one more bottle, 0.2 m beside the real one, and likes it better."""

    def __init__(self) -> None:
        self.looks = 0

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        found = super().detect(frame, labels, min_score, enough)
        self.looks += 1
        if self.looks == 1 or not found:
            return found
        beside = np.roll(found[0].mask, 150, axis=1)
        return [Detection("bottle", 1.0, beside, (0.0, 0.0, 1.0, 1.0)), *found]


def test_another_object_beside_it_is_not_taken_for_it() -> None:
    robot = FakeRobot()
    result, ends = run(robot, detector=Distracted())
    assert result.success, result.reason
    assert "FAILURE" not in {status for _, status in ends}
    assert robot.world.bottle_m[2] - robot.world.table_m[2] > 0.10


def test_a_miss_is_followed_by_a_fresh_look_and_success() -> None:
    result, ends = run(FakeRobot(FakeScript(misses=1)))
    assert result.success
    closings = [end for end in ends if end[0] == "CloseGripper"]
    assert closings == [("CloseGripper", "FAILURE"), ("CloseGripper", "SUCCESS")]
    between = ends[ends.index(("CloseGripper", "FAILURE")) : ends.index(("CloseGripper", "SUCCESS"))]
    assert between.count(("Capture", "SUCCESS")) >= 2
    assert ("RetreatHand", "SUCCESS") in between


def test_a_slip_after_the_lift_is_noticed_and_tried_again() -> None:
    result, ends = run(FakeRobot(FakeScript(slips=1)))
    assert result.success
    assert ("VerifyGrasp", "FAILURE") in ends
    assert ends[-1] == ("VerifyGrasp", "SUCCESS")


def test_after_three_misses_it_gives_up_and_says_why() -> None:
    robot = FakeRobot(FakeScript(misses=99))
    result, ends = run(robot)
    assert not result.success
    assert ends.count(("CloseGripper", "FAILURE")) == 3
    assert "CloseGripper" in result.reason
    assert "object missed" in result.reason


def test_a_blocked_walk_ends_the_run_with_its_reason() -> None:
    result, _ = run(FakeRobot(FakeScript(walk_blocked=True)))
    assert not result.success
    assert "WalkToObject" in result.reason
    assert "blocked" in result.reason


def test_an_arm_that_stalls_is_a_failure_of_its_leaf() -> None:
    result, ends = run(FakeRobot(FakeScript(arm_stalls=True)))
    assert not result.success
    assert ("LookAt", "FAILURE") in ends


def test_out_of_reach_is_a_failure_of_its_leaf_with_a_reason() -> None:
    result, ends = run(FakeRobot(FakeScript(out_of_reach=True)))
    assert not result.success
    assert ("LookAt", "FAILURE") in ends
    assert ("MoveToGrasp", "SUCCESS") not in ends
    assert "reach" in result.reason


def test_a_bottle_on_the_floor_is_gripped_or_refused_with_a_reason() -> None:
    world = FakeWorld(bottle_m=np.array([2.0, 0.15, 0.03]), table_m=(2.08, 0.15, 0.03))
    result, ends = run(FakeRobot(world=world))
    assert result.success == (ends[-1] == ("VerifyGrasp", "SUCCESS"))
    assert result.success or result.reason


@pytest.mark.parametrize("lost_after_s", [0.0, 0.4, 2.0, 3.5, 5.0, 7.0, 9.0])
def test_a_lost_connection_ends_the_run_at_any_stage(lost_after_s: float) -> None:
    robot = FakeRobot(FakeScript(lost_after_s=lost_after_s))
    with pytest.raises(RobotError, match="connection"):
        run(robot)
    assert robot.stops >= 1
    assert all(command.poll().state is not CommandState.RUNNING for _, command in robot.commands)


def test_two_runs_are_the_same() -> None:
    first, second = FakeRobot(), FakeRobot()
    assert run(first) == run(second)
    assert first.now() == second.now()
    assert first.hand_pose() == second.hand_pose()


def test_the_time_limit_ends_a_run() -> None:
    result, _ = run(FakeRobot(), time_limit_s=3.0)
    assert not result.success
    assert "time limit" in result.reason
