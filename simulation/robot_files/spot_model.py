"""Writes a Spot with arm as MJCF from numbers; no file of the robot's maker is used.

Origins, limits and masses are those of the public description. On rails, six base joints (x, y, z, yaw, pitch, roll)
move the body; the legs have no contact and follow the gait. On legs, the body is free, and feet and lower legs
collide. The arm's links collide as capsules, the hand as the pieces of `behaviours.robots.spot.gripper_shape`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from behaviours.robots.spot.arm import JOINTS
from behaviours.robots.spot.gripper_shape import HINGE_IN_WRIST_M, JAW_OPEN_RAD, PIECES, Part
from perception.base.files import write_atomic

BASE_JOINTS = ("base_x", "base_y", "base_z", "base_yaw", "base_pitch", "base_roll")
LEGS = ("fl", "fr", "hl", "hr")
LEG_JOINTS = tuple(f"{leg}_{joint}" for leg in LEGS for joint in ("hx", "hy", "kn"))
ARM_JOINTS = tuple(joint.name for joint in JOINTS)
JAW_JOINT = "f1x"

HIP_ORIGINS_M = ((0.29785, 0.055, 0.0), (0.29785, -0.055, 0.0), (-0.29785, 0.055, 0.0), (-0.29785, -0.055, 0.0))
UPPER_LEG_OFFSET_Y_M = 0.1108
UPPER_LEG_XZ_M = (0.025, -0.32)
"""From the upper leg's joint to the knee, x and z in the upper leg's frame."""
LOWER_LEG_M = 0.3365
FOOT_RADIUS_M = 0.036
BODY_BOX_M = (0.88, 0.19, 0.15)
"""Length, breadth and height of the body, over which its mass is spread."""
LEG_LIMITS_RAD = {"hx": (-0.785, 0.785), "hy": (-0.899, 2.295), "kn": (-2.793, -0.25)}
MASSES_KG = {
    "body": 32.86, "hip": 1.68, "upper_leg": 2.34, "lower_leg": 0.35,
    "sh0": 1.298, "sh1": 1.298, "el0": 0.725, "el1": 0.725, "wr0": 0.98, "wr1": 0.785, "fngr": 0.20,
}  # fmt: skip
"""The description gives the sums sh0+sh1 and el0+el1, which are halved here."""

YELLOW, DARK, GREY = "0.93 0.71 0.05 1", "0.10 0.10 0.11 1", "0.27 0.27 0.29 1"


@dataclass(frozen=True)
class Gain:
    """Position control of a joint. kp: N·m/rad or N/m. kv: N·m·s/rad or N·s/m. max_effort: N·m or N."""

    kp: float
    kv: float
    max_effort: float


GAINS = {
    **{name: Gain(4e5, 2e4, 1e5) for name in BASE_JOINTS[:3]},
    **{name: Gain(4e4, 2e3, 1e4) for name in BASE_JOINTS[3:]},
    **{name: Gain(2000.0, 60.0, 115.0) for name in LEG_JOINTS},
    **{j.name: Gain(3000.0 if i < 3 else 600.0, 200.0 if i < 3 else 40.0, j.effort_nm) for i, j in enumerate(JOINTS)},
    JAW_JOINT: Gain(60.0, 4.0, 15.32),
}
"""Tuned for steps of 5 ms and a joint armature of 0.1 kg·m²: joints follow without steady error."""

LEG_EFFORTS_NM = {"hx": 45.0, "hy": 45.0, "kn": 115.0}
"""Greatest torques of the motors of a leg."""
LEG_ARMATURES = {"hx": 0.04, "hy": 0.04, "kn": 0.073}
"""Inertias of those motors at the joint, kg·m²."""
LEG_FRICTION_NM, LEG_DAMPING = 0.5, 0.25
"""Dry friction of a leg's joint, N·m, and its damping, N·m·s."""

FREE_BASE_GAINS = {name: Gain(4e4, 2e3, 1e4) if i < 3 else Gain(4e3, 2e2, 1e3) for i, name in enumerate(BASE_JOINTS)}
"""Of the gripper without a robot."""


def _text(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.6g}" for value in values)


def _body(parent: ET.Element, name: str, origin_m: tuple[float, ...], mass_kg: float, inertia_m: float) -> ET.Element:
    """A link with an inertia like a ball of radius of gyration `inertia_m` at its origin."""
    body = ET.SubElement(parent, "body", name=name, pos=_text(origin_m))
    moment = mass_kg * inertia_m**2
    ET.SubElement(body, "inertial", pos="0 0 0", mass=f"{mass_kg:.6g}", diaginertia=_text((moment, moment, moment)))
    return body


def _joint(body: ET.Element, name: str, kind: str, axis: str, limits: tuple[float, float] | None = None) -> None:
    vector = {"x": "1 0 0", "y": "0 1 0", "z": "0 0 1"}[axis]
    joint = ET.SubElement(body, "joint", name=name, type=kind, axis=vector, pos="0 0 0")
    if limits is not None:
        joint.set("range", _text(limits))
        joint.set("limited", "true")


def _shape(body: ET.Element, kind: str, color: str, *, collide: bool, **attributes: str) -> None:
    """A visible primitive, with a second geom for contact if it collides."""
    shape = {"type": kind, "mass": "0", **attributes}
    ET.SubElement(body, "geom", {**shape, "rgba": color, "group": "2", "contype": "0", "conaffinity": "0"})
    if collide:
        ET.SubElement(body, "geom", {**shape, "group": "3", "contype": "1", "conaffinity": "1"})


def _base_joints(body: ET.Element) -> None:
    for name, axis in zip(BASE_JOINTS, "xyzzyx", strict=True):
        _joint(body, name, "slide" if name in BASE_JOINTS[:3] else "hinge", axis)


def _carry(legs: ET.Element) -> None:
    """Give the legs' joints motors with inertia, friction and damping."""
    for joint in legs.iter("joint"):
        kind = joint.get("name", "").rpartition("_")[2]
        if kind in LEG_ARMATURES:
            joint.set("armature", f"{LEG_ARMATURES[kind]:.6g}")
            joint.set("frictionloss", f"{LEG_FRICTION_NM:.6g}")
            joint.set("damping", f"{LEG_DAMPING:.6g}")


def _legs(body: ET.Element, *, collide: bool) -> None:
    for leg, hip in zip(LEGS, HIP_ORIGINS_M, strict=True):
        side = 1.0 if hip[1] > 0 else -1.0
        hip_link = _body(body, f"{leg}_hip", hip, MASSES_KG["hip"], 0.05)
        _joint(hip_link, f"{leg}_hx", "hinge", "x", LEG_LIMITS_RAD["hx"])
        out = f"{side * 0.12:.3f}"
        _shape(hip_link, "capsule", DARK, collide=False, size="0.055", fromto=f"-0.03 {side * 0.02} 0 -0.03 {out} 0")
        upper = _body(hip_link, f"{leg}_uleg", (0.0, side * UPPER_LEG_OFFSET_Y_M, 0.0), MASSES_KG["upper_leg"], 0.12)
        _joint(upper, f"{leg}_hy", "hinge", "y", LEG_LIMITS_RAD["hy"])
        knee = _text((UPPER_LEG_XZ_M[0], 0.0, UPPER_LEG_XZ_M[1]))
        _shape(upper, "capsule", YELLOW, collide=False, size="0.042", fromto=f"0 0 0 {_text((0.018, 0, -0.2))}")
        _shape(upper, "capsule", DARK, collide=False, size="0.03", fromto=f"0.018 0 -0.2 {knee}")
        lower = _body(upper, f"{leg}_lleg", (UPPER_LEG_XZ_M[0], 0.0, UPPER_LEG_XZ_M[1]), MASSES_KG["lower_leg"], 0.12)
        _joint(lower, f"{leg}_kn", "hinge", "y", LEG_LIMITS_RAD["kn"])
        _shape(lower, "capsule", DARK, collide=collide, size="0.018", fromto=f"0 0 0 0 0 {-LOWER_LEG_M}")
        _shape(lower, "sphere", DARK, collide=collide, size=str(FOOT_RADIUS_M), pos=f"0 0 {-LOWER_LEG_M}")


ARM_SHAPES: dict[str, tuple[tuple[str, str, bool, dict[str, str]], ...]] = {
    "sh0": (("cylinder", DARK, False, {"size": "0.075 0.05", "pos": "0 0 -0.055"}),),
    "sh1": (
        ("capsule", DARK, False, {"size": "0.06", "fromto": "0 -0.06 0 0 0.06 0"}),
        ("capsule", YELLOW, True, {"size": "0.045", "fromto": "0.05 0 0 0.29 0 0"}),
    ),
    "el0": (
        ("capsule", DARK, False, {"size": "0.05", "fromto": "0 -0.05 0 0 0.05 0"}),
        ("capsule", DARK, True, {"size": "0.038", "fromto": "0.05 0 0.05 0.28 0 0.07"}),
    ),
    "el1": (("capsule", DARK, False, {"size": "0.042", "fromto": "-0.12 0 0 0 0 0"}),),
    "wr0": (("capsule", GREY, False, {"size": "0.042", "fromto": "0 -0.03 0 0 0.03 0"}),),
}
"""Shapes of the arm's links: (kind, colour, collides, MJCF attributes in the link's frame)."""


def _gripper(wrist: ET.Element, parts: Sequence[Part]) -> None:
    _shape(wrist, "capsule", DARK, collide=False, size="0.038", fromto="0 0 0 0.05 0 0")
    finger = _body(wrist, "fngr", HINGE_IN_WRIST_M, MASSES_KG["fngr"], 0.06)
    _joint(finger, JAW_JOINT, "hinge", "y", (JAW_OPEN_RAD, 0.0))
    for piece in parts:
        link = wrist if piece.link == "wr1" else finger
        color = YELLOW if "finger" in piece.name or piece.name in ("jaw_front", "jaw_root") else GREY
        _shape(link, "mesh", color, collide=True, mesh=piece.name)


def _document(name: str, parts: Sequence[Part]) -> tuple[ET.Element, ET.Element]:
    """The root and its worldbody. parts: of the gripper, whose meshes it names."""
    root = ET.Element("mujoco", model=name)
    ET.SubElement(root, "compiler", angle="radian", autolimits="true", meshdir=".")
    asset = ET.SubElement(root, "asset")
    for piece in parts:
        ET.SubElement(asset, "mesh", name=piece.name, file=f"{piece.name}.obj")
    return root, ET.SubElement(root, "worldbody")


def _write(root: ET.Element, path: Path, parts: Sequence[Part]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    for piece in parts:
        piece.mesh().export(path.with_name(f"{piece.name}.obj"))
    ET.indent(root)
    write_atomic(path, (ET.tostring(root, "unicode") + "\n").encode(), sync=False)
    return path


def spot_document(*, legs: bool = False) -> ET.Element:
    """The root element of the model. In the zero pose all joints are 0. legs: they carry it, else it is on rails."""
    root, world = _document("spot", PIECES)
    body = _body(world, "body", (0.0, 0.0, 0.0), MASSES_KG["body"], 0.3)
    if legs:
        ET.SubElement(body, "freejoint", name="base")
        squares = [side**2 for side in BODY_BOX_M]
        moments = tuple(MASSES_KG["body"] / 12 * (sum(squares) - square) for square in squares)
        body.find("inertial").set("diaginertia", _text(moments))  # type: ignore[union-attr]
    else:
        _base_joints(body)
    _shape(body, "box", YELLOW, collide=True, size="0.30 0.095 0.075")
    for x in (-0.37, 0.37):
        _shape(body, "box", DARK, collide=False, size="0.075 0.085 0.065", pos=f"{x} 0 0")
    _shape(body, "box", DARK, collide=False, size="0.26 0.075 0.012", pos="-0.03 0 0.08")
    _shape(body, "cylinder", DARK, collide=False, size="0.08 0.03", pos="0.292 0 0.095")
    _legs(body, collide=legs)
    if legs:
        _carry(body)
    link = body
    for joint in JOINTS:
        link = _body(link, joint.name, joint.origin_m, MASSES_KG[joint.name], 0.08)
        _joint(link, joint.name, "hinge", joint.axis, (joint.lower_rad, joint.upper_rad))
        for kind, color, collide, attributes in ARM_SHAPES.get(joint.name, ()):
            _shape(link, kind, color, collide=collide, **attributes)
    _gripper(link, PIECES)
    return root


def write_spot(folder: Path, *, legs: bool = False) -> Path:
    """Write spot.xml and the gripper's meshes to `folder`; returns the file. legs: see `spot_document`."""
    return _write(spot_document(legs=legs), folder / "spot.xml", PIECES)


def write_free_gripper(folder: Path, parts: Sequence[Part] = PIECES) -> Path:
    """Write gripper.xml: wrist and jaw on six base joints, which at 0 put `wr1` at the origin; returns the file.

    parts: the convex pieces of the gripper.
    """
    root, world = _document("gripper", parts)
    wrist = _body(world, "wr1", (0.0, 0.0, 0.0), MASSES_KG["wr1"], 0.08)
    _base_joints(wrist)
    _gripper(wrist, parts)
    return _write(root, folder / "gripper.xml", parts)
