"""Training pictures drawn by the ray caster: the same for the same seed, labels on the instances, resumable."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("numba")

from perception.base.errors import ConfigError
from perception.geometry import Pose
from training.detector.rendered import composite
from training.detector.rendered import crops as composite_crops
from training.detector.rendered.camera import expose
from training.detector.rendered.composite import generate, make_picture, outlines
from training.detector.rendered.objects import eased, random_object, rod
from training.detector.rendered.others import KINDS, WORDLESS, other_object
from training.detector.rendered.raycast import TEXTURE_PX
from training.detector.rendered.rooms import FAMILY_ODDS
from training.detector.words import WORD_OF, WORDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("numba")]  # one process compiles

SMALL = 96


def filled(label: str, size: int) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    points = np.array(label.split()[1:], float).reshape(-1, 2) * size
    cv2.fillPoly(mask, [np.floor(points).astype(np.int32)], 1)
    return mask.astype(bool)


def test_a_picture_depends_on_seed_and_number_alone() -> None:
    first, again, other = make_picture(3, 5, SMALL), make_picture(3, 5, SMALL), make_picture(3, 6, SMALL)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert first[2] == again[2]
    assert not np.array_equal(first[0], other[0])


def test_labels_lie_on_the_things() -> None:
    seen = 0
    for index in range(12):
        rgb, instances, families = make_picture(0, index, SMALL)
        assert rgb.shape == (SMALL, SMALL, 3)
        assert instances.max() <= len(families)
        for line in outlines(instances, families):
            mask = filled(line, SMALL)
            best = max(range(len(families)), key=lambda k: int((mask & (instances == k + 1)).sum()))
            assert line.split()[0] == str(WORDS.index(WORD_OF[families[best]]))
            assert (mask & (instances == best + 1)).sum() > 0.5 * mask.sum()
            seen += 1
    assert seen >= 5


def test_specks_are_not_labelled() -> None:
    instances = np.zeros((composite.SIZE_PX, composite.SIZE_PX), np.uint8)
    instances[:5, :7] = 1
    assert outlines(instances, ["can"]) == []
    instances[:6, :6] = 1
    assert [line.split()[0] for line in outlines(instances, ["can"])] == ["1"]
    assert outlines(instances, ["flask"]) == [], "a family without a word"


def test_outlines_give_the_mask_back_and_a_thermos_is_a_bottle() -> None:
    instances = np.zeros((composite.SIZE_PX, composite.SIZE_PX), np.uint8)
    for index, (u0, v0, u1, v1) in enumerate([(10, 20, 90, 160), (200, 0, 260, 280), (270, 9, 275, 12)]):
        instances[v0:v1, u0:u1] = index + 1
    lines = outlines(instances, ["mug", "thermos", "can", "bottle"])
    assert [int(line.split()[0]) for line in lines] == [2, 0], "the can of 15 pixels and the unseen bottle are left out"
    for line, number in zip(lines, (1, 2), strict=True):
        drawn, mask = filled(line, composite.SIZE_PX), instances == number
        assert (drawn & mask).sum() / (drawn | mask).sum() > 0.98


@pytest.mark.parametrize("family", FAMILY_ODDS)
def test_objects_stand_on_their_foot_and_are_one_thing(family: str) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        solids, radius, tall = random_object(rng, family, Pose.identity(), 7)  # type: ignore[arg-type]
        lows = [float(s.profile[:, 1].min() + s.pose.position_m[2]) for s in solids if s.profile is not None]
        assert min(lows) >= -1e-9
        assert 0.015 < radius < 0.2
        assert 0.02 < tall < 0.45
        for solid in solids:
            assert solid.instance == 7
            assert solid.texture.shape == (TEXTURE_PX, TEXTURE_PX, 3)
            assert solid.profile is not None
            assert np.isfinite(solid.profile).all()
            assert (solid.profile[:, 0] >= 0).all()


@pytest.mark.parametrize("kind", sorted(set(KINDS)))
def test_other_objects_stand_on_their_foot_and_count_if_they_have_a_word(kind: str) -> None:
    for seed in range(10):
        solids, radius, tall, word = other_object(np.random.default_rng(seed), Pose.identity(), 5, kind)
        assert word == ("" if kind in WORDLESS else kind)
        assert [solid.instance for solid in solids] == [0 if kind in WORDLESS else 5]
        assert 0.003 < radius < 0.2
        assert 0.01 < tall < 0.6
        profile = solids[0].profile
        assert profile is None or (np.isfinite(profile).all() and profile[:, 1].min() >= 0)


def test_a_rod_goes_from_end_to_end() -> None:
    pose, profile = rod((0.1, 0.2, 0.3), (0.4, 0.2, -0.5), 0.01, 0.02)
    length = float(np.hypot(0.3, 0.8))
    assert pose.transform([0, 0, length]) == pytest.approx([0.4, 0.2, -0.5])
    assert np.linalg.det(pose.rotation) == pytest.approx(1.0)
    assert profile[1] == pytest.approx([0.01, 0.0])
    assert profile[2] == pytest.approx([0.02, length])


def test_eased_outlines_pass_through_their_points() -> None:
    points = [(0.03, 0.0), (0.03, 0.1), (0.01, 0.2), (0.012, 0.2)]
    outline = eased(points)
    for point in points:
        assert np.abs(outline - point).max(axis=1).min() < 1e-12
    assert (np.diff(outline[:, 1]) >= 0).all()


def test_any_exposure_is_a_picture() -> None:
    rng = np.random.default_rng(0)
    for light in (np.zeros((32, 40, 3), np.float32), np.full((32, 40, 3), 5, np.float32)):
        for _ in range(20):
            picture = expose(light, rng)
            assert picture.dtype == np.uint8
            assert picture.shape == light.shape


def test_a_broken_off_run_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert generate(whole, range(22, 26), 1, 64) == 4
    assert generate(parts, range(22, 24), 1, 64) == 2
    (parts / "images" / "train" / "000022.jpg").unlink()
    assert generate(parts, range(22, 26), 1, 64) == 3
    names = sorted(path.relative_to(whole) for path in whole.rglob("*.*") if path.name != "data.yaml")
    assert [str(name) for name in names if "val" in str(name)] == ["images/val/000024.jpg", "labels/val/000024.txt"]
    assert len(names) == 8
    for name in names:
        assert (whole / name).read_bytes() == (parts / name).read_bytes()


@pytest.mark.parametrize(("pictures", "size"), [(range(0), 64), (range(-1, 5), 64), (range(5), 63)])
def test_sizes_that_cannot_be(pictures: range, size: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be positive"):
        generate(tmp_path / "out", pictures, 0, size)
    assert not (tmp_path / "out").exists()


def view(folder: Path, scene: int) -> None:
    rgb = np.full((480, 640, 3), 60, np.uint8)
    instances = np.zeros((480, 640), np.uint8)
    rgb[100:300, 200:260], instances[100:300, 200:260] = 220, 1
    np.savez(folder / f"view-{scene:05d}-00.npz", rgb=rgb, instances=instances, families=np.array(["thermos"]))


def test_crops_show_the_things_where_their_labels_say(tmp_path: Path) -> None:
    folder, out = tmp_path / "far", tmp_path / "set"
    folder.mkdir()
    view(folder, 8)
    view(folder, 9)
    assert composite_crops.add_crops([folder], out, 6) == 7  # one of the validation scene
    assert composite_crops.add_crops([folder], out, 6) == 0
    seen = 0
    for path in (out / "images" / "train").glob("*.jpg"):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        for line in (out / "labels" / "train" / f"{path.stem}.txt").read_text().splitlines():
            if line:
                mask = filled(line, grey.shape[0])
                assert grey[mask].mean() > grey[~mask].mean() + 20
                seen += 1
    assert seen >= 4
    assert len(list((out / "images" / "val").glob("*-far-00009-00-0.jpg"))) == 1


def test_views_of_several_data_sets_are_all_cut(tmp_path: Path) -> None:
    folders = [tmp_path / name / "views" for name in ("one", "two")]
    for folder in folders:
        folder.mkdir(parents=True)
        view(folder, 8)
    assert composite_crops.add_crops(folders, tmp_path / "set", 2) == 4


def test_a_folder_without_views_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no view-\*\.npz files here; make some with python -m training"):
        composite_crops.add_crops([tmp_path], tmp_path / "set", 1)
