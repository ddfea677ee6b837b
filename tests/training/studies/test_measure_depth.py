"""The measurement of normals and depth under the sensor's faults: its truth is right, its ranking the shipped one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from training.studies.measure_depth import angles_deg, cylinder, real, simulated, ways

pytestmark = pytest.mark.slow


def test_without_faults_every_way_finds_the_true_normals_but_for_what_its_window_smooths() -> None:
    depth, normals, mask = cylinder(0.5, 0.035, 1.0)
    assert np.linalg.norm(normals, axis=-1) == pytest.approx(1.0, abs=1e-5)
    assert (normals[mask][:, 2] < 0).all()
    assert depth[mask].min() == pytest.approx(0.5, abs=1e-4)
    for way, found in ways([depth], SPOT.hand_camera, mask).items():
        if "median" not in way:
            assert angles_deg(found, normals, mask) < (7.0 if "12 px" in way else 3.0), way


def test_under_the_sensor_s_faults_the_plane_fit_and_the_first_surface_win() -> None:
    report = simulated(4, 1)
    for place in ("wall", "cylinder"):
        errors = report["normals_deg"][place]
        assert errors["plane fit 12 px, one frame"] < 0.7 * errors["D2NT v3, one frame"], place
    assert report["depth_error_mm"]["first surface"]["worst tenth"] < 20.0
    assert report["depth_error_mm"]["mean of the mask"]["worst tenth"] > 20.0


def test_recorded_frames_are_compared_with_their_own_plane(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    u = np.arange(640)[None, :] - SPOT.hand_camera.cx
    wall = 1.0 / (1.0 + 0.3 * u / SPOT.hand_camera.fx) * np.ones((480, 1))
    for name in "ab":
        noisy = wall + rng.normal(0, 0.002, wall.shape)
        np.save(tmp_path / f"depth_{name}.npy", (noisy * 1000).astype(np.uint16))
    report = real(tmp_path, (200, 100, 400, 300), None)
    assert report["frames"] == 2
    assert report["wall_normals_deg"]["plane fit 12 px, 2 frames"] < 1.5
    assert report["wall_normals_deg"]["D2NT v3, one frame"] > 5.0
    with pytest.raises(ConfigError, match="holds no pixel"):
        real(tmp_path, (400, 100, 200, 300), None)
    with pytest.raises(ConfigError, match="no depth_"):
        real(tmp_path / "none", (0, 0, 9, 9), None)
