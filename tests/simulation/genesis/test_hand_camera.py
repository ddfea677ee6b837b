"""What a moving hand does to its pictures: laws of blur and flow, and a camera that moves in physics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from behaviours.robots.spot.model import SPOT
from perception.geometry import Pose
from simulation.genesis.hand_camera import blurred, earlier, flow_px

CAMERA = SPOT.hand_camera
flows = st.floats(-12.0, 12.0)
few = settings(deadline=None, max_examples=30)


@given(flow=st.tuples(flows, flows), grey=st.integers(0, 255))
@few
def test_blur_leaves_what_is_even_and_keeps_the_light(flow: tuple[float, float], grey: int) -> None:
    assert (blurred(np.full((30, 40, 3), grey, np.uint8), flow) == grey).all()
    dot = np.zeros((61, 61, 3), np.uint8)
    dot[30, 30] = 255
    assert int(blurred(dot, flow)[..., 0].sum()) == pytest.approx(255, abs=40), "rounding of a faint line"


@given(picture=arrays(np.uint8, (12, 16, 3)))
@few
def test_without_motion_nothing_is_blurred(picture: np.ndarray) -> None:
    assert (blurred(picture, (0.0, 0.0)) == picture).all()


def test_a_dot_becomes_a_line_along_the_motion() -> None:
    dot = np.zeros((41, 41, 3), np.uint8)
    dot[20, 20] = 255
    rows, columns = np.nonzero(blurred(dot, (10.0, 0.0))[..., 0])
    assert set(rows) == {20}
    assert columns.max() - columns.min() == pytest.approx(10, abs=1)


@given(
    speed=arrays(np.float64, 3, elements=st.floats(-1.0, 1.0)),
    rates=arrays(np.float64, 3, elements=st.floats(-2.0, 2.0)),
    seconds=st.floats(0.0, 0.1),
)
@few
def test_what_was_earlier_comes_back(speed: np.ndarray, rates: np.ndarray, seconds: float) -> None:
    now = Pose.from_rpy((0.1, -0.4, 2.0), (1.0, 2.0, 0.5))
    there = earlier(earlier(now, speed, rates, seconds), speed, rates, -seconds)
    assert there.distance_m(now) == pytest.approx(0.0, abs=1e-9)
    assert there.angle_rad(now) == pytest.approx(0.0, abs=1e-6)
    assert earlier(now, speed, rates, seconds).distance_m(now) == pytest.approx(np.linalg.norm(speed) * seconds)


def test_what_is_ahead_moves_to_the_left_when_the_camera_goes_or_turns_to_the_right() -> None:
    now = Pose.identity()  # an optical frame: x to the right
    gone = earlier(now, (0.5, 0.0, 0.0), (0.0, 0.0, 0.0), 0.1)
    assert flow_px(CAMERA, gone, now, 2.0) == pytest.approx([-0.05 / 2.0 * CAMERA.fx, 0.0])
    turned = earlier(now, (0.0, 0.0, 0.0), (0.0, 0.5, 0.0), 0.1)
    assert flow_px(CAMERA, turned, now, 2.0) == pytest.approx([-np.tan(0.05) * CAMERA.fx, 0.0], abs=1e-6)


@pytest.mark.simulation
def test_while_the_arm_moves_colour_is_blurred_and_depth_is_of_a_moment_ago() -> None:
    from simulation.genesis.robot import GenesisRobot

    with GenesisRobot("bottle", 0, base="rails") as robot:
        robot.sleep(0.5)
        camera, here = robot._camera, robot.capture("hand").world_from_camera
        rests = camera.moving(here, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        assert all((one == other).all() for one, other in zip(rests, camera.still(here), strict=True))
        robot.move_arm("ready", max_joint_speed_radps=2.0)
        robot.sleep(0.4)
        frame = robot.capture("hand")
        sharp, now_m = camera.still(frame.world_from_camera)
        edges = [np.abs(np.diff(picture.astype(int), axis=0)).mean() for picture in (frame.rgb, sharp)]
        assert edges[0] < 0.95 * edges[1]
        _, seen_m = camera.moving(
            frame.world_from_camera, *robot._plant.hand_velocity(frame.world_from_camera.position_m)
        )
        both = (seen_m > 0) & (now_m > 0)
        assert np.median(np.abs(seen_m - now_m)[both]) > 0.001
