"""A user's own robot file instead of the Spot model written here, adapted as Genesis needs it.

The file itself is not changed. Its shapes and masses are used. Gains, the jaw's torque limit and legs without contact
are those of our model.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from perception.base.files import read_xml, write_atomic
from simulation.robot_files.check import compare, skeleton
from simulation.robot_files.mjcf import adapt_mjcf
from simulation.robot_files.read import KINDS, read_robot
from simulation.robot_files.spot_model import write_spot
from simulation.robot_files.urdf import adapt_urdf


def adapt_robot(path: Path, folder: Path) -> Path:
    """Write a user's URDF or MJCF of Spot with arm to `folder`, with our names and base joints; returns the new file.

    ConfigError, naming the file and the next step, if it cannot be read, lacks a joint or a mesh, or differs from
    Spot's kinematics.
    """
    folder = folder.absolute()
    root = read_robot(path)
    own = read_xml(write_spot(folder / "own"), "robot file")
    inertials = {body.get("name", ""): body.findall("inertial")[0] for body in own.iter("body")}
    if KINDS[root.tag] == "MJCF":
        adapt_mjcf(path, root, inertials)
    else:
        adapt_urdf(path, root, inertials, folder)
    compare(path, skeleton(path, root), skeleton(path, own))
    ET.indent(root)
    adapted = folder / ("robot.xml" if KINDS[root.tag] == "MJCF" else "robot.urdf")
    write_atomic(adapted, (ET.tostring(root, "unicode") + "\n").encode(), sync=False)
    return adapted


def check_robot(path: Path) -> None:
    """ConfigError if the robot file cannot be used (see `adapt_robot`). Writes no files."""
    with tempfile.TemporaryDirectory(prefix="spot-grasp-") as folder:
        adapt_robot(path, Path(folder))


def user_robot_morph(gs: Any, path: Path, folder: Path) -> Any:
    """The Genesis morph of a robot file. gs: the genesis module. folder: for the adapted file, during the run."""
    adapted = adapt_robot(path, folder / "robot_file")
    if adapted.suffix == ".xml":
        return gs.morphs.MJCF(file=str(adapted), default_armature=0.1)
    return gs.morphs.URDF(file=str(adapted), fixed=True, default_armature=0.1)
