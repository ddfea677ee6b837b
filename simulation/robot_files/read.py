"""Reads a robot file's XML."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from perception.base.errors import ConfigError
from perception.base.files import read_xml

KINDS = {"mujoco": "MJCF", "robot": "URDF"}
_XACRO = "http://www.ros.org/wiki/xacro"


def read_robot(path: Path) -> ET.Element:
    """The root of a URDF or MJCF. ConfigError, naming file and line, if it is neither."""
    root = read_xml(path, "robot file")
    if root.tag not in KINDS:
        raise ConfigError(f"{path}: the root is <{root.tag}>; expected <robot> (URDF) or <mujoco> (MJCF)")
    if any(element.tag.startswith(f"{{{_XACRO}}}") for element in root.iter()):
        raise ConfigError(f"{path}: has xacro macros in it; expand them first: xacro {path.name} arm:=true > spot.urdf")
    if (include := root.find(".//include")) is not None:
        named = include.get("file", "")
        raise ConfigError(f"{path}: includes {named!r}; give the robot's own file, without <include>")
    return root
