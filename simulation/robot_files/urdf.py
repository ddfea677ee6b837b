"""Adapts a user's URDF of Spot: our joint and link names, a chain of base joints at the root, legs without contact.

Only links, joints and materials are kept. Links without a mass get ours. If wrist and finger have no collision shapes,
as in the maker's file, they get our gripper's, because the gripper could hold nothing without them.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from behaviours.robots.spot.gripper_shape import PIECES
from perception.base.errors import ConfigError
from simulation.robot_files.mjcf import Inertials, moved_link
from simulation.robot_files.names import map_joints
from simulation.robot_files.spot_model import BASE_JOINTS, LEG_JOINTS
from simulation.scene.mesh_files import find_mesh

_AXES = {"x": "1 0 0", "y": "0 1 0", "z": "0 0 1"}
_CARRIER_KG, _CARRIER_KGM2 = "0.001", "1e-6"
"""Mass and inertia of the links between the base joints, negligible beside the robot's."""


def adapt_urdf(path: Path, root: ET.Element, inertials: Inertials, folder: Path) -> None:
    """Change `root` in place. ConfigError, naming `path`, if it is no Spot with arm.

    inertials: our <inertial> (MJCF) by link name. folder: for added meshes.
    """
    for child in list(root):
        if child.tag not in ("link", "joint", "material"):
            root.remove(child)
    moving = [joint for joint in root.findall("joint") if joint.get("type") not in ("fixed", "floating")]
    joints = map_joints(path, [joint.get("name", "") for joint in moving])
    trunk = _trunk(path, root)
    links = {link.get("name", ""): link for link in root.findall("link")}
    present = any(our in BASE_JOINTS for our in joints.values())
    ours = {} if present else {trunk: "body"}
    for joint in moving:
        our = joints[joint.get("name", "")]
        joint.set("name", our)
        for dynamics in [child for child in joint if child.tag in ("dynamics", "mimic", "safety_controller")]:
            joint.remove(dynamics)
        if our not in BASE_JOINTS or our == BASE_JOINTS[-1]:
            ours[_end(path, joint, "child", links)] = "body" if our in BASE_JOINTS else moved_link(our)
    for name in links:
        if name not in ours and name in ours.values():
            ours[name] = f"{name}_of_file"
    _rename(root, ours)
    if not present:
        _chain(root)
    _complete(root, inertials, folder)
    for link in _below(root, [moved_link(name) for name in LEG_JOINTS]):
        for collision in link.findall("collision"):
            link.remove(collision)
    for mesh in root.iter("mesh"):
        if not Path(mesh.get("filename", "")).is_relative_to(folder):
            mesh.set("filename", find_mesh(path, mesh.get("filename", ""), path.parent))


def _end(path: Path, joint: ET.Element, which: str, links: dict[str, ET.Element]) -> str:
    end = joint.find(which)
    name = "" if end is None else end.get("link", "")
    if name not in links:
        raise ConfigError(f"{path}: the {which} {name!r} of joint {joint.get('name')!r} is not a link of the file")
    return name


def _trunk(path: Path, root: ET.Element) -> str:
    """The only link without a parent. A floating or fixed joint to a `world` link without shapes is removed."""
    links = {link.get("name", ""): link for link in root.findall("link")}
    children = {_end(path, joint, "child", links) for joint in root.findall("joint")}
    tops = [name for name in links if name not in children]
    if len(tops) != 1:
        raise ConfigError(f"{path}: {len(tops)} links hang on no other: {', '.join(tops) or 'none'}; one is expected")
    top = tops[0]
    below = [joint for joint in root.findall("joint") if _end(path, joint, "parent", links) == top]
    bare = all(links[top].find(tag) is None for tag in ("visual", "collision", "inertial"))
    if bare and len(below) == 1 and (top == "world" or below[0].get("type") == "floating"):
        root.remove(links[top])
        root.remove(below[0])
        return _end(path, below[0], "child", links)
    return top


def _rename(root: ET.Element, ours: dict[str, str]) -> None:
    for link in root.findall("link"):
        link.set("name", ours.get(link.get("name", ""), link.get("name", "")))
    for joint in root.findall("joint"):
        for end in (*joint.findall("parent"), *joint.findall("child")):
            end.set("link", ours.get(end.get("link", ""), end.get("link", "")))


def _chain(root: ET.Element) -> None:
    """Add six base joints, with a link between each two, from a fixed origin to the body."""
    carriers = ["base_origin", *(f"{name}_carrier" for name in BASE_JOINTS[:-1]), "body"]
    for index, (name, axis) in enumerate(zip(BASE_JOINTS, "xyzzyx", strict=True)):
        link = ET.SubElement(root, "link", name=carriers[index])
        _inertial(link, _CARRIER_KG, _CARRIER_KGM2)
        joint = ET.SubElement(root, "joint", name=name, type="prismatic" if index < 3 else "continuous")
        ET.SubElement(joint, "parent", link=carriers[index])
        ET.SubElement(joint, "child", link=carriers[index + 1])
        ET.SubElement(joint, "axis", xyz=_AXES[axis])
        limits = {"lower": "-1000", "upper": "1000"} if index < 3 else {}
        ET.SubElement(joint, "limit", {**limits, "effort": "100000", "velocity": "1000"})


def _inertial(link: ET.Element, mass: str, moment: str) -> None:
    inertial = ET.SubElement(link, "inertial")
    ET.SubElement(inertial, "mass", value=mass)
    moments = {"ixx": moment, "iyy": moment, "izz": moment}
    ET.SubElement(inertial, "inertia", {**moments, "ixy": "0", "ixz": "0", "iyz": "0"})


def _complete(root: ET.Element, inertials: Inertials, folder: Path) -> None:
    """Add our masses to links without one, and our gripper's pieces to a gripper without collision shapes."""
    links = {link.get("name", ""): link for link in root.findall("link")}
    for name, ours in inertials.items():
        if name in links and links[name].find("inertial") is None:
            _inertial(links[name], ours.get("mass", ""), ours.get("diaginertia", "").split()[0])
    if any(links[name].find("collision") is not None for name in ("wr1", "fngr")):
        return
    for piece in PIECES:
        file = folder / f"{piece.name}.obj"
        piece.mesh().export(file)
        geometry = ET.SubElement(ET.SubElement(links[piece.link], "collision"), "geometry")
        ET.SubElement(geometry, "mesh", filename=str(file))


def _below(root: ET.Element, names: list[str]) -> list[ET.Element]:
    """The links of these names and all their descendants."""
    below = set(names)
    joints = [(joint.find("parent"), joint.find("child")) for joint in root.findall("joint")]
    edges = [(p.get("link", ""), c.get("link", "")) for p, c in joints if p is not None and c is not None]
    grown = True
    while grown:
        children = {child for parent, child in edges if parent in below} - below
        below |= children
        grown = bool(children)
    return [link for link in root.findall("link") if link.get("name", "") in below]
