"""Frames of rooms: depth as a camera measures it, and their files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("numba")

from perception.base.errors import ConfigError
from perception.geometry import Pose, looking_along
from training.detector.furnished.frames import intrinsics_of, measured, read_frame, write_frame
from training.detector.furnished.shade import Outlines
from training.detector.rendered.raycast import View

VIEW = View((120, 160), 150.0, looking_along(np.array([-1.0, 0, 0.1]), np.array([1.0, 0, 0])))
WALL = np.full(VIEW.size, 1.2, np.float32)


def seen(depth: np.ndarray, through: np.ndarray) -> Outlines:
    return Outlines(np.zeros(VIEW.size, np.uint8), depth, through, [])


def test_depth_is_noisy_and_has_losses_and_no_bounds_in_the_picture() -> None:
    for seed in range(6):
        metres = measured(seen(WALL, WALL), VIEW, np.random.default_rng(seed))
        shown = metres > 0
        assert metres.dtype == np.float32
        assert shown.mean() > 0.85
        assert np.median(metres[shown]) == pytest.approx(1.2, abs=0.04)
        assert 0.0005 < metres[shown].std() < 0.05
        assert shown[:, :10].mean() > 0.7, "no side of the picture is without depth"
        assert shown[:, -10:].mean() > 0.7
    nothing = measured(seen(np.full_like(WALL, np.inf), np.full_like(WALL, np.inf)), VIEW, np.random.default_rng(0))
    assert not nothing.any()


def test_what_is_clear_is_lost_or_seen_through_in_some_pictures() -> None:
    near = np.where(np.arange(160) < 80, np.float32(0.7), WALL).astype(np.float32)
    kinds = set()
    for seed in range(30):
        left = measured(seen(near, WALL), VIEW, np.random.default_rng(seed))[:, 10:70]
        kinds.add("none" if (left > 0).mean() < 0.1 else round(float(np.median(left[left > 0])), 1))
    assert kinds == {"none", 0.7, 1.2}


def test_a_frame_is_read_as_it_was_written(tmp_path: Path) -> None:
    instances = np.zeros(VIEW.size, np.uint8)
    instances[40:80, 30:60] = 2
    picture, file = tmp_path / "a.png", tmp_path / "frames" / "a.npz"
    cv2.imwrite(str(picture), np.full((*VIEW.size, 3), (10, 20, 30), np.uint8))
    write_frame(file, VIEW, WALL, instances, ["can", "bowl"])
    room = read_frame(picture, file)
    assert room.words == ("can", "bowl")
    assert np.array_equal(room.instances, instances)
    assert room.frame.registered
    assert room.frame.rgb[0, 0].tolist() == [30, 20, 10]
    assert room.frame.depth == pytest.approx(WALL, abs=5e-4)
    assert room.frame.intrinsics == intrinsics_of(VIEW)
    assert room.frame.world_from_camera == Pose.from_matrix(VIEW.world_from_camera.matrix())
    cv2.imwrite(str(picture), np.zeros((60, 80, 3), np.uint8))
    with pytest.raises(ConfigError, match="the depth is"):
        read_frame(picture, file)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ConfigError, match="not a readable npz"):
        read_frame(picture, file)
