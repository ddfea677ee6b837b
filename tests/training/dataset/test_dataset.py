"""Views and labels become training samples: what the run would feed, labels where they belong, files whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perception.base.errors import ConfigError
from tests.support.synthetic import Cylinder, camera_at, render
from training.dataset import array_folder
from training.dataset.labels.project import DEPTH_UNIT_M
from training.heatmap import build_arrays

HELD_OUT, TRAINED = "bottle-10", "bottle-11"


def write_view(folder: Path, name: str, seed: int, distance_m: float = 0.5, good_above: int = 240) -> None:
    """A cylinder as training.dataset.views and training.dataset.labels.project would write it; rows above `good_above`
    are good."""
    view = render(Cylinder(), camera_at((-distance_m, 0.0, 0.75), (0.0, 0.0, 0.61)))
    camera = view.intrinsics
    (folder / "views").mkdir(parents=True, exist_ok=True)
    (folder / "labels").mkdir(exist_ok=True)
    np.savez(
        folder / "views" / f"{name}.npz",
        rgb=view.rgb,
        depth=np.round(view.depth / DEPTH_UNIT_M).astype(np.uint16),
        instances=view.mask.astype(np.uint8),
        families=np.array(["bottle"]),
        seeds=np.array([seed]),
        world_from_object=np.eye(4)[None],
        world_from_camera=view.world_from_camera.matrix(),
        intrinsics=np.array([camera.fx, camera.fy, camera.cx, camera.cy]),
    )
    rows = np.arange(480)[:, None] < good_above
    labels = np.where(view.mask, rows, -1).astype(np.int8)
    np.savez(folder / "labels" / f"{name}.npz", labels=labels, labelled=np.array([True]))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    write_view(tmp_path, "view-00001-00", 11)
    write_view(tmp_path, "view-00001-01", 10, distance_m=0.7)
    build_arrays.build(tmp_path / "views", tmp_path / "labels", tmp_path / "data", draws=2)
    return tmp_path


def test_samples(made: Path) -> None:
    inputs, labels, manifest = array_folder.load(made / "data")
    assert inputs.shape == (4, 8, 256, 256)
    assert (inputs.dtype, labels.dtype, labels.shape) == (np.float16, np.int8, (4, 256, 256))
    assert [(s["object"], s["view"], s["draw"]) for s in manifest["samples"]] == [
        (TRAINED, "view-00001-00", 0), (TRAINED, "view-00001-00", 1),
        (HELD_OUT, "view-00001-01", 0), (HELD_OUT, "view-00001-01", 1),
    ]  # fmt: skip
    assert [sample["cut"] for sample in manifest["samples"]] == [False] * 4
    assert manifest["good_pixels"] == int((labels == 1).sum())
    for tensor, target in zip(inputs, labels, strict=True):
        known = target >= 0
        assert set(np.unique(target)) == {-1, 0, 1}
        assert 0.1 < known.mean() < 0.7
        assert not known[[0, -1]].all(), "outside the object, and outside the picture, nothing is known"
        assert (known & (tensor[7] > 0)).sum() > 0.75 * known.sum(), "labels lie on the mask"
        middle_good = np.nonzero(target == 1)[0].mean()
        assert middle_good < np.nonzero(target == 0)[0].mean(), "good is up, as in the picture"
    assert not np.array_equal(inputs[0], inputs[1]), "each draw has its own noise"


@pytest.mark.parametrize(
    ("rows", "columns", "cut"),
    [
        (slice(0, 40), slice(50, 90), True),
        (slice(440, 480), slice(50, 90), True),
        (slice(50, 90), slice(0, 40), True),
        (slice(50, 90), slice(600, 640), True),
        (slice(1, 479), slice(1, 639), False),
        (slice(0, 0), slice(0, 0), False),
    ],
)
def test_what_reaches_the_border_is_cut(rows: slice, columns: slice, cut: bool) -> None:
    mask = np.zeros((480, 640), bool)
    mask[rows, columns] = True
    assert build_arrays.cut_by_border(mask) is cut


def test_outside_the_picture_is_unknown(tmp_path: Path) -> None:
    """A square that reaches over the border is filled with zeros; 0 would say that the grasp fails there."""
    view = render(Cylinder(), camera_at((-0.3, 0.0, 0.62), (0.0, 0.0, 0.61)))
    rows = np.flatnonzero(view.mask.any(axis=1))
    arrays: dict[str, Any] = {
        "rgb": view.rgb,
        "depth": np.round(view.depth / DEPTH_UNIT_M).astype(np.uint16),
        "instances": view.mask.astype(np.uint8),
        "families": np.array(["bottle"]),
        "seeds": np.array([11]),
        "world_from_camera": view.world_from_camera.matrix(),
        "intrinsics": np.array([552.03, 552.03, 320.0, 240.0]),
    }
    labels = np.where(view.mask, 1, -1).astype(np.int8)
    ((_, tensor, target),) = build_arrays.view_samples(arrays, labels, np.random.default_rng(0))
    assert rows[-1] - rows[0] > 300, "large enough for its square to leave the picture"
    assert set(np.unique(target)) == {-1, 1}
    assert (target[tensor[7] < 0] == -1).mean() > 0.9


def test_the_same_views_give_the_same_bytes_whatever_stands_beside_them(made: Path) -> None:
    first = array_folder.load(made / "data")[2]
    again = build_arrays.build(made / "views", made / "labels", made / "again", draws=2)
    assert {key: again[key] for key in ("sha256_inputs", "sha256_labels")} == {
        key: first[key] for key in ("sha256_inputs", "sha256_labels")
    }
    write_view(made, "view-00000-00", 12)
    build_arrays.build(made / "views", made / "labels", made / "more", draws=2)
    assert np.array_equal(array_folder.load(made / "more")[0][2:], array_folder.load(made / "data")[0])


def test_an_object_too_small_or_hardly_labelled_is_left_out(tmp_path: Path) -> None:
    write_view(tmp_path, "view-00001-00", 11, distance_m=4.5)
    with pytest.raises(ConfigError, match="no object in these views is labelled"):
        build_arrays.build(tmp_path / "views", tmp_path / "labels", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_missing_labels_are_counted(made: Path) -> None:
    (made / "labels" / "view-00001-01.npz").unlink()
    with pytest.raises(ConfigError, match=r"lacks 1 of 2 label pictures, view-00001-01.npz the first; make them with"):
        build_arrays.build(made / "views", made / "labels", made / "again")
    with pytest.raises(ConfigError, match="--draws is 0"):
        build_arrays.build(made / "views", made / "labels", made / "again", draws=0)


def test_a_broken_build_is_no_data_set(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made again over an old one and killed in the middle: the old manifest must not vouch for the new arrays."""

    def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(build_arrays, "view_samples", killed)
    with pytest.raises(KeyboardInterrupt):
        build_arrays.build(made / "views", made / "labels", made / "data")
    with pytest.raises(ConfigError, match=r"samples.json: missing; make the data set with"):
        array_folder.load(made / "data")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 1}, "schema 1, preprocessing"),
        ({"preprocessing_version": 0}, "preprocessing 0; this program has"),
        ({"count": 3}, "4 inputs for 3 samples"),
    ],
)
def test_other_data_sets_are_refused(made: Path, change: dict[str, int], message: str) -> None:
    file = made / "data" / "samples.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(ConfigError, match=message):
        array_folder.load(made / "data")


def test_junk_files_are_one_line(made: Path) -> None:
    (made / "data" / "inputs.npy").write_bytes(b"junk")
    with pytest.raises(ConfigError, match=r"not a readable .npy file"):
        array_folder.load(made / "data")
    (made / "data" / "samples.json").write_text("{")
    with pytest.raises(ConfigError, match="not JSON"):
        array_folder.load(made / "data")


def test_a_rough_mask_stays_near_the_mask() -> None:
    mask = np.zeros((60, 60), bool)
    mask[20:40, 25:35] = True
    seen = {build_arrays.rough_mask(mask, np.random.default_rng(seed)).sum() for seed in range(60)}
    assert len(seen) == 5
    assert min(seen) >= 16 * 6
    assert max(seen) <= 24 * 14
    dot = np.zeros((9, 9), bool)
    dot[4, 4] = True
    assert all(build_arrays.rough_mask(dot, np.random.default_rng(seed)).any() for seed in range(20))
