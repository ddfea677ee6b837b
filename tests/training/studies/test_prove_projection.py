"""Which pixels the proof of the projection takes, where their surface is, and what it reports; physics left out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from perception.base.errors import ConfigError
from simulation.scene.objects import make_object
from simulation.trials import grasp_trials
from training.dataset.folder import npz_bytes
from training.studies.prove_projection import drawn_pixels, nearest_normals, prove

pytestmark = pytest.mark.slow

NAME = "can-1000003"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two views of a can's flank, half a metre ahead; its left half labelled good, its right half bad, a strip not."""
    for folder in ("views", "projected"):
        (tmp_path / folder).mkdir()
    radius = make_object("can", 1_000_003).radius_m
    instances = np.zeros((48, 64), np.uint8)
    instances[20:30, 24:40] = 1
    labels = np.full((48, 64), -1, np.int8)
    labels[20:28, 24:32], labels[20:28, 32:40] = 1, 0
    camera = np.eye(4)
    camera[:3, :3] = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
    camera[:3, 3] = [-0.5 - radius, 0.0, 0.06]
    for index in range(2):
        view = npz_bytes(
            depth=np.full((48, 64), 5000, np.uint16), instances=instances, families=np.array(["can"]),
            seeds=np.array([1_000_003]), world_from_object=np.eye(4)[None], world_from_camera=camera,
            intrinsics=np.array([400.0, 400.0, 32.0, 24.0]),
        )  # fmt: skip
        (tmp_path / "views" / f"view-00000-{index:02d}.npz").write_bytes(view)
        (tmp_path / "projected" / f"view-00000-{index:02d}.npz").write_bytes(
            npz_bytes(labels=labels, labelled=np.array([True]))
        )
    return tmp_path


def test_pixels_come_from_all_views_and_lie_on_the_surface(data: Path) -> None:
    drawn, unlabelled = drawn_pixels(data, 60, 0)
    points = np.array([point for point, _ in drawn[NAME]])
    assert len(points) == 60
    assert unlabelled == pytest.approx(0.2)
    thing = make_object("can", 1_000_003)
    assert points[:, 0] == pytest.approx(-thing.radius_m, abs=1e-3)
    left = np.array([label == 1 for _, label in drawn[NAME]])
    assert (points[left, 1] > 0).all(), "the picture's left is the object's +y for a camera looking along +x"
    assert (points[~left, 1] < 0).all()
    again, _ = drawn_pixels(data, 60, 0)
    assert np.array_equal(points, [point for point, _ in again[NAME]])


def test_normals_point_out_of_the_nearest_face() -> None:
    thing = make_object("can", 1_000_003)
    points = np.array([[-thing.radius_m, 0.0, 0.05], [0.0, thing.radius_m, 0.05]])
    assert nearest_normals(thing, points) == pytest.approx(np.array([[-1, 0, 0], [0, 1, 0]]), abs=0.15)


@pytest.mark.parametrize(("truth", "agreement", "key"), [
    (True, 0.5, "label_bad_simulation_good"), (False, 0.5, "label_good_simulation_bad"),
])  # fmt: skip
def test_agreement_counts_what_physics_says(
    data: Path, monkeypatch: pytest.MonkeyPatch, truth: bool, agreement: float, key: str
) -> None:
    def all_the_same(thing: Any, poses: Any) -> Any:
        return SimpleNamespace(good=np.full(len(poses), truth))

    monkeypatch.setattr(grasp_trials, "run_trials", all_the_same)
    report = prove(data, 256)
    assert report["pixels"] == 256
    assert report["agreement"] == pytest.approx(agreement, abs=0.05)
    assert report[key] == 256 - round(report["agreement"] * 256)
    assert report["interval"][0] < report["agreement"] < report["interval"][1]


def test_a_data_set_without_labelled_pixels_is_refused(data: Path) -> None:
    for path in (data / "projected").iterdir():
        path.write_bytes(npz_bytes(labels=np.full((48, 64), -1, np.int8), labelled=np.array([True])))
    with pytest.raises(ConfigError, match="no labelled pixel"):
        drawn_pixels(data, 10, 0)
