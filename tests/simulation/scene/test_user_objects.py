"""Folders of objects that people give: what is read of a URDF, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from perception.base.errors import ConfigError
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
    assert np.ptp(thing.vertices, axis=0) == pytest.approx([0.06, 0.06, 0.17], abs=1e-3)
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
