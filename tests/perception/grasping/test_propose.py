"""Grasps by geometry: on low things, among neighbours, with hidden space, and every refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

import perception.view
from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from perception.grasping.choose import choose_grasp
from perception.grasping.grasp import compute_grasp
from perception.grasping.propose import propose_grasps, ways_of
from perception.grasping.reach import Reach
from perception.grasping.settings import ClearanceSettings, GraspSettings
from perception.grasping.surroundings import clearances, surroundings
from perception.hand.family import JawTips
from perception.hand.rooms import rooms_of
from perception.types import Approach, Grasp, Heatmap, Rejection
from simulation.genesis.depth_sensor import DepthSensor
from simulation.genesis.settings import DepthSensorConfig
from tests.perception.surface.test_support import seen_from, with_block
from tests.support.synthetic import HAND_CAMERA, Cylinder, View

LOW = Cylinder(height=0.04, radius=0.03)
HULLS = SPOT.gripper.hulls
assert HULLS is not None
PIECES = [*HULLS.fixed, *HULLS.jaw_at(HULLS.open_rad)]
"""Of the gripper, wide open."""
ROOMS = rooms_of(SPOT.gripper, 0.12)
DOWN = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
"""Rotation of a hand that points straight down, its jaws opening along the world's x."""


def proposed(
    view: perception.view.View, approach: Approach = "top", reach: Reach | None = None, most: int = 1
) -> list[Grasp] | Rejection:
    return propose_grasps(view, gripper=SPOT.gripper, tips=SPOT.tips, reach=reach, approach=approach, most=most)  # type: ignore[arg-type]


def met(view: View, pose: Pose, opening: float = 1.0) -> int:
    """How many points of the picture are in the gripper, opened by that share, at the pose or up to 0.12 m before."""
    assert HULLS is not None
    pieces = [*HULLS.fixed, *HULLS.jaw_at(opening * HULLS.open_rad)]
    hulls = [ConvexHull(piece).equations for piece in pieces]
    v, u = np.nonzero(view.depth[::2, ::2] < 10)
    v, u = 2 * v, 2 * u
    points = view.world_from_camera.transform(HAND_CAMERA.back_project(u, v, view.depth[v, u]))
    local = (points - pose.position_m) @ pose.rotation
    local = local[(np.abs(local[:, 0]) < 0.3) & (np.abs(local[:, 1]) < 0.06) & (np.abs(local[:, 2]) < 0.16)]
    inside = np.zeros(len(local), bool)
    for back in np.linspace(0.0, 0.12, 7):
        for planes in hulls:
            inside |= ((local + np.array([back, 0.0, 0.0])) @ planes[:, :3].T + planes[:, 3] < -1e-3).all(axis=1)
    return int(inside.sum())


@pytest.mark.slow
@pytest.mark.parametrize("down", [30, 45, 60])
@pytest.mark.parametrize("height", [0.035, 0.045, 0.06])
def test_a_low_thing_is_gripped_from_above_without_touching_its_support(down: float, height: float) -> None:
    view = seen_from(replace(LOW, height=height), down)
    found = proposed(view.seen(), most=5)
    assert not isinstance(found, Rejection), found
    for grasp in found:
        assert grasp.world_from_hand.rotation[2, 0] < -0.7
        assert met(view, grasp.world_from_hand, grasp.opening) == 0
        corners = grasp.world_from_hand.transform(np.concatenate(PIECES))
        assert corners[:, 2].min() > 0.5
        u, v = grasp.pixel_uv
        assert grasp.depth_m == pytest.approx(float(view.depth[v, u]), abs=0.015)
        middle = grasp.world_from_hand.inverse().transform([0.0, 0.0, 0.5 + height / 2])
        assert abs(middle[1]) < 0.02  # the jaws close about the middle
    assert [grasp.score for grasp in found] == sorted((grasp.score for grasp in found), reverse=True)


def test_one_picture_gives_one_answer() -> None:
    view = seen_from(LOW, 40)
    noisy = DepthSensor(DepthSensorConfig(), np.random.default_rng(3)).measure(view.depth, HAND_CAMERA)
    one, two = proposed(view.seen(noisy), most=3), proposed(view.seen(noisy), most=3)
    assert not isinstance(one, Rejection) and not isinstance(two, Rejection)  # noqa: PT018
    assert [grasp.world_from_hand for grasp in one] == [grasp.world_from_hand for grasp in two]


@settings(max_examples=8)
@given(
    angle=st.floats(-np.pi, np.pi),
    gap=st.floats(0.0, 0.12),
    height=st.floats(0.03, 0.2),
    down=st.floats(25, 70),
)
@pytest.mark.slow
def test_no_accepted_grasp_meets_a_neighbour(angle: float, gap: float, height: float, down: float) -> None:
    away = LOW.radius + gap + 0.035
    middle = np.array([np.cos(angle), np.sin(angle)]) * away
    low, high = np.array([*(middle - 0.025), 0.5]), np.array([*(middle + 0.025), 0.5 + height])
    view = with_block(seen_from(LOW, down), low, high)
    assume(view.mask.sum() > 1500)
    found = proposed(view.seen(), "any", most=3)
    for grasp in [] if isinstance(found, Rejection) else found:
        assert met(view, grasp.world_from_hand, grasp.opening) == 0


def test_walls_all_round_leave_nothing_and_the_reason_says_why() -> None:
    view = seen_from(LOW, 65)
    for low, high in (((-0.09, -0.09), (-0.04, 0.09)), ((0.04, -0.09), (0.09, 0.09)),
                      ((-0.09, 0.04), (0.09, 0.09)), ((-0.09, -0.09), (0.09, -0.04))):  # fmt: skip
        view = with_block(view, np.array([*low, 0.5]), np.array([*high, 0.53]))
    found = proposed(view.seen(), "any")
    assert isinstance(found, Rejection)
    assert "another thing in the gripper's way" in found.reason


def test_the_space_behind_a_neighbour_counts_as_the_neighbour() -> None:
    """The hand would come down behind a wall that hides it from the camera."""
    view = with_block(seen_from(LOW, 30), np.array([-0.02, 0.1, 0.5]), np.array([0.0, 0.2, 0.62]))
    settings = ClearanceSettings(support_margin_m=-1.0)
    around = surroundings(view.seen(), settings)
    assert not isinstance(around, Rejection)
    behind, far = (Pose(DOWN, np.array([x, 0.15, 0.56])) for x in (0.075, -0.2))
    checked = clearances(around, [behind, far], [0.06, 0.06], ROOMS, settings)
    assert checked.problems[0] == "hidden behind another thing"
    assert checked.problems[1] == ""
    assert checked.hidden[0] > checked.hidden[1]


def test_the_closing_jaw_needs_room_too() -> None:
    """A post between the jaws is not in the open gripper, but in the way of the jaw that closes."""
    view = with_block(seen_from(LOW, 50), np.array([0.0, 0.15, 0.5]), np.array([0.01, 0.16, 0.53]))
    settings = ClearanceSettings(support_margin_m=-1.0)
    around = surroundings(view.seen(), settings)
    assert not isinstance(around, Rejection)
    hand = Pose(DOWN, np.array([-0.03, 0.155, 0.56]))
    assert met(view, hand) == 0
    checked = clearances(around, [hand], [0.02], ROOMS, settings)
    assert checked.problems == ["with another thing in the gripper's way"]


def test_the_closing_jaw_is_followed_down_to_where_it_meets_a_low_object() -> None:
    """The tips of jaws that close on something low pass close to the support, beside the object."""
    view, settings = seen_from(LOW, 50), ClearanceSettings(support_margin_m=-1.0)
    found = proposed(view.seen())
    assert not isinstance(found, Rejection)
    hand, problems = found[0].world_from_hand, []
    for gap in (0.015, 0.15):
        middle = (LOW.radius + gap + 0.01) * hand.rotation[:2, 2]
        low, high = np.array([*(middle - 0.01), 0.5]), np.array([*(middle + 0.01), 0.535])
        around = surroundings(with_block(view, low, high).seen(), settings)
        assert not isinstance(around, Rejection)
        problems += clearances(around, [hand], [2 * LOW.radius], ROOMS, settings).problems
    assert problems == ["with another thing in the gripper's way", ""]


def test_the_jaws_come_in_narrower_where_a_neighbour_stands_in_their_way() -> None:
    """A wall stands where the wide open jaw comes down, clear of jaws that are a little wider than the object."""
    settings = ClearanceSettings(support_margin_m=-1.0)
    hand = Pose(DOWN, np.array([-0.02, 0.15, 0.56]))
    opened = []
    for wall in (0.078, 0.3):
        view = with_block(seen_from(LOW, 50), np.array([wall, 0.10, 0.5]), np.array([wall + 0.01, 0.20, 0.64]))
        around = surroundings(view.seen(), settings)
        assert not isinstance(around, Rejection)
        checked = clearances(around, [hand], [0.02], ROOMS, settings)
        assert checked.problems == [""]
        opened.append(ROOMS.opening(int(checked.opened[0])))
    assert opened[0] < opened[1] == 1.0


@pytest.mark.parametrize("gap", [0.02, 0.06])
def test_a_side_grasp_of_the_network_is_clear_of_a_neighbour_or_refused(gap: float) -> None:
    alone = seen_from(Cylinder(), 25)
    across = Cylinder().radius + gap
    view = with_block(alone, np.array([-0.04, across, 0.5]), np.array([0.04, across + 0.05, 0.65]))
    for picture in (alone, view):
        seen = picture.seen()
        heatmap = Heatmap(np.full(seen.detection.mask.shape, 0.5, np.float32))
        found = compute_grasp(seen, heatmap, gripper=SPOT.gripper, reach=None)
        if picture is alone:
            assert isinstance(found, Grasp)
        elif isinstance(found, Grasp):
            assert met(picture, found.world_from_hand) == 0
        else:
            assert "another thing in the gripper's way" in found.reason


def test_the_rim_that_the_sensor_does_not_return_counts_for_the_width() -> None:
    view = seen_from(LOW, 45)
    u = np.nonzero(view.mask)[1]
    lost = view.depth.copy()
    lost[:, : u.min() + 6] = 0.0
    lost[:, u.max() - 6 :] = 0.0
    lost[~view.mask] = view.depth[~view.mask]
    whole, partly = proposed(view.seen()), proposed(view.seen(lost))
    assert not isinstance(whole, Rejection)
    assert not isinstance(partly, Rejection)
    assert partly[0].width_m == pytest.approx(whole[0].width_m, abs=0.004)


def test_what_is_too_wide_or_out_of_reach_is_refused_with_a_reason() -> None:
    wide = proposed(seen_from(Cylinder(height=0.05, radius=0.08), 50).seen())
    assert isinstance(wide, Rejection)
    far = Reach(SPOT.arm, Pose(np.eye(3), np.array([-5.0, 0.0, 0.52])), GraspSettings())
    found = proposed(seen_from(LOW, 40).seen(), reach=far)
    assert isinstance(found, Rejection)
    assert "out of reach" in found.reason


def test_the_ways_are_those_that_were_asked_for() -> None:
    assert {way.approach for way in ways_of("side")} == {"side"}
    assert {way.approach for way in ways_of("top")} == {"top", "oblique"}
    assert len(ways_of("any")) == 11
    tall = seen_from(Cylinder(), 25)
    found = proposed(tall.seen(), "side")
    assert not isinstance(found, Rejection), found
    assert abs(found[0].world_from_hand.rotation[2, 0]) < 0.4
    assert met(tall, found[0].world_from_hand) == 0


def test_a_gripper_without_a_shape_is_no_gripper_for_it() -> None:
    with pytest.raises(ValueError, match="hulls"):
        propose_grasps(
            seen_from(LOW, 40).seen(),
            gripper=replace(SPOT.gripper, hulls=None),
            tips=SPOT.tips,
            reach=None,  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("approach", ["any", "side", "top"])
def test_a_run_takes_the_network_s_side_grasp_or_geometry_s(approach: Approach) -> None:
    low, tall = seen_from(LOW, 40).seen(), seen_from(Cylinder(), 15).seen()
    answers = [chosen(view, approach) for view in (low, tall)]
    if approach == "side":
        assert isinstance(answers[0], Rejection)  # the network's way holds nothing low
        assert "too close to the support" in answers[0].reason
    else:
        assert isinstance(answers[0], Grasp), answers[0]
        assert answers[0].world_from_hand.rotation[2, 0] < -0.7
    assert isinstance(answers[1], Grasp)
    assert (answers[1].world_from_hand.rotation[2, 0] < -0.7) == (approach == "top")
    if approach != "top":
        assert answers[1].world_from_hand == chosen(tall, "side").world_from_hand  # type: ignore[union-attr]


def test_a_robot_without_the_shape_of_its_jaws_grips_from_the_side_alone() -> None:
    low, tall = seen_from(LOW, 40).seen(), seen_from(Cylinder(), 15).seen()
    from_above = chosen(low, "top", tips=None)
    assert isinstance(from_above, Rejection)
    assert "shape of its gripper" in from_above.reason
    assert isinstance(chosen(tall, "any", tips=None), Grasp)


def chosen(view: perception.view.View, approach: Approach, tips: JawTips | None = SPOT.tips) -> Grasp | Rejection:
    heatmap = Heatmap(np.full(view.detection.mask.shape, 0.5, np.float32))
    return choose_grasp(
        view, heatmap, approach=approach, gripper=SPOT.gripper, tips=tips, reach=None, settings=GraspSettings()
    )
