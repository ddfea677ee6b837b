"""The rule of the family of grasps: what it promises for any way, point, normal and heading."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from behaviours.robots.spot.model import SPOT, SPOT_TIPS
from perception.geometry import Pose, unit
from perception.hand.family import (
    WAYS,
    Way,
    applies,
    beside,
    hand_pose_of,
    heading_of,
    narrowest,
    rotation_of,
)
from perception.hand.hand_pose import hand_pose

HULLS = SPOT.gripper.hulls
assert HULLS is not None
SWEPT = np.concatenate([part for angle in np.linspace(0.0, HULLS.open_rad, 31) for part in HULLS.jaw_at(angle)])
"""Corners of the moving jaw at all angles that it passes, hand frame."""
WAY = st.sampled_from(WAYS)
NORMAL = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
YAW = st.floats(-np.pi, np.pi)
SPAN = st.tuples(st.floats(-0.09, -0.002), st.floats(0.002, 0.09))
HEIGHT = st.floats(0.002, 0.3)


def heading(yaw: float) -> np.ndarray:
    return np.array([np.cos(yaw), np.sin(yaw), 0.0])


def pose_at(way: Way, normal: tuple, yaw: float, span: tuple, height: float) -> Pose | None:
    rotation = rotation_of(way, normal, heading(yaw))
    return hand_pose_of(way, (0.3, -0.2, height), rotation, span, 0.0, SPOT.gripper, SPOT_TIPS)


def test_eleven_ways_with_names_of_their_own() -> None:
    assert len({way.name for way in WAYS}) == len(WAYS) == 11


@given(WAY, NORMAL, YAW)
def test_jaws_close_level_and_the_hand_comes_from_where_the_way_says(way: Way, normal: tuple, yaw: float) -> None:
    assume(applies(way, normal))
    rotation = rotation_of(way, normal, heading(yaw))
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    assert rotation[2, 2] == pytest.approx(0.0, abs=1e-9)
    down = {"top": -1.0, "oblique": -np.sqrt(0.5), "side": -unit(normal)[2]}[way.approach]
    assert rotation[2, 0] == pytest.approx(down, abs=1e-9)


@given(WAY, NORMAL, YAW, YAW)
def test_the_rule_turns_with_the_world(way: Way, normal: tuple, yaw: float, turn: float) -> None:
    assume(applies(way, normal))
    world = Pose.from_rpy((0.0, 0.0, turn)).rotation
    turned = rotation_of(way, world @ np.asarray(normal), heading(yaw + turn))
    assert turned == pytest.approx(world @ rotation_of(way, normal, heading(yaw)), abs=1e-6)


@given(YAW)
def test_rolls_of_the_ways_from_above_are_turns_of_the_jaw_axis(yaw: float) -> None:
    for way in WAYS:
        if way.approach == "top":
            axis = rotation_of(way, (0, 0, 1), heading(yaw))[:, 2]
            assert axis == pytest.approx(heading(yaw + way.roll_rad), abs=1e-9)


@given(WAY, NORMAL, YAW, SPAN, HEIGHT)
def test_the_object_s_span_lies_beside_the_fixed_jaw(
    way: Way, normal: tuple, yaw: float, span: tuple, height: float
) -> None:
    assume(applies(way, normal))
    pose = pose_at(way, normal, yaw, span, height)
    assume(pose is not None)
    x, y, z = pose.inverse().transform((0.3, -0.2, height))
    assert y == pytest.approx(0.0, abs=1e-9)
    if way.approach == "top" and height < SPOT_TIPS.low_m:
        axis = rotation_of(way, normal, heading(yaw))[:, 2]
        jaw = pose.transform((SPOT_TIPS.low_grip_x_m, 0.0, SPOT.gripper.fixed_jaw_z_m))
        assert axis @ (jaw - (0.3, -0.2, height)) == pytest.approx(span[0] - SPOT.gripper.clearance_m)
        return
    if way.approach == "top" and SPOT_TIPS.wide_lean(span[1] - span[0], height) > 0.0:
        axis = rotation_of(way, normal, heading(yaw))[:, 2]
        along = np.linspace(SPOT_TIPS.fixed_tip_x_m, -0.2, 500)
        jaw = pose.transform(np.stack([along, 0 * along, np.full(500, SPOT.gripper.fixed_jaw_z_m)], axis=1))
        widest = height - min(span[1] - span[0], height) / 2
        beside = jaw[np.argmin(np.abs(jaw[:, 2] - widest))]
        assert axis @ (beside - (0.3, -0.2, height)) == pytest.approx(span[0] - SPOT.gripper.clearance_m, abs=5e-4)
        return
    assert z + span[0] == pytest.approx(SPOT.gripper.fixed_jaw_z_m + SPOT.gripper.clearance_m)
    deepest = SPOT.gripper.max_depth_m if way.depth == "wrap" else -SPOT_TIPS.tips_depth_m
    assert -deepest - 1e-9 <= x
    if way.approach != "side":
        assert x <= SPOT_TIPS.fixed_tip_x_m - SPOT_TIPS.least_overlap_m + 1e-9


@given(WAY, NORMAL, YAW, SPAN, HEIGHT)
def test_jaws_that_close_from_above_stay_clear_of_the_support(
    way: Way, normal: tuple, yaw: float, span: tuple, height: float
) -> None:
    assume(applies(way, normal) and way.approach != "side")
    pose = pose_at(way, normal, yaw, span, height)
    assume(pose is not None)
    lowest = min(pose.transform((x, side * y, 0.0))[2] for x, y in SPOT_TIPS.low_points_m for side in (-1, 1))
    assert lowest >= SPOT_TIPS.support_margin_m - 1e-9
    assert pose.transform((0.040, 0.0, -0.060))[2] >= SPOT_TIPS.support_margin_m - 1e-9, "the fixed jaw's tip"


@given(YAW, SPAN, HEIGHT)
def test_a_hand_that_leans_over_a_wide_object_closes_above_the_support(yaw: float, span: tuple, height: float) -> None:
    pose = pose_at(WAYS[-1], (0, 0, 1), yaw, span, height)
    assume(pose is not None and height > SPOT_TIPS.low_m)
    tilt = float(np.arcsin(np.clip(-pose.rotation[2, 2], -1.0, 1.0)))
    assert tilt == pytest.approx(SPOT_TIPS.wide_lean(span[1] - span[0], height), abs=1e-9)
    assert pose.transform(SWEPT)[:, 2].min() > SPOT_TIPS.support_margin_m - 0.001


def test_a_hand_leans_more_over_what_is_wider_and_not_over_what_is_narrow_or_low() -> None:
    leans = [SPOT_TIPS.wide_lean(width, 0.07) for width in (0.03, 0.05, 0.06, 0.07, 0.08, 0.09)]
    assert leans == sorted(leans)
    assert leans[1] == 0.0 < leans[2] < leans[3] < leans[4] == SPOT_TIPS.wide_lean_rad
    assert SPOT_TIPS.wide_lean(0.08, SPOT_TIPS.low_m) == 0.0


def test_what_is_too_low_for_the_finger_tips_has_no_pose() -> None:
    top = WAYS[-1]
    found = [pose_at(top, (0, 0, 1), 0.0, (-0.02, 0.02), height) is not None for height in (0.008, 0.010, 0.014, 0.1)]
    assert found == [False, False, True, True]


@given(NORMAL, st.floats(0.01, 0.1))
def test_the_side_way_about_the_middle_is_the_rule_of_upright_objects(normal: tuple, width: float) -> None:
    point = np.array([1.0, 2.0, 0.5])
    rotation = rotation_of(WAYS[0], normal, (1.0, 0.0, 0.0))
    pose = hand_pose_of(WAYS[0], point, rotation, (-width / 2, width / 2), 0.0, SPOT.gripper, SPOT_TIPS)
    assert pose == hand_pose(point, normal, (0, 0, 1), width, SPOT.gripper)


def test_a_camera_that_looks_straight_down_has_a_heading_too() -> None:
    for pitch in (0.0, 0.6, np.pi / 2):
        ahead = Pose.from_rpy((0.0, pitch, 0.7)).rotation @ np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0.0]])
        assert heading_of(Pose(ahead, np.zeros(3))) == pytest.approx(heading(0.7))


@given(WAY, YAW, YAW)
def test_jaws_turn_to_where_a_bar_is_narrowest_by_half_a_roll_at_most(way: Way, yaw: float, lies: float) -> None:
    def span_of(rotation: np.ndarray) -> tuple[float, float]:
        half = 0.02 / max(0.2, abs(float(rotation[:, 2] @ heading(lies))))
        return -half, half

    asked = rotation_of(way, (-1.0, 0.0, 0.0), heading(yaw))
    rotation, span = narrowest(way, asked, span_of)
    assert span == span_of(rotation)
    assert np.ptp(span) <= np.ptp(span_of(asked)) + 1e-12
    assert rotation[2] == pytest.approx(asked[2]), "only about the vertical"
    turn = np.arccos(np.clip(rotation[:, 2] @ asked[:, 2], -1.0, 1.0))
    assert turn <= np.radians(22.6)
    if way.approach == "side":
        assert turn == 0.0
    off = np.arccos(np.clip(abs(asked[:, 2] @ heading(lies)), -1.0, 1.0))
    if way.approach == "top" and off < np.radians(22.0):
        assert np.ptp(span) <= 0.0408, "four rolls reach every direction"


@given(YAW, SPAN, st.floats(0.014, 0.034))
def test_over_low_objects_the_hand_leans_so_that_both_jaws_reach_as_low(yaw: float, span: tuple, height: float) -> None:
    way = WAYS[-1]
    pose = pose_at(way, (0, 0, 1), yaw, span, height)
    assert pose is not None
    assert pose.rotation[2, 2] == pytest.approx(np.sin(SPOT_TIPS.low_lean_rad)), "the moving jaw's side is raised"
    tips = [pose.transform((x, 0.0, z))[2] for x, z in SPOT_TIPS.low_tips_m]
    assert max(tips) - min(tips) < 0.010
    moved = beside(pose, SPOT.gripper)
    assert moved.position_m[2] == pytest.approx(pose.position_m[2]), "level"
    assert moved.distance_m(pose) == pytest.approx(SPOT.gripper.clearance_m - SPOT.gripper.close_gap_m)
