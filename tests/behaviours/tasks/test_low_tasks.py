"""Low things on the fake robot, on the floor and in a bin. No grasp is tried twice; what failed comes last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import behaviours
import trees
from behaviours.contract.common import finish, ready
from behaviours.leaves.failing import Failures, NoteFailure
from behaviours.leaves.looking import LookAt, LookTowards
from behaviours.leaves.seeing import ComputeGraspPose
from behaviours.registry import LEAVES
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot, FakeScript
from behaviours.robots.fake.world import FakeWorld
from behaviours.settings import Settings
from perception.detection.settings import ThingSettings
from perception.grasping.settings import GraspSettings
from perception.surface.locate import ObjectLocation
from perception.types import Detection, Grasp
from perception.view import View
from tests.behaviours.tasks.task_runs import LIBRARY, Run
from tests.behaviours.test_task_leaves import leaf

SAME = GraspSettings()


def on_the_floor(x: float, y: float, height_m: float = 0.05) -> FakeWorld:
    return FakeWorld(bottle_m=np.array([x, y, 0.0]), height_m=height_m, table_m=(9.0, 9.0, 0.5), other_tables=())


@pytest.mark.parametrize("place", [(0.8, 0.1), (0.7, -0.35), (1.4, 0.0)])
def test_a_low_thing_is_found_on_the_floor_and_lifted(place: tuple[float, float]) -> None:
    assert trees.problems(LIBRARY / "pick_from_floor.xml", LEAVES) == []
    robot = FakeRobot(world=on_the_floor(*place))
    run = Run("pick_from_floor", robot)
    assert run.result.success, run.result.reason
    assert robot.world.bottle_m[2] > 0.1
    assert [words.split(" at ")[0] for words in run.said] == ["picked up: thing"]


def test_what_counts_as_a_thing_is_a_setting_of_the_run(tmp_path: Path) -> None:
    robot = FakeRobot(world=on_the_floor(0.8, 0.1))
    settings = Settings(things=ThingSettings(least_height_m=0.5))
    recording = behaviours.run("pick_from_floor", robot, out=tmp_path / "run", settings=settings)
    assert recording.result.status == "failure"
    assert list(recording.result.reports) == ["nothing found on the floor"]


@pytest.mark.slow
def test_after_misses_other_grasps_are_tried() -> None:
    robot = FakeRobot(FakeScript(misses=2), world=on_the_floor(0.8, 0.1))
    run = Run("pick_from_floor", robot)
    assert run.result.success, run.result.reason
    assert run.count("CloseGripper", "FAILURE") == 2


@pytest.mark.slow
def test_what_rolled_out_of_view_after_a_failure_is_looked_for_beside_where_it_was() -> None:
    robot = FakeRobot(FakeScript(misses=1), world=on_the_floor(0.9, 0.0))

    def roll(run: Run) -> None:
        if run.count("CloseGripper", "FAILURE") == 1 and abs(robot.world.bottle_m[1]) < 0.1:
            robot.world.bottle_m = robot.world.bottle_m + np.array([0.0, 0.5, 0.0])

    run = Run("pick_from_floor", robot, on_tick=roll)
    assert run.result.success, run.result.reason
    assert run.count("LookTowards") == 1, "it was found beside, without another look over the floor"
    assert run.count("LookDown") == 2


def test_from_what_lies_too_near_to_be_looked_at_the_robot_steps_back() -> None:
    world = three_in_a_bin()
    world.bottle_m, world.others_m = np.array([1.33, 0.0, 0.25]), []
    run = Run("clear_bin", FakeRobot(world=world))
    assert run.result.success, run.result.reason
    assert run.count("LookNear", "FAILURE") == run.count("WalkToObject") == 1
    assert [words.split(":")[0] for words in run.said] == ["put away", "nothing is left"]


def three_in_a_bin() -> FakeWorld:
    others = [np.array([1.42, 0.12, 0.25]), np.array([1.6, -0.1, 0.25])]
    return FakeWorld(
        bottle_m=np.array([1.5, 0.0, 0.25]),
        others_m=others,
        height_m=0.06,
        table_m=(1.5, 0.0, 0.25),
        table_half_m=0.22,
        other_tables=((0.2, 1.8, 0.2, 0.25),),
    )


@pytest.mark.slow
def test_a_bin_is_emptied_into_the_other() -> None:
    assert trees.problems(LIBRARY / "clear_bin.xml", LEAVES) == []
    robot = FakeRobot(FakeScript(misses=1), world=three_in_a_bin())
    run = Run("clear_bin", robot)
    assert run.result.success, run.result.reason
    assert [words.split(":")[0] for words in run.said] == ["put away"] * 3 + ["nothing is left"]
    for foot in robot.world.feet():
        assert abs(foot - [0.2, 1.8, 0.2]) == pytest.approx(np.zeros(3), abs=0.15)


@pytest.mark.slow
def test_a_thing_lost_on_the_way_that_fell_back_into_the_bin_is_brought_again() -> None:
    run = Run("clear_bin", FakeRobot(FakeScript(drops=1), world=three_in_a_bin()))
    assert run.result.success, run.result.reason
    words = [words.split(":")[0] for words in run.said]
    assert sorted(words) == ["lost on the way", "nothing is left", *["put away"] * 3]


def dropped_on_the_floor(world: FakeWorld, at_m: tuple[float, float]) -> Run:
    """A run of clear_bin with one thing, which is lost on the way and lies on the floor then."""
    robot = FakeRobot(FakeScript(drops=1), world=world)
    world.others_m = []

    def drop(run: Run) -> None:
        if len(run.said) == 1 and abs(world.bottle_m[0] - 1.5) < 0.2:
            world.bottle_m = np.array([*at_m, 0.0])

    return Run("clear_bin", robot, on_tick=drop)


@pytest.mark.slow
def test_a_thing_lost_on_the_floor_is_fetched() -> None:
    world = three_in_a_bin()
    run = dropped_on_the_floor(world, (0.7, 0.6))
    assert run.result.success, run.result.reason
    assert [words.split(":")[0] for words in run.said] == ["lost on the way", "put away", "nothing is left"]
    assert abs(world.bottle_m - [0.2, 1.8, 0.2]) == pytest.approx(np.zeros(3), abs=0.15)


@pytest.mark.slow
def test_after_a_thing_that_cannot_be_gripped_another_is_tried() -> None:
    robot = FakeRobot(FakeScript(misses=3), world=three_in_a_bin())
    run = Run("clear_bin", robot)
    assert run.result.success, run.result.reason
    assert run.count("NoteFailure") == 1
    first = [words for words in run.said if words.startswith("put away")]
    assert len(first) == 3


@pytest.mark.slow
def test_where_nothing_lies_it_says_so() -> None:
    run = Run("pick_from_floor", FakeRobot(FakeScript(hidden_captures=10**6)))
    assert not run.result.success
    assert set(run.said) == {"nothing found on the floor"}


def test_the_floor_before_the_feet_comes_into_view() -> None:
    with FakeRobot() as robot:
        ready(robot)
        look = leaf(LookTowards, robot, forward_m=0.8, up_m=-0.52, distance_m=0.6, elevation_rad=0.9, max_speed_mps=0.5)
        (hand,) = look.route()
        finish(robot, robot.move_hand(hand, max_speed_mps=0.5))
        x, y, z = robot.capture("hand").world_from_camera.inverse().transform([0.8, 0.0, 0.0])
    assert (x, y) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert z == pytest.approx(0.6, abs=0.11)


def test_a_look_beside_an_object_has_its_left_on_the_axis() -> None:
    robot, (view,) = views(0.0)
    assert isinstance(view.location, ObjectLocation)
    with robot:
        look = leaf(
            LookAt, robot, object=view.location, left_m=0.2, distance_m=0.6, elevation_rad=0.9, max_speed_mps=1.0
        )
        (hand,) = look.route()
    beside = view.location.position_m + np.array([0.0, 0.2, 0.0])
    x, y, _ = (hand @ robot.model.hand_from_camera).inverse().transform(beside)
    assert (x, y) == pytest.approx((0.0, 0.0), abs=0.01)


def views(*places: float) -> tuple[FakeRobot, list[View]]:
    """A robot before a standing bottle, and what it sees of it in these places to the left."""
    robot = FakeRobot(world=FakeWorld(bottle_m=np.array([1.0, 0.0, 0.55]), table_m=(1.08, 0.0, 0.55)))
    seen = []
    with robot:
        ready(robot)
        for left in places:
            robot.world.bottle_m = np.array([1.0, left, 0.55])
            frame = robot.capture("hand")
            seen.append(View(frame, FakeDetector().detect(frame, ("bottle",), 0.5)[0]))
    return robot, seen


def chosen(compute: ComputeGraspPose, view: View) -> Grasp:
    """The grasp that the leaf chooses when it is ticked with a view."""
    compute._ports.values |= {"detection": view, "heatmap": FakeHeatmap().predict(view)}  # type: ignore[attr-defined]
    while True:
        compute.tick_once()
        if compute.status.name != "RUNNING":
            break
    assert compute.status.name == "SUCCESS", compute.feedback_message
    grasp = compute.get("grasp")
    assert isinstance(grasp, Grasp)
    return grasp


def same(one: Grasp, other: Grasp) -> bool:
    hands = one.world_from_hand, other.world_from_hand
    return hands[0].distance_m(hands[1]) < SAME.again_m and hands[0].angle_rad(hands[1]) < SAME.again_rad


@pytest.mark.parametrize("approach", ["side", "any"])
def test_a_grasp_that_failed_is_not_chosen_again_until_the_object_has_moved(approach: str) -> None:
    robot, (first, moved) = views(0.0, 0.1)
    compute = leaf(ComputeGraspPose, robot, approach=approach_of(approach))
    grasps = [chosen(compute, first) for _ in range(4)]
    assert not any(same(one, other) for index, one in enumerate(grasps) for other in grasps[:index])
    chosen(compute, moved)
    assert same(chosen(compute, first), grasps[0]), "it had moved in between"


def test_a_grasp_of_less_quality_than_asked_is_not_chosen() -> None:
    robot, (view,) = views(0.0)
    best = chosen(leaf(ComputeGraspPose, robot), view)
    same_again = chosen(leaf(ComputeGraspPose, robot, min_quality=best.score), view)
    assert same(same_again, best)
    with pytest.raises(AssertionError, match=f"quality {best.score:.2f}, less than"):
        chosen(leaf(ComputeGraspPose, robot, min_quality=best.score + 1e-6), view)


def test_objects_that_failed_are_taken_last() -> None:
    robot, (view,) = views(0.0)
    there, aside = view.detection, Detection("bottle", 0.5, np.roll(view.detection.mask, 150, axis=1), (0, 0, 1, 1))
    location = view.location
    assert isinstance(location, ObjectLocation)
    assert Failures((location,)).last([there, aside], view.frame, 0.05) == [aside, there]
    assert Failures().last([there, aside], view.frame, 0.05) == [there, aside]
    failures = Failures()
    for _ in range(SAME.remembered + 3):
        note = leaf(NoteFailure, robot, object=location, failures=failures)
        note.tick_once()
        failures = note.get("failures")
    assert len(failures.objects) == SAME.remembered


def approach_of(name: str) -> object:
    (port,) = [port for port in ComputeGraspPose.PORTS if port.name == "approach"]
    return port.type(name)


def test_only_so_many_failures_are_remembered() -> None:
    robot, (view,) = views(0.0)
    compute = leaf(ComputeGraspPose, robot)
    compute._tried = ((np.zeros(2), view.frame.world_from_camera),) * 50
    for _ in range(3):
        chosen(compute, view)
    assert len(compute._tried) == 3
