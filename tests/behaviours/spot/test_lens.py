"""Pictures of cameras with a lens: straightened, against geometry known in closed form."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import image_pb2

from app.commands import simulate
from app.commands.tree_files import preflight
from behaviours.robots.fake.world import HAND_CAMERA
from behaviours.robots.spot.camera import capture, images
from behaviours.robots.spot.camera.lens import COEFFICIENTS, Lens, lens_of, undistorted
from perception.base.errors import RobotError
from perception.types import Intrinsics
from simulation.spot_api.cameras.lens import LENSES, bend, describe, distorted
from simulation.spot_api.faults.spec import FaultSpec
from tests.support.spot_api import spot
from tests.support.spot_robot import adapter, target_of, working

CAMERA = Intrinsics(320, 240, 276.0, 272.0, 158.0, 121.5)
DISTORTING = [name for name in LENSES if LENSES[name]]


def source(lens: str, camera: Intrinsics = CAMERA) -> Any:
    message = image_pb2.ImageSource(name="a_camera")
    describe(message, camera, lens)
    return message


def grid(camera: Intrinsics, lens: str) -> tuple[np.ndarray, np.ndarray]:
    """Dots on a grid of the plane z = 1, drawn where the lens shows them; and where a pinhole shows them, (N, 2)."""
    x, y = np.meshgrid(np.linspace(-0.45, 0.45, 7), np.linspace(-0.33, 0.33, 5))
    plane = np.stack([x.ravel(), y.ravel()])
    shown = bend(plane, lens) if LENSES[lens] else plane
    picture = np.zeros((*camera.shape, 3), np.uint8)
    for u, v in zip(shown[0] * camera.fx + camera.cx, shown[1] * camera.fy + camera.cy, strict=True):
        place = (round(float(u) * 256), round(float(v) * 256))
        cv2.circle(picture, place, 4 * 256, (255, 255, 255), -1, cv2.LINE_AA, 8)
    return picture, np.stack([plane[0] * camera.fx + camera.cx, plane[1] * camera.fy + camera.cy], axis=1)


def dots(picture: np.ndarray) -> np.ndarray:
    """(N, 2) weighted middles of the dots."""
    grey = picture[..., 0].astype(float)
    count, parts = cv2.connectedComponents((grey > 64).astype(np.uint8))
    v, u = np.indices(grey.shape)
    lit = [np.where(parts == part, grey, 0.0) for part in range(1, count)]
    return np.array([[(one * u).sum() / one.sum(), (one * v).sum() / one.sum()] for one in lit])


@pytest.mark.parametrize("lens", list(LENSES))
def test_dots_come_out_where_a_pinhole_shows_them(lens: str) -> None:
    picture, true = grid(CAMERA, lens)
    if LENSES[lens]:
        crooked = dots(picture)
        assert max(np.linalg.norm(true - dot, axis=1).min() for dot in crooked) > 2.0  # else the test proves nothing
    straight = dots(undistorted(picture, lens_of(source(lens), CAMERA.shape), nearest=False))
    assert len(straight) == len(true) == 35
    assert max(np.linalg.norm(true - dot, axis=1).min() for dot in straight) < 0.25


@pytest.mark.parametrize("lens", DISTORTING)
def test_depth_is_moved_and_never_mixed(lens: str) -> None:
    depth = np.full(CAMERA.shape, 2.0, np.float32)
    depth[80:160, 100:220] = 0.7
    seen = distorted(depth, CAMERA, lens, nearest=True)
    back = undistorted(seen, lens_of(source(lens), CAMERA.shape), nearest=True)
    assert set(np.unique(back)) <= {np.float32(0.0), np.float32(0.7), np.float32(2.0)}
    inner = (slice(60, 180), slice(80, 240))
    assert (back[inner] != depth[inner]).mean() < 0.02  # the edge, by a pixel
    assert (seen[inner] != depth[inner]).mean() > (back[inner] != depth[inner]).mean()


@pytest.mark.parametrize("lens", ["pinhole_brown_conrady", "kannala_brandt"])
def test_a_polynomial_that_turns_back_shows_nothing_twice(lens: str) -> None:
    """Far out these coefficients lead back to the middle, whose white would be shown there once more."""
    numbers = (-0.9, 0.0, 0.0, 0.0, 0.0) if lens == "pinhole_brown_conrady" else (-0.9, 0.0, 0.0, 0.0)
    wide = Intrinsics(320, 240, 80.0, 80.0, 160.0, 120.0)
    picture = np.full((*wide.shape, 3), 255, np.uint8)
    straight = undistorted(picture, Lens(lens, wide, numbers), nearest=False)  # type: ignore[arg-type]
    assert straight[120, 160].min() == 255
    assert straight[0, 0].max() == straight[120, 0].max() == 0


def test_what_simulate_offers_is_what_is_served_and_understood() -> None:
    assert tuple(LENSES) == tuple(COEFFICIENTS) == simulate.LENSES
    for lens in LENSES:
        assert tuple(LENSES[lens]) == COEFFICIENTS[lens]  # type: ignore[index]


def test_a_model_that_is_not_understood_is_refused_by_name() -> None:
    with pytest.raises(RobotError, match=r"a_camera has no camera model; .*kannala_brandt"):
        lens_of(image_pb2.ImageSource(name="a_camera"), (240, 320))


@pytest.mark.parametrize("model", COEFFICIENTS)
@pytest.mark.parametrize("spoil", ["focal", "nan", "skew"])
def test_numbers_that_make_no_camera_are_refused(model: str, spoil: str) -> None:
    message = source(model)
    intrinsics = getattr(message, model).intrinsics
    pinhole = intrinsics if model == "pinhole" else intrinsics.pinhole_intrinsics
    if spoil == "focal":
        pinhole.focal_length.y = 0.0
    elif spoil == "skew":
        pinhole.skew.x = 12.0
    elif model == "pinhole":
        pinhole.principal_point.x = float("nan")
    else:
        intrinsics.k1 = float("inf")
    with pytest.raises(RobotError, match="a_camera"):
        lens_of(message, CAMERA.shape)


@pytest.mark.slow
@pytest.mark.parametrize("lens", DISTORTING)
def test_a_frame_through_a_lens_is_that_of_the_pinhole_camera(lens: str) -> None:
    """Through the image service, once without and once with a lens: the same colours and depths but at edges."""
    frames = []
    for kind in ("pinhole", lens):
        with spot(lens=kind) as server, adapter(server, at_end="stand") as robot:
            robot.move_arm("ready", max_joint_speed_radps=2.0)
            robot.sleep(3.0)
            frames.append(robot.capture("hand"))
    assert frames[0].intrinsics == frames[1].intrinsics == HAND_CAMERA
    inner = (slice(100, 380), slice(120, 520))
    rgb = [np.asarray(cv2.blur(frame.rgb, (5, 5)), float)[inner] for frame in frames]
    assert np.quantile(np.abs(rgb[0] - rgb[1]).max(axis=-1), 0.97) < 25
    depth = [frame.depth[inner] for frame in frames]
    assert np.quantile(np.abs(depth[0] - depth[1]), 0.97) < 0.03


def test_a_camera_without_a_picture_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with working(at_end="stand") as (server, robot):
        fault = server.faults.add(FaultSpec("image_error", for_s=4.0))
        assert robot.capture("hand").depth.any()
        assert fault.over
        assert server.log.counts["ImageService.GetImage"] > 1
        server.faults.add(FaultSpec("image_error"))
        monkeypatch.setattr(capture, "NO_PICTURE_LIMIT_S", 0.5)
        with pytest.raises(RobotError, match=r"no usable picture for .* restart the robot's camera service"):
            robot.capture("hand")
        assert robot.body_pose().position_m.shape == (3,)  # the robot is not lost


def test_the_preflight_names_the_camera_model() -> None:
    with spot(lens="kannala_brandt") as server:
        [row] = [row for row in preflight.preflight(target_of(server)) if row.what == "cameras"]
    assert row.verdict == "ok"
    assert "hand (kannala_brandt)" in row.words


@pytest.mark.parametrize(("name", "verdict"), [("hand_color_image", "fail"), ("left_fisheye_image", "note")])
def test_the_preflight_refuses_a_model_that_is_not_understood(name: str, verdict: str) -> None:
    sources = []
    for camera in images.CAMERAS.values():
        for listed in (camera.visual, camera.depth):
            sources.append(source("pinhole"))
            sources[-1].name = listed
            if listed == name:
                sources[-1].ClearField("pinhole")
    rows = preflight.camera_rows(sources)
    assert rows[0].verdict == verdict
    assert "no camera model" in rows[0].words
    assert ("hand" in rows[-1].words) == (verdict == "note")
