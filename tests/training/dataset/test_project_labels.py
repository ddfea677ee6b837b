"""Outcomes at surface samples become per-pixel labels: the same from every side, and silent where nothing is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from perception.geometry import Pose
from tests.support.synthetic import HAND_CAMERA
from training.dataset.labels import project as projecting
from training.dataset.labels.project import BAD, GOOD, UNKNOWN, SurfaceLabels, label_image, label_points

WORLD_FROM_OBJECT = Pose.from_rpy((0.0, 0.0, 0.7), (2.0, -0.3, 0.5))


def board(step_m: float = 0.008) -> SurfaceLabels:
    """A board in the object's xy plane, 0.2 m wide, seen from above (+z); grasps at x > 0 are good."""
    side = np.arange(-0.1, 0.1 + 1e-9, step_m)
    x, y = (axis.ravel() for axis in np.meshgrid(side, side))
    points = np.stack([x, y, np.zeros_like(x)], axis=1)
    return SurfaceLabels(points, np.tile([0.0, 0.0, 1.0], (len(x), 1)), x > 0)


def view_of_board(object_from_camera: Pose) -> tuple[dict[str, Any], np.ndarray]:
    """A view of the board as training.dataset.views would write it, and each pixel's true point on it (H, W, 3)."""
    v, u = np.indices(HAND_CAMERA.shape) + 0.5
    rays = HAND_CAMERA.back_project(u, v, np.ones(HAND_CAMERA.shape)) @ object_from_camera.rotation.T
    depth = -object_from_camera.position_m[2] / rays[..., 2]
    points = object_from_camera.position_m + depth[..., None] * rays
    hit = (np.abs(points[..., :2]) < 0.1).all(axis=-1) & (depth > 0)
    view = {
        "depth": np.where(hit, np.round(depth / projecting.DEPTH_UNIT_M), 0).astype(np.uint16),
        "instances": hit.astype(np.uint8),
        "families": np.array(["bottle"]),
        "seeds": np.array([4]),
        "world_from_object": WORLD_FROM_OBJECT.matrix()[None],
        "world_from_camera": (WORLD_FROM_OBJECT @ object_from_camera).matrix(),
        "intrinsics": np.array([HAND_CAMERA.fx, HAND_CAMERA.fy, HAND_CAMERA.cx, HAND_CAMERA.cy]),
    }
    return view, points


def looking_down(tilt_rad: float, turn_rad: float, distance_m: float) -> Pose:
    """object_from_camera, the board's middle on the optical axis."""
    rotation = Pose.from_rpy((0.0, 0.0, turn_rad)) @ Pose.from_rpy((np.pi + tilt_rad, 0.0, 0.0))
    return Pose(rotation.rotation, -distance_m * rotation.rotation[:, 2])


@pytest.mark.slow
@settings(max_examples=15)
@given(tilt=st.floats(-0.9, 0.9), turn=st.floats(-3.1, 3.1), distance=st.floats(0.3, 0.9))
def test_labels_belong_to_the_surface_point_whatever_the_view(tilt: float, turn: float, distance: float) -> None:
    view, points = view_of_board(looking_down(tilt, turn, distance))
    image = label_image(view, {"bottle-4": board()})
    on = view["instances"] == 1
    assert (image[~on] == UNKNOWN).all()
    clear = on & (np.abs(points[..., 0]) > 0.012)
    assert clear.sum() > 1000
    known = clear & (image != UNKNOWN)
    assert known.sum() > 0.97 * clear.sum()
    assert ((image == GOOD) == (points[..., 0] > 0))[known].all()


def test_a_wall_of_a_mug_does_not_learn_from_its_other_side() -> None:
    outside = board()
    points = np.concatenate([outside.points, outside.points - [0.0, 0.0, 0.004]])
    both = SurfaceLabels(
        points, np.concatenate([outside.normals, -outside.normals]), np.concatenate([outside.good, ~outside.good])
    )
    where = np.array([[0.05, 0.003, 0.0], [-0.05, 0.003, 0.0]])
    up = np.tile([0.0, 0.0, 1.0], (2, 1))
    assert label_points(where, up, both).tolist() == [GOOD, BAD]
    assert label_points(where - [0, 0, 0.004], -up, both).tolist() == [BAD, GOOD]


def test_out_of_reach_or_without_a_normal_nothing_is_said() -> None:
    up = np.array([[0.0, 0.0, 1.0]])
    assert label_points(np.array([[0.05, 0.0, 0.0101]]), up, board()).tolist() == [UNKNOWN]
    assert label_points(np.array([[0.05, 0.0, 0.0]]), np.zeros((1, 3)), board()).tolist() == [UNKNOWN]
    assert label_points(np.array([[0.05, 0.0, 0.0]]), up, board()).tolist() == [GOOD]


@pytest.mark.parametrize(
    ("votes", "label", "everywhere"),
    [
        ((1,), GOOD, GOOD),
        ((0,), BAD, BAD),
        ((1, 0), -50, BAD),
        ((1, 1, 0), -66, GOOD),
        ((1, 1, 1, 0), GOOD, GOOD),
        ((0, 0, 0, 1, 0), BAD, BAD),
        ((0, 1, 0, 1, 1), -60, GOOD),
    ],
)
def test_samples_at_odds_give_their_share_and_with_one_everywhere_the_majority_decides(
    votes: tuple[int, ...], label: int, everywhere: int
) -> None:
    count = len(votes)
    samples = SurfaceLabels(np.zeros((count, 3)), np.tile([0.0, 0.0, 1.0], (count, 1)), np.array(votes, bool))
    point, up = np.zeros((1, 3)), np.array([[0.0, 0.0, 1.0]])
    assert label_points(point, up, samples).tolist() == [label]
    assert label_points(point, up, samples, everywhere=True).tolist() == [everywhere]


def test_only_the_nearest_samples_vote() -> None:
    near = np.tile([0.001, 0.0, 0.0], (projecting.VOTERS, 1))
    far = np.tile([0.009, 0.0, 0.0], (projecting.CANDIDATES, 1))
    points = np.concatenate([far, near])
    good = np.array([False] * len(far) + [True] * len(near))
    samples = SurfaceLabels(points, np.tile([0.0, 0.0, 1.0], (len(points), 1)), good)
    assert label_points(np.zeros((1, 3)), np.array([[0.0, 0.0, 1.0]]), samples).tolist() == [GOOD]


def write_labels(folder: Path, name: str = "bottle-4", **changes: Any) -> Path:
    samples = board()
    arrays: dict[str, Any] = {
        "points": samples.points,
        "normals": samples.normals,
        "lifted": samples.good,
        "held": samples.good,
        "collided_support": np.zeros(len(samples.good), bool),
    }
    arrays.update(changes)
    folder.mkdir(exist_ok=True)
    np.savez(folder / f"{name}.npz", **{key: value for key, value in arrays.items() if value is not None})
    return folder / f"{name}.npz"


def write_views(folder: Path, count: int) -> None:
    folder.mkdir()
    for index in range(count):
        view, _ = view_of_board(looking_down(0.1 * index, 0.3, 0.5))
        np.savez_compressed(folder / f"view-00000-{index:02d}.npz", **view)


def test_good_means_lifted_and_held_without_touching_the_support(tmp_path: Path) -> None:
    count = len(board().points)
    yes, no = np.ones(count, bool), np.zeros(count, bool)
    for lifted, held, collided, good in (
        (yes, yes, no, True),
        (no, yes, no, False),
        (yes, no, no, False),
        (yes, yes, yes, False),
    ):
        path = write_labels(tmp_path, lifted=lifted, held=held, collided_support=collided)
        assert projecting.load_labels(path).good.tolist() == [good] * count


def test_a_run_writes_every_view_once_and_again_when_its_object_gets_labels(tmp_path: Path) -> None:
    views, labels, out = tmp_path / "views", tmp_path / "labels", tmp_path / "out"
    write_views(views, 3)
    write_labels(labels, "can-9")
    first = projecting.project(views, labels, out)
    assert (first["written"], first["good"], first["bad"]) == (3, 0, 0)
    write_labels(labels)
    second = projecting.project(views, labels, out)
    assert second["written"] == 3
    assert min(second["good"], second["bad"]) > 10_000
    (out / "view-00000-01.npz").unlink()
    third = projecting.project(views, labels, out)
    assert third == {**second, "written": 1}
    with np.load(out / "view-00000-01.npz") as data:
        assert (data["labels"].shape, data["labels"].dtype) == ((480, 640), np.int8)
        assert data["labelled"].tolist() == [True]
    assert json.loads((out / "manifest.json").read_text())["objects"] == ["bottle-4", "can-9"]


def test_the_objects_worth_labelling_are_those_seen_most(tmp_path: Path) -> None:
    write_views(tmp_path / "v", 2)
    view, _ = view_of_board(looking_down(0.0, 0.0, 0.5))
    view["families"], view["seeds"] = np.array(["mug", "can"]), np.array([1, 2])
    np.savez_compressed(tmp_path / "v" / "view-00001-00.npz", **view)
    assert projecting.objects_in_views(tmp_path / "v") == [("bottle", 4, 2), ("mug", 1, 1)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"held": None}, "has no array 'held'; found: points, normals"),
        ({"normals": np.zeros((3, 3))}, r"normals has shape \(3, 3\)"),
        ({"points": np.full((676, 3), np.nan)}, "points has shape .* or is not finite"),
        ({"lifted": np.ones(3, bool)}, r"lifted has shape \(3,\)"),
        (dict.fromkeys(("points", "normals"), np.zeros((0, 3))), "lifted has shape"),
    ],
)
def test_label_files_that_cannot_be_used_are_named(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    path = write_labels(tmp_path, **changes)
    with pytest.raises(ConfigError, match=reason) as caught:
        projecting.load_labels(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04 cut off"])
def test_a_damaged_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bottle-4.npz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"bottle-4\.npz: not a readable npz file: .*; delete it and make it again"):
        projecting.load_labels(path)


def test_empty_folders_name_the_command_that_fills_them(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels")
    with pytest.raises(ConfigError, match=r"python -m training\.dataset\.labels\.grasps"):
        projecting.project(tmp_path, tmp_path, tmp_path / "out")
    with pytest.raises(ConfigError, match=r"python -m training\.dataset\.views"):
        projecting.project(tmp_path, tmp_path / "labels", tmp_path / "out")


@pytest.mark.parametrize("key", projecting.VIEW)
@pytest.mark.parametrize(
    "bad", [np.zeros(3), np.zeros((48, 65), np.uint8), np.full((4, 4), np.nan), np.zeros((0, 0, 3))]
)
def test_a_view_whose_arrays_are_others_names_the_first(tmp_path: Path, key: str, bad: Any) -> None:
    good = {
        "rgb": np.zeros((48, 64, 3), np.uint8), "depth": np.zeros((48, 64), np.uint16),
        "instances": np.zeros((48, 64), np.uint8), "families": np.array(["can"]), "seeds": np.array([1]),
        "world_from_object": np.eye(4)[None], "world_from_camera": np.eye(4), "intrinsics": np.ones(4),
    }  # fmt: skip
    path = tmp_path / "view-00000-00.npz"
    np.savez(path, **good)
    assert projecting.read_arrays(path, tuple(good)).keys() == good.keys()
    np.savez(path, **{**good, key: bad})
    with pytest.raises(ConfigError, match=r"view-00000-00\.npz: \w+ is .*; expected .*; delete it and make it again"):
        projecting.read_arrays(path, tuple(good))
