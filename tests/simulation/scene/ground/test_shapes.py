"""Ground for many robots: it begins ahead of the robot, and is as high and as steep as asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.geometry import Pose
from simulation.scene.ground.shapes import BOX_HALF_M, RAMP_HALF_M, STARTS_M, Ground, flat, make_ground


def tops_m(ground: Ground) -> np.ndarray:
    return np.asarray(ground.boxes[:, 2] + BOX_HALF_M[2])


@given(st.floats(0.01, 0.1), st.integers(0, 1000))
def test_rubble_is_no_higher_than_asked_and_leaves_the_start_free(size: float, seed: int) -> None:
    ground = make_ground("rubble", size, np.random.default_rng(seed))
    assert (tops_m(ground) <= size + 1e-9).all()
    assert (tops_m(ground) > 0).all()
    assert (ground.boxes[:, 0] - BOX_HALF_M[0] > 0.4).all()


@pytest.mark.parametrize(("kind", "steps"), [("step", 1), ("stairs", 4)])
def test_steps_go_up_one_after_the_other(kind: str, steps: int) -> None:
    ground = make_ground(kind, 0.05, np.random.default_rng(0))  # type: ignore[arg-type]
    assert tops_m(ground)[:steps] == pytest.approx(0.05 * np.arange(1, steps + 1))
    assert tops_m(ground)[steps:] == pytest.approx(0.05 * steps)
    assert ground.boxes[0, 0] - BOX_HALF_M[0] == pytest.approx(STARTS_M)


@given(st.floats(0.02, 0.4))
def test_a_ramp_rises_from_its_foot(angle_rad: float) -> None:
    ramp = make_ground("ramp", angle_rad, np.random.default_rng(0)).ramp
    world_from_ramp = Pose.from_quaternion(ramp[3:], ramp[:3])
    foot = world_from_ramp.transform(np.array([-RAMP_HALF_M[0], 0.0, RAMP_HALF_M[2]]))
    assert foot == pytest.approx([STARTS_M, 0.0, 0.0], abs=1e-9)
    head = world_from_ramp.transform(np.array([RAMP_HALF_M[0], 0.0, RAMP_HALF_M[2]]))
    assert np.arctan2(head[2], head[0] - foot[0]) == pytest.approx(angle_rad)


def test_flat_ground_has_everything_below_the_floor() -> None:
    assert (tops_m(flat()) < 0).all()
    assert flat().ramp[2] + np.hypot(*RAMP_HALF_M[::2]) < 0
