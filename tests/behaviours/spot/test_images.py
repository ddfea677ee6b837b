"""From the image service's answers to frames: sizes, depth, broken data, upright pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import image_pb2
from hypothesis import given
from hypothesis import strategies as st

from behaviours.robots.spot.camera import images
from behaviours.robots.spot.frames import fill_pose
from perception.base.errors import ConfigError, RobotError
from perception.geometry import Pose
from perception.types import Intrinsics, RgbdFrame

IMAGE = image_pb2.Image
VISION_FROM_BODY = Pose.from_rpy((0.0, 0.0, 0.7), (1.0, 2.0, 0.5))
BODY_FROM_SENSOR = Pose.from_rpy((0.1, -1.2, 0.3), (0.4, 0.1, 0.2))


def response(name: str, pixels: np.ndarray, pixel_format: int, *, jpeg: bool = False, scale: float = 0.0) -> Any:
    """An ImageResponse as the robot sends it, with its own frame tree."""
    answer = image_pb2.ImageResponse()
    answer.source.name, answer.source.depth_scale = name, scale
    answer.shot.frame_name_image_sensor = "sensor"
    image = answer.shot.image
    image.rows, image.cols, image.pixel_format = *pixels.shape[:2], pixel_format
    image.format = IMAGE.FORMAT_JPEG if jpeg else IMAGE.FORMAT_RAW
    image.data = cv2.imencode(".jpg", pixels[..., ::-1])[1].tobytes() if jpeg else pixels.tobytes()
    camera = answer.source.pinhole.intrinsics
    camera.focal_length.x = camera.focal_length.y = float(pixels.shape[1])
    camera.principal_point.x, camera.principal_point.y = pixels.shape[1] / 2, pixels.shape[0] / 2
    edges = answer.shot.transforms_snapshot.child_to_parent_edge_map
    edges["body"].parent_frame_name = ""
    fill_pose(edges["body"].parent_tform_child, Pose.identity())
    edges["vision"].parent_frame_name = "body"
    fill_pose(edges["vision"].parent_tform_child, VISION_FROM_BODY.inverse())
    edges["sensor"].parent_frame_name = "body"
    fill_pose(edges["sensor"].parent_tform_child, BODY_FROM_SENSOR)
    return answer


def pair(depth: np.ndarray, rgb: np.ndarray | None = None, scale: float = 1000.0) -> list[Any]:
    picture = np.zeros((48, 64, 3), np.uint8) if rgb is None else rgb
    return [
        response("hand_color_image", picture, IMAGE.PIXEL_FORMAT_RGB_U8),
        response("hand_depth_in_hand_color_frame", depth, IMAGE.PIXEL_FORMAT_DEPTH_U16, scale=scale),
    ]


def test_depth_is_metres_and_both_marks_of_no_return_are_zero() -> None:
    raw = np.full((48, 64), 1234, "<u2")
    raw[0, 0], raw[0, 1], raw[0, 2] = 0, 65535, 65534
    frame = images.frame_of("hand", pair(raw), 7.5)
    assert frame.depth[0, :3].tolist() == pytest.approx([0.0, 0.0, 65.534])
    assert frame.depth[1, 1] == pytest.approx(1.234)
    assert frame.time_s == 7.5


def test_a_source_without_a_scale_counts_millimetres() -> None:
    frame = images.frame_of("hand", pair(np.full((48, 64), 500, "<u2"), scale=0.0), 0.0)
    assert frame.depth[5, 5] == pytest.approx(0.5)


def test_the_pose_is_that_of_the_pictures_own_frame_tree() -> None:
    frame = images.frame_of("hand", pair(np.zeros((48, 64), "<u2")), 0.0)
    expected = VISION_FROM_BODY @ BODY_FROM_SENSOR
    assert frame.world_from_camera.distance_m(expected) < 1e-9
    assert frame.world_from_camera.angle_rad(expected) < 1e-6


def test_depth_of_another_size_is_looked_up_along_the_same_ray() -> None:
    raw = np.zeros((24, 32), "<u2")
    raw[:, 16:] = 2000
    frame = images.frame_of("hand", pair(raw), 0.0)
    assert frame.depth.shape == (48, 64)
    assert not frame.depth[:, :31].any()
    assert (frame.depth[:47, 33:62] == 2.0).all()


def test_a_jpeg_comes_out_in_rgb_order() -> None:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[..., 0] = 200
    answers = pair(np.zeros((48, 64), "<u2"))
    answers[0] = response("hand_color_image", rgb, IMAGE.PIXEL_FORMAT_RGB_U8, jpeg=True)
    frame = images.frame_of("hand", answers, 0.0)
    assert np.abs(frame.rgb[20, 20].astype(int) - [200, 0, 0]).max() < 12


def test_a_grey_picture_becomes_three_equal_channels() -> None:
    answers = pair(np.zeros((48, 64), "<u2"))
    answers[0] = response("hand_color_image", np.full((48, 64), 77, np.uint8), IMAGE.PIXEL_FORMAT_GREYSCALE_U8)
    assert (images.frame_of("hand", answers, 0.0).rgb == 77).all()


@pytest.mark.parametrize(("which", "words"), [(0, "picture of hand_color_image"), (1, "depth of hand_depth_in")])
@pytest.mark.parametrize("data", [b"", b"1234567"])
@pytest.mark.parametrize("jpeg", [False, True])
def test_broken_pictures_are_refused_by_name(which: int, words: str, data: bytes, jpeg: bool) -> None:
    answers = pair(np.zeros((48, 64), "<u2"))
    answers[which].shot.image.data = data
    if jpeg:
        answers[which].shot.image.format = IMAGE.FORMAT_JPEG
    with pytest.raises(RobotError, match=words):
        images.frame_of("hand", answers, 0.0)


def test_a_picture_without_frames_or_focal_length_is_refused() -> None:
    answers = pair(np.zeros((48, 64), "<u2"))
    answers[0].shot.ClearField("transforms_snapshot")
    with pytest.raises(RobotError, match=r"no frame 'vision'"):
        images.frame_of("hand", answers, 0.0)
    answers = pair(np.zeros((48, 64), "<u2"))
    answers[0].source.pinhole.intrinsics.focal_length.x = 0.0
    with pytest.raises(RobotError, match="focal length"):
        images.frame_of("hand", answers, 0.0)
    answers[0].source.ClearField("pinhole")
    with pytest.raises(RobotError, match="no camera model"):
        images.frame_of("hand", answers, 0.0)
    with pytest.raises(RobotError, match=r"sent hand_color_image for"):
        images.frame_of("hand", pair(np.zeros((48, 64), "<u2"))[:1], 0.0)


def test_an_unknown_camera_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match=r"'tail'.*hand, frontleft"):
        images.camera_of("tail")


@given(turns=st.integers(0, 7), u=st.integers(0, 5), v=st.integers(0, 3), z=st.floats(0.2, 5.0))
def test_turning_a_picture_moves_no_point_in_the_world(turns: int, u: int, v: int, z: float) -> None:
    depth = np.zeros((4, 6), np.float32)
    depth[v, u] = z
    camera = Intrinsics(6, 4, 5.0, 7.0, 2.3, 1.9)
    pose = Pose.from_rpy((0.3, -0.2, 1.0), (1.0, 2.0, 3.0))
    frame = RgbdFrame(np.zeros((4, 6, 3), np.uint8), depth, camera, pose, 0.0)
    turned = images.upright(frame, turns)
    (row,), (column,) = np.nonzero(turned.depth)
    before = pose.transform(camera.back_project(u, v, depth[v, u]))
    after = turned.world_from_camera.transform(turned.intrinsics.back_project(column, row, turned.depth[row, column]))
    assert np.allclose(before, after, atol=1e-6)


def test_the_front_cameras_are_turned_clockwise() -> None:
    top_left = np.zeros((2, 3), np.float32)
    top_left[0, 0] = 1.0
    frame = RgbdFrame(np.zeros((2, 3, 3), np.uint8), top_left, Intrinsics(3, 2, 1, 1, 1, 1), Pose.identity(), 0.0)
    assert images.upright(frame, images.CAMERAS["frontleft"].quarter_turns).depth[0, 1] == 1.0
