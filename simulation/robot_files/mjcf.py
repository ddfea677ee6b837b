"""Adapts a user's MJCF of Spot: our joint and body names, base joints instead of the free joint, legs without contact.

Only <compiler>, <default>, <asset>, <worldbody> and contact exclusions are kept. Lights, cameras, sites, world geoms,
actuators, sensors, keyframes, tendons and equalities are dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

from perception.base.errors import ConfigError
from simulation.robot_files.names import map_joints
from simulation.robot_files.spot_model import BASE_JOINTS, LEG_JOINTS, LEGS
from simulation.scene.mesh_files import find_mesh

_KEPT = ("compiler", "default", "asset", "worldbody", "contact")
_IN_BODY = ("body", "inertial", "joint", "geom")
_PLACE = ("pos", "quat", "axisangle", "xyaxes", "zaxis", "euler")
_PASSIVE = {"stiffness": "0", "damping": "0", "frictionloss": "0", "armature": "0.1"}
"""Set on every joint, over the file's defaults: the gains are tuned for these values."""
_LEG_BODIES = tuple(f"{leg}_" for leg in LEGS)
_FELT_GROUP = 3
"""Geoms of this group and above are not drawn; on legs, which have no contact, they are removed."""

Inertials = dict[str, ET.Element]


def adapt_mjcf(path: Path, root: ET.Element, inertials: Inertials) -> None:
    """Change `root` in place. ConfigError, naming `path`, if it is no Spot with arm.

    inertials: our <inertial> by body name, for leg bodies without one; other bodies get their mass from their shapes.
    """
    world = root.find("worldbody")
    body = _robot_body(path, world)
    joints = map_joints(path, [joint.get("name", "") for joint in body.iter("joint") if joint.get("type") != "free"])
    for child in list(root):
        if child.tag not in _KEPT:
            root.remove(child)
    for element in list(body.iter("body")):
        for child in list(element):
            if child.tag not in _IN_BODY or child.get("type") == "free":
                element.remove(child)
    names = _rename(path, body, joints)
    _root_joints(body, present=any(our in BASE_JOINTS for our in joints.values()))
    for element in body.iter("body"):
        name = element.get("name", "")
        if element.find("inertial") is None and name in inertials and name.startswith(_LEG_BODIES):
            element.insert(0, inertials[name])
    _legs_without_contact(root, body)
    _exclusions(root, names)
    _absolute_files(path, root)


def _robot_body(path: Path, world: ET.Element | None) -> ET.Element:
    bodies = [] if world is None else world.findall("body")
    if world is None or not bodies:
        map_joints(path, [])  # ConfigError with all missing joints
        raise ConfigError(f"{path}: has no body in <worldbody>")
    if len(bodies) > 1:
        names = ", ".join(body.get("name", "(without a name)") for body in bodies)
        raise ConfigError(f"{path}: has {len(bodies)} bodies in <worldbody>: {names}; give a file of the robot alone")
    for child in list(world):
        if child is not bodies[0]:
            world.remove(child)
    return bodies[0]


def _rename(path: Path, body: ET.Element, joints: dict[str, str]) -> dict[str, str]:
    """Give joints and bodies our names; returns our body name by old name."""
    ours: dict[ET.Element, str] = {body: "body"}
    for element in body.iter("body"):
        for joint in element.findall("joint"):
            our = joint.get("name", "")
            our = joints[our]
            joint.set("name", our)
            joint.attrib.update(_PASSIVE)
            if our not in BASE_JOINTS:
                ours[element] = moved_link(our)
    for element in body.iter("body"):
        if element not in ours and element.get("name") in ours.values():
            ours[element] = f"{element.get('name')}_of_file"
    old = {element.get("name", ""): our for element, our in ours.items()}
    if len(set(ours.values())) < len(ours):
        raise ConfigError(f"{path}: a body has two joints of the legs or the arm; give each joint a body of its own")
    for element, our in ours.items():
        element.set("name", our)
    return old


def moved_link(joint: str) -> str:
    """The link that one of our joints moves."""
    leg, _, part = joint.partition("_")
    if joint in LEG_JOINTS:
        return f"{leg}_{ {'hx': 'hip', 'hy': 'uleg', 'kn': 'lleg'}[part] }"
    return "fngr" if joint == "f1x" else joint


def _root_joints(body: ET.Element, *, present: bool) -> None:
    """Add the six base joints, unless present, and put the root at the world's origin."""
    for child in body.findall("freejoint"):
        body.remove(child)
    for place in _PLACE:
        body.attrib.pop(place, None)
    if present:
        return
    for index, (name, axis) in enumerate(zip(BASE_JOINTS, "xyzzyx", strict=True)):
        vector = {"x": "1 0 0", "y": "0 1 0", "z": "0 0 1"}[axis]
        kind = "slide" if index < 3 else "hinge"
        free = {"limited": "false", "actuatorfrclimited": "false", "ref": "0", "pos": "0 0 0"}
        body.insert(index, ET.Element("joint", {"name": name, "type": kind, "axis": vector, **free, **_PASSIVE}))


def _default_of(root: ET.Element) -> Callable[[ET.Element, str | None, str], str]:
    """(geom, active childclass, attribute) -> its value from the geom or its classes, "" if there is none."""
    values: dict[str | None, dict[str, str]] = {None: {}}

    def collect(default: ET.Element, inherited: dict[str, str], top: bool) -> None:
        geom = default.find("geom")
        mine = {**inherited, **({} if geom is None else geom.attrib)}
        values[default.get("class")] = mine
        if top:
            values[None] = mine
        for child in default.findall("default"):
            collect(child, mine, False)

    for default in root.findall("default"):
        collect(default, values[None], True)

    def value(geom: ET.Element, childclass: str | None, attribute: str) -> str:
        return geom.get(attribute) or values.get(geom.get("class", childclass), {}).get(attribute, "")

    return value


def _legs_without_contact(root: ET.Element, body: ET.Element) -> None:
    default = _default_of(root)
    hips = {f"{leg}_hip" for leg in LEGS}

    def visit(element: ET.Element, childclass: str | None, leg: bool) -> None:
        leg = leg or element.get("name") in hips
        childclass = element.get("childclass", childclass)
        for geom in element.findall("geom") if leg else []:
            group = default(geom, childclass, "group")
            if group.isdigit() and int(group) >= _FELT_GROUP:
                element.remove(geom)
            else:
                geom.attrib.update({"contype": "0", "conaffinity": "0"})
        for child in element.findall("body"):
            visit(child, childclass, leg)

    visit(body, None, False)


def _exclusions(root: ET.Element, names: dict[str, str]) -> None:
    """Rename contact exclusions, and drop contact pairs, which name geoms."""
    for contact in root.findall("contact"):
        for entry in list(contact):
            if entry.tag != "exclude":
                contact.remove(entry)
                continue
            for side in ("body1", "body2"):
                named = entry.get(side, "")
                entry.set(side, names.get(named, named))


def _absolute_files(path: Path, root: ET.Element) -> None:
    folders = {"mesh": path.parent, "texture": path.parent, "hfield": path.parent}
    for compiler in root.findall("compiler"):
        asset = compiler.attrib.pop("assetdir", ".")
        compiler.attrib.pop("strippath", None)
        folders["mesh"] = path.parent / compiler.attrib.pop("meshdir", asset)
        folders["texture"] = path.parent / compiler.attrib.pop("texturedir", asset)
    for asset_element in root.iter("asset"):
        for element in asset_element:
            for attribute in [name for name in element.attrib if name.startswith("file")]:
                folder = folders.get(element.tag, path.parent)
                element.set(attribute, find_mesh(path, element.get(attribute, ""), folder))
