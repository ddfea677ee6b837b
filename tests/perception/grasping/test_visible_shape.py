"""How the jaws are turned across what is seen of a long object."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perception.geometry import Pose
from perception.grasping.settings import ProposalSettings
from perception.grasping.visible_shape import VisibleShape
from perception.surface.support import Plane, Support

SETTINGS = ProposalSettings()
DOWN = np.stack([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], axis=1)
angles = st.floats(-np.pi, np.pi)


def shape_of(points: Any) -> VisibleShape:
    camera = Pose.from_rpy((0.0, 0.0, 0.0), (-0.5, 0.0, 0.5))
    around: Any = SimpleNamespace(
        own=points, unreturned=np.zeros((0, 3)),
        view=SimpleNamespace(frame=SimpleNamespace(world_from_camera=camera), box=None),
        support=Support((Plane(np.zeros(2), 0.0, 0.002, 0.0),), np.zeros(2), np.zeros((2, 2), np.int8), 0.02),
    )  # fmt: skip
    return VisibleShape(around, np.array([1.0, 0.0, 0.0]), SETTINGS)


def strip(length: float, breadth: float, yaw: float, seed: int) -> Any:
    """Noisy points of the upper side of something that lies, (200, 3)."""
    rng = np.random.default_rng(seed)
    flat = np.stack(
        [rng.uniform(-0.5, 0.5, 200) * length, rng.uniform(-0.5, 0.5, 200) * breadth, np.full(200, 0.05)], 1
    )
    return Pose.from_rpy((0.0, 0.0, yaw)).transform(flat) + rng.normal(0.0, 0.002, (200, 3))


def turned_down(yaw: float) -> Any:
    return Pose.from_rpy((0.0, 0.0, yaw)).rotation @ DOWN


@given(angles, st.floats(-0.7, 0.7), st.integers(0, 99), st.booleans())
def test_jaws_close_straight_across_a_long_thing(yaw: float, off: float, seed: int, other_way: bool) -> None:
    rotation = turned_down(yaw + np.pi / 2 + off + np.pi * other_way)
    aligned = shape_of(strip(0.2, 0.04, yaw, seed)).aligned(np.array([0.0, 0.0, 0.05]), rotation)
    assert aligned is not None
    long_side = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    assert abs(aligned[:, 2] @ long_side) < np.sin(np.radians(4.0))
    assert aligned[:, 2] @ rotation[:, 2] > 0.6, "turned by half"
    np.testing.assert_allclose(aligned[:, 0], rotation[:, 0], atol=1e-9)


@given(angles, angles, st.integers(0, 99))
def test_what_is_not_long_or_lies_along_the_jaws_turns_nothing(yaw: float, hand: float, seed: int) -> None:
    assert shape_of(strip(0.05, 0.045, yaw, seed)).aligned(np.array([0.0, 0.0, 0.05]), turned_down(hand)) is None
    along = turned_down(yaw)
    assert shape_of(strip(0.2, 0.04, yaw, seed)).aligned(np.array([0.0, 0.0, 0.05]), along) is None
