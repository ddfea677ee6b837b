"""A robot file's XML, read with errors for people, and the meshes it names, found before Genesis is started."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from perception.base.errors import ConfigError
from perception.base.files import read_xml
from simulation.scene.mesh_files import KINDS as KINDS_READ
from simulation.scene.mesh_files import read_mesh

KINDS = {"mujoco": "MJCF", "robot": "URDF"}
_XACRO = "http://www.ros.org/wiki/xacro"


def read_robot(path: Path) -> ET.Element:
    """The root of a URDF or MJCF. ConfigError, naming file and line, if it is no readable XML of these kinds."""
    root = read_xml(path, "robot file")
    if root.tag not in KINDS:
        raise ConfigError(f"{path}: the root is <{root.tag}>; expected <robot> (URDF) or <mujoco> (MJCF)")
    if any(element.tag.startswith(f"{{{_XACRO}}}") for element in root.iter()):
        raise ConfigError(f"{path}: has xacro macros in it; expand them first: xacro {path.name} arm:=true > spot.urdf")
    if (include := root.find(".//include")) is not None:
        named = include.get("file", "")
        raise ConfigError(f"{path}: includes {named!r}; give the robot's own file, without <include>")
    return root


@cache
def _check_mesh(file: Path) -> None:
    """ConfigError here, not in the middle of Genesis, if it is damaged."""
    read_mesh(file, solid=False)


def find_mesh(path: Path, name: str, folder: Path) -> str:
    """The absolute path of a file that robot file `path` names; plain names are relative to `folder`.

    A `package://PACKAGE/REST` is looked for in each folder above the robot file, nearest first: in the folder itself
    if it is called PACKAGE, else in its folder PACKAGE. ConfigError if there is no such file.
    """
    scheme, _, rest = name.rpartition("://")
    if scheme in ("package", "model"):
        package, _, inside = rest.partition("/")
        above = path.absolute().parents
        tried = [place / inside if place.name == package else place / rest for place in above]
        where = f"looked in folders {package}/ of every folder above the robot file"
    else:
        tried = [folder.absolute() / rest]
        where = f"looked for {tried[0]}"
    for file in tried:
        if os.path.isfile(file):
            if file.suffix.lower() in KINDS_READ:
                _check_mesh(file)
            return str(file)
    raise ConfigError(f"{path}: the mesh {name!r} is missing; {where}. Copy it there or correct the path")
