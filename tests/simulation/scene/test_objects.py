"""Objects made from seeds, their files, and meshes of a user."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import ConfigError
from simulation.scene.objects import FAMILIES, Family, make_object
from simulation.scene.user_objects import load_user_mesh

HEIGHTS_M = {
    "bottle": (0.17, 0.28), "thermos": (0.19, 0.28), "can": (0.09, 0.17), "mug": (0.08, 0.115), "jar": (0.08, 0.16),
    "carton": (0.09, 0.24), "flask": (0.15, 0.25),
}  # fmt: skip
OBJECTS = st.builds(make_object, st.sampled_from(FAMILIES), st.integers(0, 100_000))


@settings(max_examples=20)
@given(OBJECTS)
def test_every_object_stands_on_the_floor_and_fits_the_gripper(thing) -> None:
    low, high = HEIGHTS_M[thing.family]
    assert thing.vertices[:, 2].min() == 0.0
    assert low <= thing.height_m <= high
    assert 0.1 <= thing.mass_kg <= 0.6
    assert 0.5 <= thing.friction <= 0.9
    assert thing.label in ("bottle", "can", "mug", thing.family)
    across_the_handle = thing.extent_m(thing.height_m / 2, np.array([0.0, 1.0, 0.0]))
    if thing.family == "flask":  # by its neck only
        assert 0.0998 <= max(across_the_handle, 2 * thing.radius_m) <= 0.14  # its mesh lies within its circle
        assert thing.extent_m(0.9 * thing.height_m, np.array([0.0, 1.0, 0.0])) <= 0.05
    else:
        assert 0.035 <= across_the_handle <= 0.09


@settings(max_examples=20)
@given(OBJECTS)
def test_every_mesh_is_sound_and_faces_outwards(thing) -> None:
    mesh = thing.mesh()
    assert np.isfinite(thing.vertices).all()
    assert thing.faces.min() >= 0
    assert thing.faces.max() == len(thing.vertices) - 1
    assert thing.uv.shape == (len(thing.vertices), 2)
    assert thing.uv.min() >= 0.0
    assert thing.uv.max() <= 1.0
    share = mesh.volume / mesh.convex_hull.volume
    assert share > {"mug": 0.15, "flask": 0.6}.get(thing.family, 0.75), "a mesh turned inside out has negative volume"


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_seeds_give_equal_objects_and_others_differ(family: Family) -> None:
    one, same, other = make_object(family, 7), make_object(family, 7), make_object(family, 8)
    for name in ("vertices", "faces", "uv", "texture"):
        assert np.array_equal(getattr(one, name), getattr(same, name)), name
    assert (one.mass_kg, one.friction) == (same.mass_kg, same.friction)
    assert one.height_m != other.height_m
    assert not np.array_equal(one.texture, other.texture)


def test_families_differ_in_shape_for_one_seed() -> None:
    assert len({make_object(family, 3).height_m for family in FAMILIES}) == len(FAMILIES)


def test_an_unknown_family_names_the_choices() -> None:
    with pytest.raises(
        ConfigError, match=r"unknown object family 'vase'; choose from: bottle, thermos, can, mug, jar, carton"
    ):
        make_object("vase", 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", FAMILIES)
def test_written_files_hold_the_same_object(tmp_path: Path, family: Family) -> None:
    thing = make_object(family, 11)
    path = thing.write(tmp_path / "new" / "folder")
    lines = path.read_text().splitlines()
    read = {key: [line.split()[1:] for line in lines if line.startswith(f"{key} ")] for key in ("v", "vt", "f")}
    assert np.allclose(np.array(read["v"], float), thing.vertices, atol=1e-6)
    assert np.allclose(np.array(read["vt"], float), thing.uv, atol=1e-5)
    assert [[int(corner.split("/")[0]) - 1 for corner in face] for face in read["f"]] == thing.faces.tolist()
    assert f"map_Kd {thing.name}.png" in path.with_suffix(".mtl").read_text()
    assert np.array_equal(cv2.imread(str(path.with_suffix(".png")))[..., ::-1], thing.texture)
    assert len(trimesh.load(path, force="mesh").faces) == len(thing.faces)


def box_file(folder: Path, extents: tuple[float, float, float], name: str = "box.stl") -> Path:
    mesh = trimesh.creation.box(extents)
    mesh.apply_translation([3.0, -2.0, 5.0])
    mesh.export(folder / name)
    return folder / name


@pytest.mark.parametrize("name", ["box.stl", "box.obj", "box.ply", "box.glb"])
def test_a_users_mesh_is_put_upright_on_the_floor_about_its_middle(tmp_path: Path, name: str) -> None:
    thing = load_user_mesh(box_file(tmp_path, (0.04, 0.08, 0.2), name), mass_kg=0.5, friction=0.6)
    assert np.allclose(thing.vertices.min(axis=0), [-0.02, -0.04, 0.0], atol=1e-6)
    assert np.allclose(thing.vertices.max(axis=0), [0.02, 0.04, 0.2], atol=1e-6)
    assert (thing.family, thing.mass_kg, thing.friction) == ("mesh", 0.5, 0.6)
    assert thing.write(tmp_path / "out").is_file()


@pytest.mark.parametrize(("angle", "width"), [(0.0, 0.04), (np.pi / 2, 0.08), (np.pi / 4, 0.12 / np.sqrt(2))])
def test_extent_of_a_box_is_its_shadow(tmp_path: Path, angle: float, width: float) -> None:
    thing = load_user_mesh(box_file(tmp_path, (0.04, 0.08, 0.2)))
    assert thing.extent_m(0.1, np.array([np.cos(angle), np.sin(angle), 0.0])) == pytest.approx(width, abs=1e-6)


def test_extent_follows_the_profile_of_a_bottle() -> None:
    thing = make_object("bottle", 5)
    x = np.array([1.0, 0.0, 0.0])
    assert thing.extent_m(0.96 * thing.height_m, x, 0.003) < 0.7 * thing.extent_m(0.3 * thing.height_m, x)


def test_meshes_that_cannot_be_used_say_why_in_one_line(tmp_path: Path) -> None:
    junk, empty = tmp_path / "junk.glb", tmp_path / "empty.obj"
    junk.write_bytes(bytes(range(256)))
    empty.write_text("# nothing\n")
    cases = {
        tmp_path / "no.stl": "no such file",
        tmp_path: "give one of .obj, .stl, .ply, .glb",
        junk: "the mesh does not load",
        empty: "(no faces|does not load)",
        box_file(tmp_path, (40, 80, 200), "mm.stl"): r"200 m across; expected 0.001 to 2 m. Are its units metres\?",
        box_file(tmp_path, (1e-4, 1e-4, 2e-4), "tiny.ply"): r"0.0002\d* m across",
    }
    for path, reason in cases.items():
        with pytest.raises(ConfigError, match=reason) as caught:
            load_user_mesh(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("family", "height_m", "mass_kg"),
    [("bottle", 0.1777, 0.4426), ("thermos", 0.1901, 0.3702), ("can", 0.1051, 0.2018), ("mug", 0.1049, 0.2004)],
)
def test_seeds_that_scenes_rely_on_still_give_the_same_object(family: Family, height_m: float, mass_kg: float) -> None:
    thing = make_object(family, 42)
    assert (thing.height_m, thing.mass_kg) == (pytest.approx(height_m, abs=1e-4), pytest.approx(mass_kg, abs=1e-4))


def test_a_carton_is_a_box() -> None:
    thing = make_object("carton", 3)
    x, y, slanted = np.eye(3)[0], np.eye(3)[1], np.array([1.0, 1.0, 0.0]) / np.sqrt(2)
    wide, deep, across = (thing.extent_m(0.3 * thing.height_m, way) for way in (x, y, slanted))
    assert across > 0.9 * (wide + deep) / np.sqrt(2), "a round or oval body is narrower across its corners"


@pytest.mark.simulation
def test_a_flask_is_solid_in_parts_and_the_others_as_their_hull() -> None:
    hull, density = make_object("bottle", 1).solid()
    assert hull == {"decompose_object_error_threshold": float("inf")}
    assert 100 < density < 3000
    thing = make_object("flask", 1)
    parts, density = thing.solid()
    assert parts["decompose_object_error_threshold"] == 0.0
    assert density * thing.mesh().volume == pytest.approx(thing.mass_kg)
