"""A user's own robot file in place of the Spot written here: accepted if it has the joints that the program drives."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from perception.errors import ConfigError
from simulation.spot_model import ARM_JOINTS, BASE_JOINTS, JAW_JOINT, LEG_JOINTS

REQUIRED_JOINTS = (*BASE_JOINTS, *LEG_JOINTS, *ARM_JOINTS, JAW_JOINT)
REQUIRED_LINKS = ("body", "wr1")
"""Links whose poses are read; the hand frame hangs on `wr1`."""
_KINDS = {"mujoco": ("MJCF", "body"), "robot": ("URDF", "link")}
_FREE = ("fixed", "free", "floating")
"""Joints of these types are not driven."""


def load_user_robot(path: Path) -> str:
    """Check a URDF or MJCF; returns "URDF" or "MJCF".

    ConfigError, naming file and line or what is missing, if it is not readable XML of these kinds, lacks a joint or
    link that the program uses, or has a joint that the program would not drive.
    """
    try:
        root = ET.parse(path).getroot()
    except OSError as error:
        raise ConfigError(f"{path}: the robot file cannot be read: {error.strerror or error}") from error
    except ET.ParseError as error:
        line, column = error.position
        raise ConfigError(f"{path}:{line}:{column + 1}: not XML: {error}") from error
    if root.tag not in _KINDS:
        raise ConfigError(f"{path}: the root is <{root.tag}>; expected <robot> (URDF) or <mujoco> (MJCF)")
    kind, link_tag = _KINDS[root.tag]
    world = root if kind == "URDF" else root.find("worldbody")
    elements = [] if world is None else list(world.iter())
    joints = [e.get("name", "") for e in elements if e.tag == "joint" and e.get("type", "hinge") not in _FREE]
    links = {e.get("name", "") for e in elements if e.tag == link_tag}
    _complain(path, "joint", [name for name in REQUIRED_JOINTS if name not in joints], joints)
    _complain(path, "link", [name for name in REQUIRED_LINKS if name not in links], sorted(links))
    extra = [name for name in joints if name not in REQUIRED_JOINTS]
    if extra:
        raise ConfigError(f"{path}: joints that nothing drives: {', '.join(extra)}; make them fixed or take them out")
    return kind


def _complain(path: Path, what: str, missing: list[str], found: list[str]) -> None:
    if missing:
        raise ConfigError(
            f"{path}: has no {what} named {', '.join(missing)}; found: {', '.join(found) or 'none'}. "
            f"Name them as in simulation/spot_model.py"
        )


def user_robot_morph(gs: Any, path: Path) -> Any:
    """The Genesis morph of a checked robot file. gs: the genesis module."""
    if load_user_robot(path) == "MJCF":
        return gs.morphs.MJCF(file=str(path), default_armature=0.1)
    return gs.morphs.URDF(file=str(path), fixed=True, default_armature=0.1)
