"""Folders of objects that people give: what is read of a URDF, and what is refused."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from perception.base.errors import ConfigError
from simulation.scene.mesh_files import read_mesh
from simulation.scene.user_objects import DENSITY_KGPM3, find_objects, read_object

URDF = """<?xml version="1.0"?>
<robot name="thing"><link name="base">
  <contact><lateral_friction value="0.9"/></contact>
  <inertial><mass value="0.25"/></inertial>
  <visual><geometry><mesh filename="thing.obj" scale="1 1 2"/></geometry></visual>
  <collision><geometry><box size="1 1 1"/></geometry></collision>
</link></robot>"""


def write(folder: Path, urdf: str = URDF, name: str = "thing") -> Path:
    folder.mkdir(exist_ok=True)
    trimesh.creation.box((0.04, 0.06, 0.1)).export(folder / "thing.obj")
    (folder / f"{name}.urdf").write_text(urdf)
    return folder


def test_a_urdf_gives_shape_mass_and_friction(tmp_path: Path) -> None:
    (thing,) = find_objects(write(tmp_path))
    assert (thing.name, thing.mass_kg, thing.friction) == ("thing", 0.25, 0.9)
    made = thing.make(0.5, 3)
    assert np.ptp(made.vertices, axis=0) == pytest.approx([0.02, 0.03, 0.1])
    assert made.vertices[:, 2].min() == pytest.approx(0.0)
    assert (made.name, made.mass_kg) == ("mesh-3", 0.25)


def test_a_body_of_several_shapes_is_put_together(tmp_path: Path) -> None:
    shapes = """<visual><origin xyz="0 0 0.1" rpy="0 0 0"/><geometry><sphere radius="0.02"/></geometry></visual>
    <visual><geometry><cylinder radius="0.03" length="0.1"/></geometry></visual>"""
    urdf = f'<robot name="r"><link name="a">{shapes}</link></robot>'
    (thing,) = find_objects(write(tmp_path, urdf))
    assert np.ptp(thing.mesh.vertices, axis=0) == pytest.approx([0.06, 0.06, 0.17], abs=1e-3)
    volume = thing.make().volume_m3
    assert thing.make().mass_kg == pytest.approx(DENSITY_KGPM3 * volume)
    assert volume == pytest.approx(np.pi * 0.03**2 * 0.1 + 4 / 3 * np.pi * 0.02**3, rel=0.05)


def test_meshes_alone_are_objects_where_no_urdf_is(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "thing.urdf").unlink()
    trimesh.creation.icosphere(2, 0.03).export(tmp_path / "ball.stl")
    (tmp_path / "notes.txt").write_text("no object")
    assert [thing.name for thing in find_objects(tmp_path)] == ["ball", "thing"]


def test_a_digest_tells_whatever_physics_sees(tmp_path: Path) -> None:
    (first,) = find_objects(write(tmp_path / "a"))
    (same,) = find_objects(write(tmp_path / "b"))
    (other,) = find_objects(write(tmp_path / "c", URDF.replace("0.25", "0.26")))
    assert first.digest == same.digest != other.digest


LONG = "9" * 400
BAD = {
    "mass of nothing": (URDF.replace("0.25", "0"), "above 0"),
    "mass that overflows": (URDF.replace("0.25", "1e999"), "above 0"),
    "mass that is no number": (URDF.replace("0.25", "nan"), "above 0"),
    "friction below 0": (URDF.replace("0.9", "-1"), "above 0"),
    "two scales": (URDF.replace("1 1 2", "1 1"), "three numbers"),
    "scale that is no number": (URDF.replace("1 1 2", "1 nan 2"), "three numbers"),
    "scale of nothing": (URDF.replace("1 1 2", "0 0 0"), "0.001 to 2 m"),
    "scale in millimetres": (URDF.replace("1 1 2", "1000 1000 1000"), "0.001 to 2 m"),
    "mesh that is missing": (URDF.replace("thing.obj", "none.obj"), "missing"),
    "mesh of no kind": (URDF.replace("thing.obj", "thing.urdf"), "not a mesh"),
    "mesh that is a folder": (URDF.replace("thing.obj", ".."), "missing"),
    "two bodies": (URDF.replace("</link>", '</link><link name="b"/>'), "one <link>"),
    "no shape": ('<robot name="r"><link name="a"/></robot>', "0 <visual>"),
    "many shapes": (URDF.replace("<visual>", "<visual/>" * 300 + "<visual>"), "expected 1 to 200"),
    "no geometry": (URDF.replace("<mesh ", "<capsule "), "one mesh, box"),
    "cylinder without length": (URDF.replace('<mesh filename="thing.obj" scale="1 1 2"/>', '<cylinder radius="1"/>'),
                                "length"),
    "a box without size": (URDF.replace('<mesh filename="thing.obj" scale="1 1 2"/>', "<box/>"), "three numbers"),
    "another root": ("<sdf/>", "expected <robot>"),
    "no XML": ("<robot", "not XML"),
    "a document type": ('<!DOCTYPE a [<!ENTITY b "c">]>' + URDF.split("?>")[1], "DOCTYPE"),
    "a number without end": (URDF.replace("1 1 2", f"{LONG} 1 1"), "three numbers"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_urdf_that_cannot_be_used_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    urdf, words = BAD[kind]
    with pytest.raises(ConfigError, match=words) as told:
        find_objects(write(tmp_path, urdf))
    assert "thing" in str(told.value) or "none.obj" in str(told.value)
    assert len(str(told.value)) < 600


def test_folders_without_objects_are_refused(tmp_path: Path) -> None:
    for folder, words in ((tmp_path / "none", "No such file"), (tmp_path, "no object"), (Path("a\0b"), "null")):
        with pytest.raises(ConfigError, match=words):
            find_objects(folder)
    (tmp_path / "file.obj").write_text("v 0 0 0\n")
    with pytest.raises(ConfigError, match=r"file\.obj"):
        find_objects(tmp_path)
    with pytest.raises(ConfigError, match="Not a directory"):
        find_objects(tmp_path / "file.obj")


def test_an_object_that_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.stl")
    with pytest.raises(ConfigError, match="regular file"):
        read_object(tmp_path / "pipe.stl")


def textured(folder: Path, suffix: str) -> Path:
    """A box whose texture is red and blue halves."""
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, :4, 0] = picture[:, 4:, 2] = 255
    mesh = trimesh.creation.box((0.04, 0.06, 0.1))
    uv = np.stack([(mesh.vertices[:, 0] > 0) * 0.5 + 0.25, np.full(len(mesh.vertices), 0.5)], axis=1)
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, image=Image.fromarray(picture))
    folder.mkdir(exist_ok=True)
    mesh.export(folder / f"thing{suffix}")
    return folder / f"thing{suffix}"


@pytest.mark.parametrize("suffix", [".obj", ".glb"])
def test_a_texture_is_kept_at_its_place(tmp_path: Path, suffix: str) -> None:
    thing = read_object(textured(tmp_path, suffix)).make()
    rows = ((1.0 - thing.uv[:, 1]) * 7).round().astype(int)
    shown = thing.texture[rows, (thing.uv[:, 0] * 8).astype(int)]
    right = thing.vertices[:, 0] > 0
    assert (shown[right] == [0, 0, 255]).all()
    assert (shown[~right] == [255, 0, 0]).all()
    assert thing.volume_m3 == pytest.approx(0.04 * 0.06 * 0.1)


def test_a_material_elsewhere_is_not_read_and_the_shape_is(tmp_path: Path) -> None:
    path = textured(tmp_path / "a", ".obj")
    (tmp_path / "out.png").write_bytes((tmp_path / "a" / "material_0.png").read_bytes())
    material = tmp_path / "a" / "material.mtl"
    for elsewhere in ("../out.png", str(tmp_path / "out.png"), "gone.png"):
        material.write_text(f"newmtl material_0\nKd 1 1 1\nmap_Kd {elsewhere}\n")
        thing = read_object(path).make()
        assert len(np.unique(thing.texture.reshape(-1, 3), axis=0)) == 1
        assert np.ptp(thing.vertices, axis=0) == pytest.approx([0.04, 0.06, 0.1])


@pytest.mark.parametrize("name", ["gone.mtl", "../a/material.mtl", "thing.obj", "material.mtl"])
def test_a_mesh_whose_material_cannot_be_read_is_grey(tmp_path: Path, name: str) -> None:
    path = textured(tmp_path / "a", ".obj")
    path.write_text(path.read_text().replace("mtllib material.mtl", f"mtllib {name}"))
    if name == "material.mtl":
        (tmp_path / "a" / name).unlink()
    assert read_object(path).make(seed=1).volume_m3 == pytest.approx(0.04 * 0.06 * 0.1)


@pytest.mark.simulation
@pytest.mark.parametrize(("name", "colours"), [("material.mtl", 2), ("my material.mtl", 2), ("gone.mtl", 1)])
def test_an_obj_keeps_its_looks_once_genesis_has_replaced_its_reader(tmp_path: Path, name: str, colours: int) -> None:
    importlib.import_module("genesis")
    assert trimesh.exchange.load.mesh_loaders["obj"].__module__.startswith("genesis."), "then nothing is tested here"
    path = textured(tmp_path / "a", ".obj")
    path.write_text(path.read_text().replace("mtllib material.mtl", f"mtllib {name}"))
    if name != "gone.mtl":
        (tmp_path / "a" / "material.mtl").rename(tmp_path / "a" / name)
    assert len(np.unique(read_object(path).make().texture.reshape(-1, 3), axis=0)) == colours
    assert read_mesh(path)[0].shape == (8, 3)


def test_colours_of_faces_give_their_mean_and_a_mesh_without_looks_a_drawn_colour(tmp_path: Path) -> None:
    mesh = trimesh.creation.box((0.04, 0.06, 0.1))
    mesh.visual.face_colors = [[200, 0, 0, 255]] * 6 + [[0, 100, 0, 255]] * 6
    mesh.export(tmp_path / "painted.ply")
    trimesh.creation.box((0.04, 0.06, 0.1)).export(tmp_path / "plain.stl")
    painted, plain = find_objects(tmp_path)
    assert (painted.make(seed=1).texture == [100, 50, 0]).all()
    assert not np.array_equal(plain.make(seed=1).texture, plain.make(seed=2).texture)
    assert painted.digest != plain.digest
