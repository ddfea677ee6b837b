"""Every task of the library on the fake robot: what it does, what it says, and what happens when things go wrong."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import trees
from behaviours.registry import LEAVES
from behaviours.robot import CommandState
from behaviours.robots.fake.robot import FakeRobot, FakeScript
from behaviours.robots.fake.world import FakeWorld
from perception.base.errors import RobotError
from tests.behaviours.tasks.task_runs import LIBRARY, Run

LOW = ("clear_bin", "pick_from_floor")
"""Tasks about low things, which are in test_low_tasks."""
TASKS = sorted(file.stem for file in LIBRARY.glob("*.xml") if file.stem not in LOW)
TABLE_LEFT = np.array([0.2, 1.8, 0.52])
"""Where fetch_and_place and clear_table put things, from where the run begins."""
PULL_AFTER_S = {"hand_over": 4.0}
"""Tasks that wait for somebody to pull; longer than the check of the grip, during which nobody does."""


def two_more() -> FakeWorld:
    """Three bottles side by side on a wide table."""
    beside = [np.array([2.0, y, 0.55]) for y in (-0.25, 0.55)]
    return FakeWorld(table_m=(2.2, 0.15, 0.55), table_half_m=0.5, others_m=beside)


def test_the_library_has_the_tasks() -> None:
    assert TASKS == ["clear_table", "fetch_and_place", "grasp_bottle", "hand_over", "inspect", "search"]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_a_task_checks_without_a_word_and_succeeds_where_all_goes_well(task: str) -> None:
    assert trees.problems(LIBRARY / f"{task}.xml", LEAVES) == []
    run = Run(task, FakeRobot(FakeScript(pull_after_s=PULL_AFTER_S.get(task))))
    assert run.result.success, run.result.reason


def test_fetch_and_place_sets_the_bottle_down_upright_where_it_was_asked_to() -> None:
    robot = FakeRobot()
    run = Run("fetch_and_place", robot)
    assert robot.world.bottle_m == pytest.approx(TABLE_LEFT, abs=0.03)
    assert not robot.gripper().holding
    assert run.count("StandsUpright") == 1
    assert run.said == ["set down upright: bottle at (0.20, 1.80, 0.62) m"]


def test_a_bottle_lost_on_the_way_is_fetched_again() -> None:
    robot = FakeRobot(FakeScript(drops=1))
    run = Run("fetch_and_place", robot)
    assert run.result.success, run.result.reason
    assert run.count("StillHeld", "FAILURE") >= 1
    assert run.count("CloseGripper") == 2
    assert robot.world.bottle_m == pytest.approx(TABLE_LEFT, abs=0.03)


@pytest.mark.parametrize("task", ["fetch_and_place", "hand_over"])
def test_a_bottle_lost_twice_fails_the_task_and_says_so(task: str) -> None:
    run = Run(task, FakeRobot(FakeScript(drops=9)))
    assert not run.result.success
    assert "lost the object" in run.result.reason


def test_a_place_out_of_reach_leaves_the_bottle_in_the_hand() -> None:
    robot = FakeRobot()
    run = Run("fetch_and_place", robot, change=('up_m="0.0"', 'up_m="1.6"'))
    assert not run.result.success
    assert "out of reach: the place is 1.00 m away" in run.result.reason
    assert robot.gripper().holding
    assert ("LetGo", "SUCCESS") not in run.ends


def test_a_table_that_is_lower_than_thought_is_noticed_when_looking_again() -> None:
    robot = FakeRobot(world=FakeWorld(other_tables=()))
    run = Run("fetch_and_place", robot)
    assert not run.result.success
    assert robot.world.bottle_m[2] == 0.0
    assert run.said == []


def test_a_table_that_is_a_little_higher_than_thought_stops_the_hand() -> None:
    robot = FakeRobot(world=FakeWorld(other_tables=((0.2, 1.8, 0.55, 0.35),)))
    run = Run("fetch_and_place", robot)
    assert run.result.success, run.result.reason
    assert robot.world.bottle_m == pytest.approx([0.2, 1.8, 0.55], abs=0.03)


@pytest.mark.parametrize("task", [task for task in TASKS if task not in ("clear_table", "search")])
def test_where_nothing_is_found_a_task_fails_after_three_looks_from_each_place(task: str) -> None:
    run = Run(task, FakeRobot(FakeScript(hidden_captures=10**6)))
    assert not run.result.success
    assert "no bottle" in run.result.reason
    looks = 3 + 2 * 3 * 3
    assert run.count("DetectObject", "FAILURE") == looks
    assert run.count("Capture") == looks


@pytest.mark.slow
@pytest.mark.parametrize("task", [task for task in TASKS if task != "search"])
def test_misses_and_slips_are_made_good_in_every_task_that_grips(task: str) -> None:
    robot = FakeRobot(FakeScript(misses=1, slips=1, pull_after_s=PULL_AFTER_S.get(task)))
    run = Run(task, robot)
    assert run.result.success, run.result.reason
    assert run.count("CloseGripper", "FAILURE") == 1
    assert run.count("CloseGripper") == 2


def test_clear_table_goes_on_until_nothing_is_left() -> None:
    robot = FakeRobot(world=two_more())
    run = Run("clear_table", robot)
    assert run.result.success, run.result.reason
    assert [words.split(":")[0] for words in run.said] == ["put away"] * 3 + ["nothing is left"]
    places = sorted(tuple(np.round(foot, 2)) for foot in robot.world.feet())
    for (x, y, z), wanted in zip(places, (-0.02, 0.2, 0.42), strict=True):
        assert (x, y, z) == pytest.approx((wanted, 1.8, 0.52), abs=0.04)


def test_clear_table_with_nothing_on_the_table_is_done_at_once() -> None:
    run = Run("clear_table", FakeRobot(FakeScript(hidden_captures=10**6)))
    assert run.result.success
    assert run.said == ["nothing is left"]
    assert run.count("CloseGripper") == 0


def test_clear_table_gives_up_what_it_cannot_grip_after_its_rounds() -> None:
    fewer = ('num_attempts="8"', 'num_attempts="2"')
    run = Run("clear_table", FakeRobot(FakeScript(misses=10**6)), change=fewer)
    assert not run.result.success
    assert run.count("CloseGripper", "FAILURE") == 2 * 3
    assert "nothing is left" not in run.said


def test_clear_table_does_not_open_a_hand_that_could_not_put_down_what_it_holds() -> None:
    robot = FakeRobot()
    run = Run("clear_table", robot, change=('up_m="0.0"', 'up_m="1.6"'))
    assert not run.result.success
    assert robot.gripper().holding
    assert run.count("CloseGripper") == 1


def test_inspect_looks_from_three_sides_and_grips_from_the_best() -> None:
    robot = FakeRobot()
    run = Run("inspect", robot)
    assert run.count("NoteView") == 3
    assert run.count("ChooseView") == 1
    assert robot.gripper().holding
    offset = robot.body_pose().position_m - np.array([2.0, 0.15, 0.52])
    assert np.linalg.norm(offset[:2]) == pytest.approx(1.0, abs=0.1)


def test_inspect_fails_with_words_if_no_side_shows_it() -> None:
    robot = FakeRobot()

    def hide(run: Run) -> None:
        if ("WalkToObject", "SUCCESS") in run.ends:
            robot.script = FakeScript(hidden_captures=10**6)

    run = Run("inspect", robot, on_tick=hide)
    assert not run.result.success
    assert "seen from nowhere" in run.result.reason


def test_hand_over_lets_go_when_somebody_pulls() -> None:
    robot = FakeRobot(FakeScript(pull_after_s=4.0))
    run = Run("hand_over", robot)
    assert run.result.success, run.result.reason
    assert run.count("AwaitPull") == 1
    assert run.said == ["here you are: please pull"]
    assert robot.body_pose().position_m[:2] == pytest.approx([0.0, 0.0], abs=0.02)
    assert abs(robot.body_pose().yaw_rad) == pytest.approx(np.pi, abs=0.02)
    assert robot.world.bottle_m[0] < -0.7
    assert robot.world.bottle_m[2] > 0.5, "who pulled has it in the hand"


def test_hand_over_keeps_the_bottle_and_fails_if_nobody_pulls() -> None:
    robot = FakeRobot()
    run = Run("hand_over", robot)
    assert not run.result.success
    assert "nobody pulled for 10 s" in run.result.reason
    assert run.said == ["here you are: please pull", "nobody pulled: keeping it"]
    assert run.count("LetGo") == 0
    assert robot.gripper().holding
    assert robot.world.bottle_m[2] > 0.5


@pytest.mark.parametrize("azimuth", [0.0, 1.7, 3.1, -1.2])
def test_search_turns_until_it_has_found_the_bottle(azimuth: float) -> None:
    at = (2.0 * np.cos(azimuth), 2.0 * np.sin(azimuth))
    world = FakeWorld(bottle_m=np.array([*at, 0.55]), table_m=(*at, 0.55))
    robot = FakeRobot(world=world)
    run = Run("search", robot)
    assert run.result.success, run.result.reason
    assert [words.split(" at ")[0] for words in run.said] == ["found: bottle"]
    assert np.linalg.norm(robot.body_pose().position_m[:2] - at) == pytest.approx(1.0, abs=0.1)


def test_search_walks_on_where_there_is_nothing_to_see_and_reports_that_there_is_none() -> None:
    robot = FakeRobot(FakeScript(hidden_captures=10**6))
    run = Run("search", robot, change=('queue="0;1.5;3"', 'queue="0;1.5"'))
    assert not run.result.success
    assert run.said == ["no bottle found anywhere"]
    assert run.count("FurtherOn") == 2
    assert run.count("TurnThere") == 2 * 10
    assert robot.body_pose().position_m[0] == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize("task", TASKS)
def test_a_blocked_walk_ends_a_task_with_its_reason(task: str) -> None:
    run = Run(task, FakeRobot(FakeScript(walk_blocked=True)))
    assert not run.result.success


@pytest.mark.slow
@pytest.mark.parametrize("lost_after_s", [0.0, 5.0, 11.0, 14.0, 17.0, 20.0, 22.0])
@pytest.mark.parametrize("task", ["fetch_and_place", "hand_over", "inspect"])
def test_a_lost_connection_ends_a_task_at_any_stage(task: str, lost_after_s: float) -> None:
    if lost_after_s > 20.0 and task == "inspect":
        pytest.skip("it is done by then")
    with pytest.raises(RobotError, match="connection"):
        Run(task, FakeRobot(FakeScript(lost_after_s=lost_after_s)))


class CutOffError(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("tick", [1, 100, 240, 400])
def test_interrupted_at_any_tick_everything_stops(task: str, tick: int) -> None:
    robot, ticks = FakeRobot(), 0

    def interrupt(run: Run) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == tick:
            raise CutOffError

    with contextlib.suppress(CutOffError):
        Run(task, robot, on_tick=interrupt)
    assert robot.stops >= 1
    assert all(command.poll().state is not CommandState.RUNNING for _, command in robot.commands)


def test_the_task_in_the_documentation_does_what_it_says(tmp_path: Path) -> None:
    text = (LIBRARY.parents[1] / "docs" / "trees.md").read_text()
    (example,) = [block for block in re.findall(r"```xml\n(.*?)```", text, re.DOTALL) if "<include" in block]
    shutil.copytree(LIBRARY / "parts", tmp_path / "parts")
    file = tmp_path / "move_aside.xml"
    file.write_text(example)
    assert trees.problems(file, LEAVES) == []
    file.write_text(example.replace('labels="can"', 'labels="bottle"'))
    robot = FakeRobot(world=FakeWorld(table_half_m=0.8))
    run = Run("move_aside", robot, document=trees.load(file, LEAVES))
    assert run.result.success, run.result.reason
    assert robot.world.bottle_m == pytest.approx([2.0, 0.65, 0.55], abs=0.06)


def test_two_runs_of_a_task_are_the_same() -> None:
    first, second = FakeRobot(FakeScript(misses=1, drops=1)), FakeRobot(FakeScript(misses=1, drops=1))
    assert Run("fetch_and_place", first).ends == Run("fetch_and_place", second).ends
    assert first.now() == second.now()
