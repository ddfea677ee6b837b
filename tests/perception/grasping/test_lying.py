"""How a long object lies: a body with a neck, seen from above in the fake world, at any heading."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behaviours.robots.fake.models import FakeDetector
from behaviours.robots.fake.world import HAND_CAMERA, FakeShape, FakeWorld
from perception.geometry import Pose, looking_along
from perception.grasping.lying import Lying, how_it_lies
from perception.types import Rejection, RgbdFrame
from perception.view import View

BODY_M, NECK_M = 0.14, 0.07
PLACE_M = np.array([1.0, 0.2, 0.0])


def seen(world: FakeWorld, elevation_rad: float = 0.9) -> View:
    """The one object of a world, from 0.5 m away."""
    forward = np.array([np.cos(elevation_rad), 0.0, -np.sin(elevation_rad)])
    camera = looking_along(PLACE_M - 0.5 * forward, forward)
    frame = RgbdFrame(*world.render(camera), HAND_CAMERA, camera, 0.0, "hand")
    (detection,) = FakeDetector().detect(frame, ["bottle"], 0.25)
    return View(frame, detection)


def bottle_with_neck(heading_rad: float) -> FakeWorld:
    """A bottle that lies with the middle of its body on PLACE_M, its neck towards a heading."""
    along = np.array([np.cos(heading_rad), np.sin(heading_rad), 0.0])
    shapes = (FakeShape(height_m=BODY_M, lying_rad=heading_rad), FakeShape("bottle", 0.015, NECK_M, heading_rad))
    neck = PLACE_M + (BODY_M + NECK_M) / 2 * along
    return FakeWorld(bottle_m=PLACE_M, others_m=[neck], shapes=shapes, table_m=(9.0, 9.0, 0.5), other_tables=())


@settings(deadline=None)
@given(st.floats(-np.pi, np.pi))
def test_the_wider_end_is_the_foot(heading_rad: float) -> None:
    lying = how_it_lies(seen(bottle_with_neck(heading_rad)))
    assert isinstance(lying, Lying)
    along = np.array([np.cos(heading_rad), np.sin(heading_rad), 0.0])
    assert float(lying.along @ along) > np.cos(np.radians(12.0))
    assert np.linalg.norm(lying.foot_m[:2] - (PLACE_M - BODY_M / 2 * along)[:2]) < 0.02
    assert lying.length_m == pytest.approx(BODY_M + NECK_M, abs=0.03)


def test_what_stands_does_not_lie() -> None:
    world = FakeWorld(bottle_m=PLACE_M, table_m=(9.0, 9.0, 0.5), other_tables=())
    assert "does not lie" in str(how_it_lies(seen(world, 0.5)))


def test_what_has_no_place_does_not_lie_anywhere() -> None:
    world = bottle_with_neck(0.3)
    view = seen(world)
    blind = RgbdFrame(view.frame.rgb, np.zeros_like(view.frame.depth), HAND_CAMERA, Pose.identity(), 0.0, "hand")
    assert isinstance(how_it_lies(View(blind, view.detection)), Rejection)
