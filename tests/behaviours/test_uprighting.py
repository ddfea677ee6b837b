"""Setting up what lies: the grasp as it would be of the standing object, and the leaf."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_trees.common import Status

from behaviours.leaves.placing import foot_in_hand
from behaviours.leaves.uprighting import AsIfUpright, as_if_upright, raised
from behaviours.robots.fake.robot import FakeRobot
from behaviours.robots.fake.world import FakeWorld
from perception.geometry import Pose
from perception.grasping.lying import Lying
from tests.behaviours.test_task_leaves import angle, grasp, leaf, location, metre
from tests.perception.grasping.test_lying import PLACE_M, bottle_with_neck, seen


def lying(heading_rad: float, foot_m: Any = (1.0, 0.0, 0.03)) -> Lying:
    return Lying(np.array(foot_m), np.array([np.cos(heading_rad), np.sin(heading_rad), 0.0]), 0.2)


@given(heading=angle)
def test_it_is_set_up_by_a_turn_about_a_level_axis(heading: float) -> None:
    turn, state = raised(lying(heading)), lying(heading)
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(turn) == pytest.approx(1.0)
    assert turn @ state.along == pytest.approx([0.0, 0.0, 1.0], abs=1e-9)
    side = np.cross(state.along, [0.0, 0.0, 1.0])
    assert turn @ side == pytest.approx(side, abs=1e-9)


@given(heading=angle, x=metre, y=metre, yaw=angle, pitch=st.floats(0.0, 1.5))
def test_the_object_sits_in_the_hand_as_before(heading: float, x: float, y: float, yaw: float, pitch: float) -> None:
    state = lying(heading, (x, y, 0.03))
    hand = Pose.from_rpy((0.0, pitch, yaw), (x + 0.05, y - 0.03, 0.1))
    standing, upright = as_if_upright(state, location(x, y, 0.0, 0.06), grasp(hand))
    assert foot_in_hand(upright, standing) == pytest.approx(hand.inverse().transform(state.foot_m), abs=1e-9)
    assert pytest.approx(hand.rotation.T @ state.along, abs=1e-9) == upright.world_from_hand.rotation.T @ [
        0.0,
        0.0,
        1.0,
    ]
    assert standing.height_m == pytest.approx(state.length_m)


def test_a_hand_from_above_is_level_once_it_has_set_the_object_up() -> None:
    state, down = lying(0.4), Pose.from_rpy((0.0, np.pi / 2, 0.4), (1.1, 0.0, 0.05))
    _, upright = as_if_upright(state, location(1.1, 0.0, 0.0, 0.06), grasp(down))
    assert upright.world_from_hand.rotation[2, 0] == pytest.approx(0.0, abs=1e-9)


def ended(**values: Any) -> Any:
    """The leaf, once it has succeeded."""
    work = leaf(AsIfUpright, FakeRobot(), **values)
    work.tick_once()
    while work.status is Status.RUNNING:
        work.tick_once()
    assert work.status is Status.SUCCESS
    return work


def test_the_leaf_sets_up_what_lies() -> None:
    view, hand = seen(bottle_with_neck(1.0)), Pose.from_rpy((0.0, np.pi / 2, 1.0 + np.pi / 2), (1.0, 0.2, 0.06))
    work = ended(detection=view, object=view.location, grasp=grasp(hand))
    standing, upright = work.get("standing"), work.get("upright")
    assert standing.height_m == pytest.approx(0.21, abs=0.03)
    assert abs(upright.world_from_hand.rotation[2, 1]) > 0.95, "its y is along the object's axis"


def test_the_leaf_leaves_what_stands() -> None:
    view, held = seen(FakeWorld(bottle_m=PLACE_M), 0.3), grasp(Pose.identity())
    work = ended(detection=view, object=view.location, grasp=held)
    assert work.get("standing") is view.location
    assert work.get("upright") is held
