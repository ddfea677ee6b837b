"""What the fake robot shows, to the millimetre, and what its stand-ins for networks make of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from behaviours.contract.common import ready
from behaviours.robots.fake.robot import FakeDetector, FakeHeatmap, FakeRobot
from behaviours.robots.fake.world import BOTTLE_RGB, FLOOR_RGB, HAND_CAMERA, MAX_RANGE_M, TABLE_RGB, FakeWorld
from perception.base.errors import ConfigError
from perception.geometry import Pose, unit
from perception.types import Detection, RgbdFrame
from perception.view import View


def looking_at(target_m: np.ndarray, *, azimuth: float, elevation: float, distance_m: float) -> Pose:
    """world_from_camera, level in roll, with a point of the world in the middle of the picture."""
    toward_eye = np.array(
        [-np.cos(azimuth) * np.cos(elevation), -np.sin(azimuth) * np.cos(elevation), np.sin(elevation)]
    )
    forward = -toward_eye
    right = unit(np.cross(forward, [0.0, 0.0, 1.0]))
    return Pose(np.stack([right, np.cross(forward, right), forward], axis=1), target_m + distance_m * toward_eye)


def seen(world: FakeWorld, camera: Pose, color: tuple[int, ...]) -> np.ndarray:
    """(N, 3) points of the world, metres, at the pixels of a colour that have depth."""
    rgb, depth = world.render(camera)
    v, u = np.nonzero((rgb == color).all(axis=-1) & (depth > 0))
    return camera.transform(HAND_CAMERA.back_project(u, v, depth[v, u]))


views = st.tuples(st.floats(-np.pi, np.pi), st.floats(0.05, 1.2), st.floats(0.3, 1.5))


@settings(max_examples=25)
@given(views)
def test_what_looks_like_the_bottle_is_on_the_bottle(view: tuple[float, float, float]) -> None:
    world = FakeWorld()
    middle = world.bottle_m + np.array([0.0, 0.0, world.height_m / 2])
    camera = looking_at(middle, azimuth=view[0], elevation=view[1], distance_m=view[2])
    points = seen(world, camera, BOTTLE_RGB) - world.bottle_m
    assert len(points) > 100
    radius, height = np.linalg.norm(points[:, :2], axis=1), points[:, 2]
    flank = np.abs(radius - world.radius_m) < 1e-3
    lid = (np.abs(height - world.height_m) < 1e-3) & (radius < world.radius_m + 1e-3)
    assert (flank | lid).all()
    assert flank.any()
    above_m = camera.position_m[2] - world.bottle_m[2] - world.height_m
    assert lid.any() or above_m < 0.05  # seen too flat, it is less than a pixel high
    assert flank[lid].all() or above_m > 0.0  # from below only the rim can be seen
    assert (height > -1e-3).all()
    assert (height < world.height_m + 1e-3).all()
    eye = camera.position_m - world.bottle_m
    assert (points[flank & ~lid][:, :2] @ eye[:2] > 0).all(), "the far side of the bottle is seen through the near one"


@settings(max_examples=15)
@given(views)
def test_the_table_and_the_floor_are_where_they_are(view: tuple[float, float, float]) -> None:
    world = FakeWorld()
    camera = looking_at(world.bottle_m, azimuth=view[0], elevation=view[1], distance_m=view[2])
    table, floor = seen(world, camera, TABLE_RGB), seen(world, camera, FLOOR_RGB)
    assert len(table) > 100
    assert np.abs(table[:, 2] - world.table_m[2]).max() < 1e-3
    assert np.abs(table[:, :2] - world.table_m[:2]).max() < world.table_half_m + 1e-3
    assert np.abs(floor[:, 2]).max(initial=0.0) < 5e-3
    _, depth = world.render(camera)
    assert depth.max() < MAX_RANGE_M


def test_a_camera_that_looks_at_the_sky_sees_no_depth() -> None:
    up = Pose.from_rpy((0.0, 0.0, 0.0), (0.0, 0.0, 1.0))  # the optical axis is z
    rgb, depth = FakeWorld().render(up)
    assert not depth.any()
    assert not (rgb == BOTTLE_RGB).all(axis=-1).any()


def test_the_picture_is_taken_from_the_hand_and_takes_no_time() -> None:
    with FakeRobot() as robot:
        ready(robot)
        before = robot.now()
        first, second = robot.capture("hand"), robot.capture("hand")
        assert robot.now() == before == first.time_s
        assert first.world_from_camera == robot.hand_pose() @ robot.model.hand_from_camera
        assert np.array_equal(first.rgb, second.rgb)
        assert np.array_equal(first.depth, second.depth)


def test_the_detector_marks_the_bottle_and_nothing_else() -> None:
    world, detector = FakeWorld(), FakeDetector()
    camera = looking_at(world.bottle_m, azimuth=0.3, elevation=0.3, distance_m=0.6)
    frame = RgbdFrame(*world.render(camera), HAND_CAMERA, camera, 0.0, "hand")
    (detection,) = detector.detect(frame, ["bottle"], 0.25)
    assert np.array_equal(detection.mask, (frame.rgb == BOTTLE_RGB).all(axis=-1))
    v, u = np.nonzero(detection.mask)
    assert detection.box_uv == (u.min(), v.min(), u.max() + 1, v.max() + 1)
    assert detector.detect(frame, ["bottle"], 0.995) == []
    world.bottle_hidden = True
    assert detector.detect(RgbdFrame(*world.render(camera), HAND_CAMERA, camera, 0.0, "hand"), ["bottle"], 0.1) == []
    with pytest.raises(ConfigError, match="cup"):
        detector.detect(frame, ["bottle", "cup"], 0.25)


def test_the_heatmap_is_best_in_the_middle_and_nothing_outside() -> None:
    world = FakeWorld()
    camera = looking_at(world.bottle_m, azimuth=0.0, elevation=0.3, distance_m=0.6)
    frame = RgbdFrame(*world.render(camera), HAND_CAMERA, camera, 0.0, "hand")
    (detection,) = FakeDetector().detect(frame, ["bottle"], 0.25)
    quality = FakeHeatmap().predict(View(frame, detection)).quality
    assert quality.max() == 1.0
    assert not quality[~detection.mask].any()
    _, column = np.unravel_index(int(quality.argmax()), quality.shape)
    assert abs(column - np.nonzero(detection.mask)[1].mean()) < 5
    nothing = Detection("bottle", 0.9, np.zeros_like(detection.mask), detection.box_uv)
    assert not FakeHeatmap().predict(View(frame, nothing)).quality.any()
