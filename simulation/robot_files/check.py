"""Checks that an adapted robot file has Spot's kinematics, before Genesis starts.

Anchors, axes and senses of all joints in one pose define the kinematics, so both robots are compared in the zero pose.
MuJoCo reads them without shapes: only bodies, joints and masses.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from simulation.robot_files.spot_model import ARM_JOINTS, BASE_JOINTS, JAW_JOINT, LEG_JOINTS

TOLERANCE_M, TOLERANCE_RAD = 0.005, 0.02
FARTHEST_M = 100.0
"""No joint of a Spot is this far from the body, and larger numbers overflow."""
JAW_NEEDED_RAD = (-1.5, -0.05)
"""Angles that the jaw's range must contain: it opens towards negative angles and closes towards 0."""
_ALWAYS = {"boundmass": "1e-6", "boundinertia": "1e-9", "balanceinertia": "true"}


@dataclass(frozen=True)
class Skeleton:
    """A robot in the zero pose, body frame. anchors: (3,) metres, axes: (3,), kinds: of each joint. wrist: (4, 4) pose
    of link `wr1`. jaw_range: radians.
    """

    anchors: dict[str, NDArray[np.float64]]
    axes: dict[str, NDArray[np.float64]]
    kinds: dict[str, int]
    wrist: NDArray[np.float64]
    jaw_range: tuple[float, float]


def skeleton(path: Path, root: ET.Element) -> Skeleton:
    """The zero pose of an adapted file. path: named in the ConfigError if MuJoCo cannot read it."""
    import mujoco

    mujoco.set_mju_user_warning(lambda _: None)  # it writes to stderr and to a file in the working folder
    text = ET.tostring(_bare(root), encoding="unicode")
    try:
        model: Any = mujoco.MjModel.from_xml_string(text)
    except ValueError as error:
        raise ConfigError(f"{path}: MuJoCo cannot read the robot: {' '.join(str(error).split())}") from error
    data: Any = mujoco.MjData(model)
    data.qpos[:] = 0.0
    mujoco.mj_kinematics(model, data)
    joints = {model.joint(i).name: i for i in range(model.njnt)}
    wrist = np.eye(4)
    wrist[:3, :3] = data.body("wr1").xmat.reshape(3, 3)
    wrist[:3, 3] = data.body("wr1").xpos
    jaw = joints[JAW_JOINT]
    limits = model.jnt_range[jaw] if model.jnt_limited[jaw] else (-np.inf, np.inf)
    return Skeleton(
        {name: np.array(data.xanchor[i]) for name, i in joints.items()},
        {name: np.array(data.xaxis[i]) for name, i in joints.items()},
        {name: int(model.jnt_type[i]) for name, i in joints.items()},
        wrist,
        (float(limits[0]), float(limits[1])),
    )


def _bare(root: ET.Element) -> ET.Element:
    """A copy without shapes, which MuJoCo can read."""
    bare = copy.deepcopy(root)
    gone = ("asset", "contact", "geom", "visual", "collision", "material", "mesh", "site", "pair")
    for parent in list(bare.iter()):
        for child in list(parent):
            if child.tag in gone:
                parent.remove(child)
    if bare.tag == "robot":
        extension = ET.SubElement(bare, "mujoco")
        ET.SubElement(extension, "compiler", {**_ALWAYS, "fusestatic": "false", "discardvisual": "true"})
    else:
        ET.SubElement(bare, "compiler", _ALWAYS)
    return bare


def compare(path: Path, theirs: Skeleton, ours: Skeleton) -> None:
    """ConfigError, naming file, joint and difference, if the file's kinematics are not Spot's own."""
    for name, place in (*theirs.anchors.items(), ("wr1", theirs.wrist[:3, 3])):
        if not np.abs(place).max() <= FARTHEST_M:
            far = f"more than {FARTHEST_M:g} m from the body"
            raise ConfigError(f"{path}: joint {name} is {far}; lengths are in metres")
    for name in (*BASE_JOINTS, *LEG_JOINTS, *ARM_JOINTS, JAW_JOINT):
        if theirs.kinds[name] != ours.kinds[name]:
            raise ConfigError(f"{path}: joint {name} is of another kind: hinge and slide are interchanged")
        axis = ours.axes[name]
        angle = float(np.arccos(np.clip(axis @ theirs.axes[name], -1.0, 1.0)))
        if angle > TOLERANCE_RAD:
            raise ConfigError(
                f"{path}: joint {name} turns about {_text(theirs.axes[name])} where Spot's turns about {_text(axis)} "
                f"(x forward, y left, z up, all joints at 0); turn the axis, or the zero of a joint before it"
            )
        offset = theirs.anchors[name] - ours.anchors[name]
        if float(np.linalg.norm(np.cross(offset, axis))) > TOLERANCE_M and ours.kinds[name] == _HINGE:
            raise ConfigError(
                f"{path}: joint {name} is at {_text(theirs.anchors[name])} m of the body where Spot's is at "
                f"{_text(ours.anchors[name])} m, all joints at 0; correct its origin, or the zero of a joint before it"
            )
    turn = theirs.wrist[:3, :3] @ ours.wrist[:3, :3].T
    angle = float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1.0, 1.0)))
    shift = float(np.linalg.norm(theirs.wrist[:3, 3] - ours.wrist[:3, 3]))
    if shift > TOLERANCE_M or angle > TOLERANCE_RAD:
        raise ConfigError(
            f"{path}: the link that joint wr1 moves is {shift * 1000:.0f} mm and {np.degrees(angle):.0f} degrees off "
            f"Spot's wrist, all joints at 0; correct its origin"
        )
    low, high = theirs.jaw_range
    if low > JAW_NEEDED_RAD[0] or high < JAW_NEEDED_RAD[1]:
        raise ConfigError(
            f"{path}: the jaw's joint moves {low:.3g} to {high:.3g} rad; expected -1.57 (open) to 0 (closed)"
        )


_HINGE = 3
"""mujoco.mjtJoint.mjJNT_HINGE."""


def _text(vector: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{value + 0.0:.3f}" for value in vector) + ")"
