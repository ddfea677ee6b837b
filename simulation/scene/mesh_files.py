"""Mesh files: those of people, read with limits, and our own, written."""

from __future__ import annotations

import io
import os
import struct
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import parse_json, read_bytes, shown, write_atomic
from perception.base.plain_json import json_text
from simulation.scene.skins import Beside, SkinnedMesh, skinned

MAX_BYTES: Final = 32_000_000
MAX_FACES: Final = 500_000
KINDS: Final = (".obj", ".stl", ".ply", ".glb")
THINNEST: Final = 1e-3
"""Shortest side of a solid body, as a share of the longest: below that its hull has no volume."""


def read_mesh(path: Path, *, solid: bool = True) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(N, 3) vertices in the file's unit, z up, and (M, 3) indices. OBJ, STL, PLY or GLB.

    ConfigError if it cannot be read, is empty, not finite or, if it must be solid, flat, or has more than MAX_FACES.
    """
    mesh = _load(path, solid=solid, resolver=None)
    return np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)


def read_skinned_mesh(path: Path) -> SkinnedMesh:
    """As `read_mesh`, with its texture or colours; of an OBJ those whose files lie beside it."""
    return skinned(_load(path, solid=True, resolver=Beside(path)))


def _load(path: Path, *, solid: bool, resolver: Beside | None) -> Any:
    """A trimesh.Trimesh that was checked."""
    import trimesh

    if path.suffix.lower() not in KINDS:
        raise ConfigError(f"{shown(path)}: not a mesh that is read; give one of {', '.join(KINDS)}")
    content = read_bytes(path, "mesh file", MAX_BYTES)
    try:
        if path.suffix.lower() == ".glb":
            _check_glb(content)
        stream = io.BytesIO(content)
        # Genesis replaces trimesh's reader of OBJ by one that looks for materials beside `name`. trimesh itself reads
        # files beside a name where it has no resolver.
        stream.name = str(path) if resolver else ""
        with np.errstate(all="ignore"):  # too large numbers are checked below
            mesh = trimesh.load(stream, file_type=path.suffix[1:].lower(), force="mesh", resolver=resolver)
        vertices = np.asarray(mesh.vertices, dtype=np.float64).reshape(-1, 3)
        faces = np.asarray(mesh.faces, dtype=np.int64).reshape(-1, 3)
    except Exception as error:  # trimesh's loaders can raise anything
        words = " ".join(str(error).split())[:200]
        raise ConfigError(f"{shown(path)}: the mesh does not load: {type(error).__name__}: {words}") from error
    if not len(faces) or not np.isfinite(vertices).all() or faces.min() < 0 or faces.max() >= len(vertices):
        raise ConfigError(f"{shown(path)}: the mesh has no faces, or vertices that are not finite")
    if len(faces) > MAX_FACES:
        raise ConfigError(f"{shown(path)}: the mesh has {len(faces)} faces; at most {MAX_FACES}, simplify it first")
    if solid and _is_flat(vertices):
        raise ConfigError(f"{shown(path)}: the mesh is flat; a body that can be gripped has a volume")
    return mesh


def _is_flat(vertices: NDArray[np.float64]) -> bool:
    """Whether the vertices lie in a plane, or nearly."""
    with np.errstate(all="ignore"):
        middle = vertices - vertices.mean(axis=0)
        size = np.abs(middle).max()
        if not 0 < size < np.inf:
            return True
        _, _, axes = np.linalg.svd((middle / size).T @ (middle / size))
        sides = np.ptp((middle / size) @ axes.T, axis=0)
    return bool(sides.min() <= THINNEST * sides.max())


def _check_glb(content: bytes) -> None:
    """ValueError for a GLB that claims more than it holds, or repeats its parts without measure."""
    magic, _, _, length, kind = struct.unpack("<4sIIII", content[:20])
    if magic != b"glTF" or kind != 0x4E4F534A:
        raise ValueError("not a GLB of version 2")
    scene: dict[str, Any] = parse_json(content[20 : 20 + length])
    counts = [accessor["count"] for accessor in scene.get("accessors", [])]
    parts = [mesh["primitives"] for mesh in scene.get("meshes", [])]
    if any(count * 2 > len(content) for count in counts):
        raise ValueError("an accessor claims more than the file holds")
    drawn = [part for node in scene.get("nodes", []) if "mesh" in node for part in parts[node["mesh"]]]
    if sum(counts[part.get("indices", part["attributes"]["POSITION"])] for part in drawn) > 3 * MAX_FACES:
        raise ValueError(f"its parts are repeated to more than {MAX_FACES} faces")
    if "images" in scene and len(json_text(scene["images"])) > 10_000:
        raise ValueError("pictures inside the text of the file")


@cache
def _check_mesh(file: Path) -> None:
    """ConfigError here, not in the middle of Genesis, if it is damaged."""
    read_mesh(file, solid=False)


def find_mesh(path: Path, name: str, folder: Path) -> str:
    """The absolute path of a file that URDF or MJCF `path` names; plain names are relative to `folder`.

    A `package://PACKAGE/REST` is looked for in each folder above that file, nearest first: in the folder itself
    if it is called PACKAGE, else in its folder PACKAGE. ConfigError if there is no such file.
    """
    scheme, _, rest = name.rpartition("://")
    if scheme in ("package", "model"):
        package, _, inside = rest.partition("/")
        above = path.absolute().parents
        tried = [place / inside if place.name == package else place / rest for place in above]
        where = f"looked in folders {package}/ of every folder above the file"
    else:
        tried = [folder.absolute() / rest]
        where = f"looked for {tried[0]}"
    for file in tried:
        if os.path.isfile(file):
            if file.suffix.lower() in KINDS:
                _check_mesh(file)
            return str(file)
    raise ConfigError(f"{path}: the mesh {name!r} is missing; {where}. Copy it there or correct the path")


def write_obj(path: Path, texture: NDArray[np.uint8], lines: list[str]) -> Path:
    """Write an OBJ of these lines, and beside it its material and texture, (h, w, 3) RGB; returns it."""
    png = cv2.imencode(".png", texture[..., ::-1])[1].tobytes()
    material = f"newmtl skin\nKd 1 1 1\nKs 0 0 0\nmap_Kd {path.stem}.png\n"
    text = "\n".join([f"mtllib {path.stem}.mtl", "usemtl skin", *lines, ""])
    for suffix, content in ((".png", png), (".mtl", material.encode()), (".obj", text.encode())):
        write_atomic(path.with_suffix(suffix), content, sync=False)
    return path
