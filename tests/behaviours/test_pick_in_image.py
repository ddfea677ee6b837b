"""`PickInImage` hands an object over to the robot's own pick, and is refused on a robot without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from py_trees.common import Status

import behaviours
import trees
from app.parts.vocabulary import PICKING
from behaviours.leaves.picking import PickInImage, middle_of
from behaviours.leaves.seeing import ApproachName
from behaviours.robot import picking
from behaviours.robots.fake.robot import FakeRobot, FakeScript
from behaviours.robots.fake.world import FakeWorld
from tests.behaviours.test_task_leaves import Ports, services

TREE = """<root BTCPP_format="4" main_tree_to_execute="T"><BehaviorTree ID="T"><Sequence>
<MoveArm pose="ready" max_joint_speed_radps="2"/>
<Capture camera="hand" frame="{frame}"/>
<DetectObject frame="{frame}" labels="bottle" detection="{detection}"/>
<PickInImage detection="{detection}" approach="%s" max_torque_nm="3"/>
<LiftHand height_m="0.1" max_speed_mps="0.2"/>
<VerifyGrasp hold_s="1"/>
</Sequence></BehaviorTree></root>"""
NEAR = np.array([1.0, 0.1, 0.4])


def near() -> FakeWorld:
    return FakeWorld(bottle_m=NEAR, table_m=(1.08, 0.1, 0.4))


def pick(folder: Path, robot: FakeRobot, approach: str = "side") -> str:
    file = folder / "pick.xml"
    file.write_text(TREE % approach)
    """How the run ended, with its reason."""
    return behaviours.run(file, robot, out=folder / "run").end


@pytest.mark.parametrize("approach", ["any", "side", "top"])
def test_the_fake_picks_what_the_detection_shows(approach: str, tmp_path: Path) -> None:
    robot = FakeRobot(world=near())
    assert pick(tmp_path, robot, approach) == "success"
    assert robot.world.bottle_m[2] > NEAR[2] + 0.05
    assert robot.gripper().torque_nm == 3.0


@pytest.mark.parametrize(
    ("script", "world", "reason"),
    [
        (FakeScript(misses=1), near(), "the pick holds nothing"),
        (FakeScript(), FakeWorld(), "the pick finds no grasp that the arm reaches"),
    ],
)
def test_a_pick_that_fails_says_why(script: FakeScript, world: FakeWorld, reason: str, tmp_path: Path) -> None:
    said = pick(tmp_path, FakeRobot(script, world=world))
    assert said.startswith("failure")
    assert reason in said


def test_a_halted_pick_is_cancelled() -> None:
    with FakeRobot(world=near()) as robot:
        robot.move_arm("ready", max_joint_speed_radps=2.0)
        robot.sleep(2.0)
        context = services(robot)
        frame = robot.capture("hand")
        view = behaviours.View(frame, context.detector.detect(frame, ("bottle",), 0.1)[0])
        ports = Ports(PickInImage, detection=view, approach=ApproachName.any, max_torque_nm=3.0)
        leaf = PickInImage("pick", ports, context)
        leaf.tick_once()
        assert leaf.status is Status.RUNNING
        robot.sleep(0.5)
        leaf.stop(Status.INVALID)
        assert robot.commands[-1][1].poll().state is behaviours.CommandState.CANCELLED


class WithoutPick(FakeRobot):
    pick_in_image = None  # type: ignore[assignment]


def test_a_robot_without_a_pick_is_refused_before_it_is_entered(tmp_path: Path) -> None:
    robot = WithoutPick(world=near())
    with pytest.raises(trees.TreeError, match=r"port 'approach'.*has no pick of its own"):
        pick(tmp_path, robot)
    assert robot.stops == 0


def test_which_robots_pick_is_told_without_a_robot() -> None:
    from behaviours.robots.spot.robot import SpotRobot

    assert picking(FakeRobot) is not None
    assert picking(SpotRobot) is not None
    assert set(PICKING) == {"fake", "spot"}


def test_the_middle_of_a_mask_lies_in_it() -> None:
    mask = np.zeros((40, 60), bool)
    mask[:, :5] = mask[10:30, 20:58] = True
    assert middle_of(mask)[0] in range(28, 50)
    assert middle_of(mask)[1] in (19, 20)
    assert middle_of(np.ones((5, 5), bool)) == (2, 2)
