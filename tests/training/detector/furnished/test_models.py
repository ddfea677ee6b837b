"""Object models of other people: OBJ and MTL files, their sizes, what the collection takes, and bad files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from training.detector.furnished import catalogue
from training.detector.furnished.collect import TURNS, photographs, read_stl, sized, sweet_home
from training.detector.furnished.models import Model, load_model, read_obj, save_model, smooth_normals
from training.detector.rendered.raycast import CLEAR, GLOSSY
from training.detector.words import WORDS

OBJ = """mtllib box.mtl
v 0 0 0
v 2 0 0
v 2 1 0
v 0 1 0
v 0 0 4
vt 0 0
vt 1 0
vt 1 1
usemtl paint
f 1/1 2/2 3/3 4/1
usemtl wine_glass
f -5 -4 -1
"""
MTL = "newmtl paint\nKd 0.1 0.2 0.3\nKs 0.9 0.9 0.9\nmap_Kd skin.png\nnewmtl wine_glass\nKd 0.5 0.6 0.7\n"


@pytest.fixture
def obj(tmp_path: Path) -> Path:
    (tmp_path / "box.obj").write_text(OBJ)
    (tmp_path / "box.mtl").write_text(MTL)
    cv2.imwrite(str(tmp_path / "skin.png"), np.full((8, 6, 3), (10, 20, 200), np.uint8))
    return tmp_path / "box.obj"


def test_an_obj_file_is_triangles_with_materials(obj: Path) -> None:
    model = read_obj(obj)
    assert model.corners.shape == (3, 3, 3), "a square is two triangles; negative numbers count from the end"
    assert model.corners[2].tolist() == [[0, 0, 0], [2, 0, 0], [0, 0, 4]]
    assert model.material.tolist() == [1, 1, 2]
    assert model.materials[1, :6].tolist() == [GLOSSY, 0.2, 1, 1, 1, 0], "a texture replaces the colour"
    assert model.materials[2, [0, 2, 5]].tolist() == [CLEAR, 0.5, -1]
    assert model.textures[0, 0, 0].tolist() == [200, 20, 10]
    assert np.linalg.norm(model.normals, axis=-1) == pytest.approx(np.ones((3, 3)))


def test_a_saved_model_comes_back(obj: Path, tmp_path: Path) -> None:
    model = read_obj(obj)
    save_model(model, tmp_path / "deep" / "m.npz")
    again = load_model(tmp_path / "deep" / "m.npz")
    assert np.allclose(again.corners, model.corners)
    assert np.array_equal(again.textures, model.textures)
    (tmp_path / "none.npz").write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"none\.npz"):
        load_model(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no triangle"),
        ("v 1 2\nf 1 1 1\n", "box.obj"),
        ("v 1 2 x\n", "not understood"),
        ("v 0 0 0\nf 1 2 3\n", "point"),
    ],
)
def test_bad_obj_files_are_told_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "box.obj").write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        read_obj(tmp_path / "box.obj")
    assert "\n" not in str(caught.value)


def test_an_stl_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = bytes(80) + (1).to_bytes(4, "little") + np.arange(12, dtype="<f4").tobytes() + bytes(2)
    (tmp_path / "a.stl").write_bytes(whole)
    assert read_stl(tmp_path / "a.stl").tolist() == [[[3, 4, 5], [6, 7, 8], [9, 10, 11]]]
    for bad in (whole[:-1], whole[:40], b"solid text", bytes(84)):
        (tmp_path / "a.stl").write_bytes(bad)
        with pytest.raises(ConfigError, match="STL"):
            read_stl(tmp_path / "a.stl")


@given(st.tuples(*[st.floats(0.05, 3.0)] * 3), st.sampled_from(sorted(TURNS)))
def test_a_sized_model_has_that_size_and_stands(size: tuple[float, float, float], up: str) -> None:
    corners = np.random.default_rng(0).normal(size=(9, 3, 3))
    model = _of(corners)
    made = sized(model, TURNS[up], np.array(size)).corners.reshape(-1, 3)
    assert np.ptp(made, axis=0) == pytest.approx(np.array(size))
    assert made[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    assert made[:, :2].min(axis=0) == pytest.approx(-made[:, :2].max(axis=0))


def _of(corners: np.ndarray) -> Model:
    index = np.arange(3 * len(corners)).reshape(-1, 3)
    rows = np.array([[0, 0.2, 0.5, 0.5, 0.5, -1, 0, 0]], np.float64)
    uv, material = np.zeros((len(corners), 3, 2)), np.zeros(len(corners), np.int64)
    return Model(corners, smooth_normals(corners, index), uv, material, rows, np.zeros((0, 256, 256, 3), np.uint8))


def test_the_catalogue_is_whole() -> None:
    names = [name for models in catalogue.SWEET_HOME.values() for name in models]
    others = [f"robosuite/{name}" for name in catalogue.ROBOSUITE] + [f"pybullet/{name}" for name in catalogue.PYBULLET]
    assert len(names) == len(set(names)), "a model shows one word"
    assert {*names, *others} >= catalogue.HELD_OUT
    assert set(catalogue.SWEET_HOME) <= set(WORDS)
    about = [*catalogue.ROBOSUITE.values(), *catalogue.PYBULLET.values()]
    assert {each.word for each in about} <= {*WORDS, ""}


def test_models_of_sweet_home_are_sized_by_their_catalogue(obj: Path, tmp_path: Path) -> None:
    library = tmp_path / "Library"
    (library / "scopia/cup").mkdir(parents=True)
    (library / "scopia/table4").mkdir()
    (library / "scopia/cup/cup.obj").write_text(OBJ)
    (library / "scopia/table4/table4.obj").write_text(OBJ)
    rows = [
        ("Cup", "Kitchen", "cup", (12, 10, 7)),
        ("Table", "Living room", "table4", (140, 90, 75)),
        ("Vase", "x", "no", (9, 9, 9)),
    ]
    text = "".join(
        f"name#{k}={name}\ncategory#{k}={category}\nmodel#{k}=/scopia/{file}/{file}.obj\n"
        f"width#{k}={w}\ndepth#{k}={d}\nheight#{k}={h}\n"
        for k, (name, category, file, (w, d, h)) in enumerate(rows, 1)
    )
    (library / "PluginFurnitureCatalog.properties").write_bytes(text.encode("latin-1") + b"name#9=H\xf4i\n")
    found = dict(sweet_home(tmp_path))
    assert sorted(found) == ["train/supports/scopia-table4", "train/things/mug/scopia-cup"]
    cup = found["train/things/mug/scopia-cup"].corners.reshape(-1, 3)
    assert np.ptp(cup, axis=0) == pytest.approx([0.12, 0.10, 0.07])


def test_photographs_that_cannot_be_read_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    for index in range(5):
        cv2.imwrite(str(tmp_path / "in" / f"{index}.png"), np.full((40, 60, 3), 9 * index, np.uint8))
    cv2.imwrite(str(tmp_path / "in" / "ColorfulCups.png"), np.zeros((40, 60, 3), np.uint8))
    (tmp_path / "in" / "bad.jpg").write_bytes(b"no picture")
    assert photographs([tmp_path / "in"], tmp_path / "out") == 5
    assert "bad.jpg" in capsys.readouterr().err
    assert [len(list(tmp_path.glob(f"out/{part}/photos/*.jpg"))) for part in ("train", "test")] == [4, 1]
