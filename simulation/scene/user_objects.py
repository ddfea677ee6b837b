"""Objects of files that people give, URDF or meshes alone, read with limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from perception.base.digest import sha256_of
from perception.base.errors import ConfigError
from perception.base.files import read_xml, shown
from perception.geometry import Pose
from simulation.scene.mesh_files import KINDS, find_mesh, read_skinned_mesh
from simulation.scene.objects import GraspObject, centred
from simulation.scene.skins import SkinnedMesh, plain

MIN_SIZE_M, MAX_SIZE_M = 0.001, 2.0
MAX_MASS_KG = 1000.0
MAX_FRICTION = 10.0
MAX_OBJECTS: Final = 2000
MAX_SHAPES: Final = 200
"""Of one URDF."""
DENSITY_KGPM3 = 300.0
"""Of a URDF without a mass: a household package holds mostly air or powder."""
FRICTION = 0.7
Array = NDArray[np.float64]


def load_user_mesh(path: Path, *, mass_kg: float = 0.3, friction: float = 0.7) -> GraspObject:
    """A user's own mesh (OBJ, STL, GLB, PLY; metres, z up), put upright on z = 0 about its middle.

    ConfigError if it cannot be used (`mesh_files.read_mesh`), or is smaller than 1 mm or larger than 2 m.
    """
    return _standing(_sized(path, read_skinned_mesh(path)), 1.0, mass_kg, friction)


@dataclass(frozen=True, eq=False)
class ObjectFile:
    """An object of a folder.

    name: of its file, without the suffix. mesh: metres, z up. mass_kg: None if the file tells none. friction: of its
    surface.
    """

    name: str
    mesh: SkinnedMesh
    mass_kg: float | None
    friction: float

    @property
    def digest(self) -> str:
        """SHA-256 of all that physics and pictures see of it."""
        facts = f"{self.name} {self.mass_kg} {self.friction}".encode()
        looks = () if self.mesh.bare else (self.mesh.uv, self.mesh.texture)
        return sha256_of([facts, *(part.tobytes() for part in (self.mesh.vertices, self.mesh.faces, *looks))])

    def make(self, scale: float = 1.0, seed: int = 0) -> GraspObject:
        """The object in its size times `scale`, upright on z = 0. A mass that the file tells is kept at every scale.
        seed: tells it from other objects of a scene, and draws the colour of one that has none."""
        made = _standing(self.mesh, scale, self.mass_kg or 1.0, self.friction)
        mass_kg = self.mass_kg or max(1e-3, DENSITY_KGPM3 * made.volume_m3)
        if not self.mesh.bare:
            return replace(made, seed=seed, mass_kg=mass_kg)
        shade = np.random.default_rng([seed, 3]).integers(60, 220, 3)
        return replace(made, seed=seed, mass_kg=mass_kg, texture=np.full((8, 8, 3), shade, np.uint8))


def find_objects(folder: Path) -> tuple[ObjectFile, ...]:
    """The objects of a folder, by name: its URDF files if it has any, else its OBJ, STL, PLY and GLB files.

    ConfigError if it has none, or more than MAX_OBJECTS, and for every file that cannot be used.
    """
    try:
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{shown(folder)}: cannot read the folder of objects: {reason}") from error
    chosen = [path for path in files if path.suffix.lower() == ".urdf"]
    chosen = chosen or [path for path in files if path.suffix.lower() in KINDS]
    if not chosen:
        raise ConfigError(f"{shown(folder)}: no object; give a folder of .urdf, {', '.join(KINDS)} files")
    if len(chosen) > MAX_OBJECTS:
        raise ConfigError(f"{shown(folder)}: {len(chosen)} objects; at most {MAX_OBJECTS}, choose some of them")
    return tuple(read_object(path) for path in chosen)


def read_object(path: Path) -> ObjectFile:
    """An object's file: a URDF of one body, or a mesh. ConfigError if it cannot be used."""
    if path.suffix.lower() == ".urdf":
        return _read_urdf(path)
    return ObjectFile(path.stem, _sized(path, read_skinned_mesh(path)), None, FRICTION)


def _standing(mesh: SkinnedMesh, scale: float, mass_kg: float, friction: float) -> GraspObject:
    vertices = centred(mesh.vertices * scale)
    return GraspObject("mesh", 0, vertices, mesh.faces, mesh.uv, mesh.texture, mass_kg, friction)


def _sized(path: Path, mesh: SkinnedMesh) -> SkinnedMesh:
    size = float(np.ptp(mesh.vertices, axis=0).max())
    if not MIN_SIZE_M <= size <= MAX_SIZE_M:
        raise ConfigError(f"{path}: the mesh is {size:g} m across; expected 0.001 to 2 m. Are its units metres?")
    return mesh


def _read_urdf(path: Path) -> ObjectFile:
    """One body, of the shapes that are seen, or those that collide if none is seen."""
    root = read_xml(path, "URDF of an object")
    links = root.findall("link")
    if root.tag != "robot" or len(links) != 1:
        raise ConfigError(f"{shown(path)}: expected <robot> with one <link>; it is <{root.tag}> with {len(links)}")
    shapes = links[0].findall("visual") or links[0].findall("collision")
    if not 0 < len(shapes) <= MAX_SHAPES:
        raise ConfigError(f"{shown(path)}: {len(shapes)} <visual> or <collision>; expected 1 to {MAX_SHAPES}")
    parts = [_shape(path, shape) for shape in shapes]
    mesh = parts[0] if len(parts) == 1 else _together(parts)
    mass = _number(path, links[0].find("inertial/mass"), "value", MAX_MASS_KG)
    friction = _number(path, links[0].find("contact/lateral_friction"), "value", MAX_FRICTION)
    return ObjectFile(path.stem, _sized(path, mesh), mass, FRICTION if friction is None else friction)


def _together(parts: Sequence[SkinnedMesh]) -> SkinnedMesh:
    """As one, without their looks."""
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=False)])
    return SkinnedMesh(vertices, faces, *plain(len(vertices)))


def _shape(path: Path, shape: ET.Element) -> SkinnedMesh:
    """A <visual> or <collision> in the link's frame."""
    geometry = shape.find("geometry")
    kind = None if geometry is None or len(geometry) != 1 else geometry[0]
    if kind is None or kind.tag not in ("mesh", "box", "cylinder", "sphere"):
        raise ConfigError(f"{shown(path)}: a <geometry> must hold one mesh, box, cylinder or sphere")
    if kind.tag == "mesh":
        mesh = read_skinned_mesh(Path(find_mesh(path, kind.get("filename", ""), path.parent)))
        vertices = mesh.vertices * _numbers(path, kind, "scale", "1 1 1")
    else:
        mesh = _primitive(path, kind)
        vertices = mesh.vertices
    origin = shape.find("origin")
    if origin is not None:
        roll, pitch, yaw = _numbers(path, origin, "rpy", "0 0 0")
        vertices = Pose.from_rpy((roll, pitch, yaw), _numbers(path, origin, "xyz", "0 0 0")).transform(vertices)
    return replace(mesh, vertices=vertices)


def _primitive(path: Path, kind: ET.Element) -> SkinnedMesh:
    import trimesh

    if kind.tag == "box":
        sides = np.abs(_numbers(path, kind, "size", ""))
        mesh: Any = trimesh.creation.box(np.clip(sides, 1e-6, 1e3))
    else:
        radius = _number(path, kind, "radius", MAX_SIZE_M)
        length = _number(path, kind, "length", MAX_SIZE_M)
        if radius is None or (kind.tag == "cylinder" and length is None):
            raise ConfigError(f"{shown(path)}: a <{kind.tag}> needs its radius, and a cylinder its length")
        mesh = (
            trimesh.creation.cylinder(radius, length)
            if kind.tag == "cylinder"
            else trimesh.creation.icosphere(3, radius)
        )
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    return SkinnedMesh(vertices, faces, *plain(len(vertices)))


def _number(path: Path, element: ET.Element | None, name: str, most: float) -> float | None:
    """A number above 0; None where it is not given. ConfigError for others."""
    text = None if element is None else element.get(name)
    if element is None or text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0.0 < value <= most:
        raise ConfigError(
            f"{shown(path)}: <{element.tag} {name}={text[:40]!r}>: expected a number above 0, at most {most:g}"
        )
    return value


def _numbers(path: Path, element: ET.Element, name: str, default: str) -> tuple[float, float, float]:
    """Three numbers, metres or radians, not beyond 1000. ConfigError for others."""
    text = element.get(name, default)
    try:
        x, y, z = (float(word) for word in text.split())
        if not all(abs(value) <= 1e3 for value in (x, y, z)):
            raise ValueError(text)
    except ValueError:
        raise ConfigError(f"{shown(path)}: <{element.tag} {name}={text[:60]!r}>: expected three numbers") from None
    return x, y, z
