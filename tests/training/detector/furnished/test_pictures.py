"""Pictures of furnished rooms: depth and instances of a known scene, and rooms that depend on seed and number alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("numba")

from perception.base.errors import ConfigError
from perception.geometry import Pose, looking_along
from training.detector.furnished.frames import read_frame
from training.detector.furnished.made import box_model, made_object, solid_model
from training.detector.furnished.models import save_model
from training.detector.furnished.pictures import generate
from training.detector.furnished.rooms import Shelf, top_of
from training.detector.furnished.shade import Placed, Stage
from training.detector.rendered.objects import random_object
from training.detector.rendered.raycast import TEXTURE_PX, Lighting, View, render
from training.detector.words import WORDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("numba")]  # one process compiles

GREY = np.full((TEXTURE_PX, TEXTURE_PX, 3), 128, np.uint8)
LIGHT = Lighting(
    0.4, np.array([[0.0, -0.6, 0.8, 0.5, 0.5, 0.5, 0.02], [0, 0, 1, 0.3, 0.3, 0.3, 0.1]]), np.full((8, 16, 3), 0.5)
)
AHEAD = View((64, 64), 80.0, looking_along(np.array([-1.0, 0, 0.1]), np.array([1.0, 0, 0])))


def test_a_box_is_where_it_stands_and_casts_a_shadow() -> None:
    floor = Placed(box_model(np.array([3, 3, 0.05]), GREY), np.eye(3), np.array([0, 0, -0.1]))
    box = Placed(box_model(np.array([0.1, 0.1, 0.1]), GREY), np.eye(3), np.zeros(3), 3)
    stage = Stage([floor, box], LIGHT, np.zeros(3))
    rgb, (instances, depth, through, _) = stage.draw(AHEAD, 0), stage.outlines(AHEAD)
    assert (through == depth).all(), "nothing is clear"
    assert set(np.unique(instances)) == {0, 3}
    assert (instances == 3).sum() == pytest.approx((0.2 / 0.9 * 80) ** 2, rel=0.12)
    assert np.median(depth[instances == 3]) == pytest.approx(0.9, abs=1e-3)
    bare = Stage([floor], LIGHT, np.zeros(3)).draw(AHEAD, 0)
    ground = (instances == 0) & np.isfinite(depth)
    darker = ground & (rgb.mean(axis=2) < 0.8 * bare.mean(axis=2))
    assert 10 < darker.sum() < 0.5 * ground.sum()


@pytest.mark.parametrize("family", ["bottle", "mug"])
def test_both_renderers_see_the_same_outline(family: str) -> None:
    solids = random_object(np.random.default_rng(4), family, Pose.identity(), 1)[0]  # type: ignore[arg-type]
    view = View((128, 128), 300.0, AHEAD.world_from_camera)
    cast = render(solids, LIGHT, view, 0)[1] > 0
    drawn = (
        Stage([Placed(solid_model(solids), np.eye(3), np.zeros(3), 1)], LIGHT, np.zeros(3)).outlines(view).instances > 0
    )
    assert (cast & drawn).sum() / (cast | drawn).sum() > 0.93


@pytest.mark.parametrize("word", [*WORDS, "none"])
def test_made_objects_stand_on_their_foot(word: str) -> None:
    for seed in range(4):
        model = made_object(np.random.default_rng(seed), word)
        assert model.corners[..., 2].min() == pytest.approx(0.0, abs=2e-3)
        assert 0.005 < model.radius_m < 0.35
        assert np.isfinite(model.normals).all()
        assert model.material.max() < len(model.materials)
        assert model.materials[:, 5].max() < len(model.textures)


def test_the_top_of_a_table_is_its_largest_level() -> None:
    free, cell, height = top_of(box_model(np.array([0.4, 0.2, 0.35]), GREY))
    assert height == pytest.approx(0.7, abs=1e-3)
    assert free.sum() * cell * cell == pytest.approx(0.8 * 0.4, rel=0.06)


def collected(folder: Path) -> Path:
    for part in ("train", "test"):
        save_model(box_model(np.array([0.3, 0.3, 0.3]), GREY), folder / part / "supports" / "cube.npz")
        save_model(box_model(np.array([0.4, 0.2, 0.6]), GREY), folder / part / "furniture" / "cupboard.npz")
        save_model(box_model(np.array([0.04, 0.02, 0.06]), GREY), folder / part / "things" / "box" / "tea.npz")
        (folder / part / "photos").mkdir()
        noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3))
        cv2.imwrite(str(folder / part / "photos" / "0001.jpg"), noise.astype(np.uint8))
    return folder


def test_rooms_depend_on_seed_and_number_and_a_broken_off_run_goes_on(tmp_path: Path) -> None:
    models, whole, parts = collected(tmp_path / "models"), tmp_path / "whole", tmp_path / "parts"
    assert generate(models, whole, range(23, 26), 3, 64) == 3
    assert generate(models, parts, range(25, 26), 3, 64) == 1
    assert generate(models, parts, range(23, 26), 3, 64) == 2
    names = sorted(path.relative_to(whole) for path in whole.rglob("*.*") if path.name != "data.yaml")
    assert {str(name) for name in names if "val" in str(name)} >= {"images/val/f00024-0.jpg", "labels/val/f00024-0.txt"}
    assert names == sorted(path.relative_to(parts) for path in parts.rglob("*.*") if path.name != "data.yaml")
    for name in names:
        assert (whole / name).read_bytes() == (parts / name).read_bytes()
    labels = "".join(path.read_text() for path in whole.glob("labels/*/*.txt"))
    assert {line.split()[0] for line in labels.splitlines() if line} <= {str(k) for k in range(len(WORDS))}
    assert labels.strip(), "some objects show"
    assert generate(models, tmp_path / "test", range(1), 1, 64, test=True, depth=True) == 1
    assert generate(models, tmp_path / "bare", range(1), 1, 64, test=True) == 1
    assert not list(tmp_path.glob("bare/frames"))
    pictures = sorted((tmp_path / "test" / "images" / "val").glob("*.jpg"))
    frames = [read_frame(each, tmp_path / "test" / "frames" / "val" / f"{each.stem}.npz") for each in pictures]
    assert any(one.instances.any() for one in frames)
    assert all(one.frame.depth.any() for one in frames)
    for each in pictures:
        assert each.read_bytes() == (tmp_path / "bare" / "images" / "val" / each.name).read_bytes(), (
            "depth changes none"
        )
    assert not list(tmp_path.glob("test/images/train/*")), "test rooms are for validation"


def test_what_cannot_be_rendered_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be positive"):
        generate(tmp_path, tmp_path / "out", range(0), 0, 64)
    with pytest.raises(ConfigError, match=r"no models or photographs; collect them with `python -m"):
        Shelf(tmp_path / "train")
