"""Training views: where the camera stands, what is written, and what a broken-off run leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import WriteError
from perception.base.files import write_atomic
from perception.geometry import Pose
from perception.types import Intrinsics
from simulation.genesis.scene_camera import SceneCamera
from simulation.scene.build import sample_scene
from simulation.scene.objects import make_object
from training.dataset import views
from training.dataset.viewpoints import SHAPE

SAMPLE = sample_scene(views.SPEC, 12)


@pytest.mark.parametrize("preset", sorted(views.PRESETS))
@settings(max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_the_camera_stands_upright_and_looks_towards_an_object(preset: str, seed: int) -> None:
    limits = views.PRESETS[preset]
    pose = views.camera_pose(np.random.default_rng(seed), limits, SAMPLE)
    image_up = -pose.rotation[:, 1]
    assert image_up[2] > np.cos(limits.elevation_rad[1]) - 0.25
    things = [thing for thing in (SAMPLE.target, *SAMPLE.clutter) if thing is not None]
    middles = [thing.world_from_object.transform([0, 0, thing.object.height_m / 2]) for thing in things]
    seen = [pose.inverse().transform(middle) for middle in middles]
    ranges = [float(np.linalg.norm(middle)) for middle in seen]
    assert min(ranges) <= limits.distance_m[1] + 0.15
    assert max(ranges) >= limits.distance_m[0] - 0.15
    assert max(middle[2] / np.linalg.norm(middle) for middle in seen) > np.cos(np.radians(50)), "in front of the camera"
    assert pose.position_m[2] > 0.05, "above the floor"


def test_a_photograph_differs_but_keeps_the_form_and_leaves_the_original() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    before = rgb.copy()
    one, same = (views.photograph(rgb, np.random.default_rng(5)) for _ in range(2))
    assert (one.shape, one.dtype) == (rgb.shape, np.uint8)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, views.photograph(rgb, np.random.default_rng(6)))
    assert np.array_equal(rgb, before)


def view_of(families: list[str], rectangles: list[tuple[int, int, int, int]]) -> dict[str, Any]:
    instances = np.zeros(SHAPE, np.uint8)
    for index, (u0, v0, u1, v1) in enumerate(rectangles):
        instances[v0:v1, u0:u1] = index + 1
    count = len(families)
    return {
        "rgb": np.full((*SHAPE, 3), 90, np.uint8),
        "depth": np.full(SHAPE, 10_000, np.uint16),
        "instances": instances,
        "families": np.array(families),
        "seeds": np.arange(count),
        "world_from_object": np.tile(np.eye(4), (count, 1, 1)),
        "world_from_camera": np.eye(4),
        "intrinsics": np.array([552.0, 552.0, 320.0, 240.0]),
    }


class PowerCutError(Exception):
    pass


def fake_renderer(log: list[int], cut_at: int | None = None) -> Any:
    def render(seed: int, count: int, preset: views.ViewPreset) -> list[dict[str, Any]]:
        if seed == cut_at:
            raise PowerCutError
        log.append(seed)
        return [view_of(["can"], [(seed, index, seed + 40, index + 90)]) for index in range(count)]

    return render


def contents(folder: Path) -> dict[str, Any]:
    """What every file under a folder holds; the compressed arrays carry the time in their bytes."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".npz":
            with np.load(path) as data:
                found[path.name] = {key: data[key].tobytes() for key in data.files}
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes().replace(str(folder).encode(), b"")
    return found


@pytest.fixture
def no_genesis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.genesis.physics.init_genesis", lambda: None)


@pytest.mark.usefixtures("no_genesis")
def test_a_broken_off_run_goes_on_and_ends_as_an_unbroken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    log: list[int] = []
    monkeypatch.setattr(views, "render_scene", fake_renderer(log, cut_at=10))
    with pytest.raises(PowerCutError):
        views.generate(cut, range(8, 12), 2, "near")
    monkeypatch.setattr(views, "render_scene", fake_renderer(log))
    assert views.generate(cut, range(8, 12), 2, "near") == 4
    assert log == [8, 9, 10, 11], "no scene is rendered twice"
    assert views.generate(cut, range(8, 12), 2, "near") == 0
    views.generate(whole, range(8, 12), 2, "near")
    assert contents(cut) == contents(whole)
    manifest = json.loads((cut / "manifest.json").read_text())
    assert manifest == {"schema": views.SCHEMA, "preset": "near", "first": 8, "scenes": 4, "views": 2}


@pytest.mark.usefixtures("no_genesis")
def test_a_scene_cut_between_two_views_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[int] = []
    monkeypatch.setattr(views, "render_scene", fake_renderer(log))
    views.generate(tmp_path, range(3), 2, "far")
    (tmp_path / "view-00001-01.npz").unlink()
    assert views.generate(tmp_path, range(3), 2, "far") == 2
    assert log == [0, 1, 2, 1]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(WriteError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"


def test_the_renderer_refuses_a_camera_it_cannot_be() -> None:
    with pytest.raises(ValueError, match="centred principal point"):
        SceneCamera(SAMPLE, Intrinsics(640, 480, 552.0, 552.0, 321.0, 240.0))


@pytest.mark.simulation
def test_rendered_pixels_lie_on_the_objects_they_are_said_to_show() -> None:
    """Depth, instance map, camera pose and object pose of one real scene agree within 2 mm."""
    trimesh = pytest.importorskip("trimesh")
    from simulation.genesis.physics import init_genesis

    init_genesis()
    (view,) = views.render_scene(0, 1, views.PRESETS["near"])
    rng = np.random.default_rng(0)
    camera = Intrinsics(640, 480, *view["intrinsics"])
    checked = 0
    for index, (family, seed) in enumerate(zip(view["families"], view["seeds"], strict=True)):
        mask = cv2.erode((view["instances"] == index + 1).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        if mask.sum() < 200:
            continue
        chosen = rng.choice(int(mask.sum()), 100)
        v, u = (axis[chosen] for axis in np.nonzero(mask))
        world_from_object = Pose.from_matrix(view["world_from_object"][index])
        object_from_camera = world_from_object.inverse() @ Pose.from_matrix(view["world_from_camera"])
        depth_m = view["depth"][v, u] * views.DEPTH_UNIT_M
        points = object_from_camera.transform(camera.back_project(u + 0.5, v + 0.5, depth_m))
        _, distance, _ = trimesh.proximity.closest_point(make_object(str(family), int(seed)).mesh(), points)
        assert np.percentile(distance, 95) < 0.002, family
        checked += 1
    assert checked >= 1
