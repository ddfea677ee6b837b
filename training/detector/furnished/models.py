"""Object models with materials and textures, as flat arrays of triangles; read from OBJ files with their MTL."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import read_arrays, read_picture
from perception.base.errors import ConfigError
from perception.base.files import LIST_BYTES, read_text, write_atomic
from training.detector.rendered.raycast import CLEAR, DIFFUSE, GLOSSY, METAL, TEXTURE_PX

Array = NDArray[np.float64]
CLEAR_NAME = re.compile(r"glass|vidrio|crystal|cristal|verre", re.IGNORECASE)
METAL_NAME = re.compile(r"metal|steel|chrom|silver|alumin|inox|iron|acero", re.IGNORECASE)
SIZE = (TEXTURE_PX, TEXTURE_PX, 3)
COLUMNS = 8
"""Of a material: kind, roughness, red, green, blue, number of its texture or -1, and the range of a label."""


@dataclass(frozen=True, eq=False)
class Model:
    """Triangles with materials.

    corners: (T, 3, 3) metres, z up, standing on z = 0 about the z axis. normals: (T, 3, 3) unit. uv: (T, 3, 2), v up.
    material: (T,) rows of `materials`, (M, COLUMNS). textures: (K, TEXTURE_PX, TEXTURE_PX, 3) uint8 RGB.
    """

    corners: Array
    normals: Array
    uv: Array
    material: NDArray[np.int64]
    materials: Array
    textures: NDArray[np.uint8]

    @property
    def radius_m(self) -> float:
        """Of the upright cylinder about the z axis that holds it."""
        return float(np.linalg.norm(self.corners[..., :2], axis=-1).max())

    @property
    def height_m(self) -> float:
        """Of its top above z = 0."""
        return float(self.corners[..., 2].max())


def stacked(models: list[Model]) -> tuple[NDArray[np.int64], Array, NDArray[np.uint8]]:
    """(material (T,), materials, textures) of several models in common stacks; at least one texture."""
    rows = np.cumsum([0, *(len(model.materials) for model in models)])
    layers = np.cumsum([0, *(len(model.textures) for model in models)])
    tables = []
    for model, layer in zip(models, layers, strict=False):
        table = model.materials.copy()
        table[:, 5] = np.where(table[:, 5] >= 0, table[:, 5] + layer, -1)
        tables.append(table)
    material = np.concatenate([model.material + row for model, row in zip(models, rows, strict=False)])
    textures = np.concatenate([model.textures for model in models])
    return material, np.concatenate(tables), textures if len(textures) else np.zeros((1, *SIZE), np.uint8)


def save_model(model: Model, path: Path) -> None:
    """Write a model to an .npz file."""
    content = io.BytesIO()
    np.savez_compressed(
        content, corners=model.corners.astype(np.float32), normals=model.normals.astype(np.float32),
        uv=model.uv.astype(np.float32), material=model.material, materials=model.materials, textures=model.textures,
    )  # fmt: skip
    write_atomic(path, content.getvalue(), parents=True)


def load_model(path: Path) -> Model:
    """Read a model that `save_model` wrote. ConfigError if the file is none."""
    names = ("corners", "normals", "uv", "material", "materials", "textures")
    values = read_arrays(path, "object model", names)
    if missing := [name for name in names if name not in values]:
        raise ConfigError(f"{path}: no {missing[0]} in this object model; collect the models again")
    corners, normals, uv = (values[name].astype(np.float64) for name in names[:3])
    return Model(corners, normals, uv, values["material"], values["materials"], values["textures"])


def read_obj(path: Path) -> Model:
    """An OBJ file in its own frame and unit. ConfigError if it has no triangle or a line is not understood."""
    points: list[list[float]] = []
    turns: list[list[float]] = []
    places: list[list[float]] = []
    rows: list[tuple[tuple[int, int, int], ...]] = []
    used: list[int] = []
    names: dict[str, int] = {"": 0}
    files: list[Path] = []
    current = 0
    try:
        for line in read_text(path, "object model", LIST_BYTES).splitlines():
            word, _, rest = line.strip().partition(" ")
            if word == "v":
                points.append(_numbers(rest, 3))
            elif word == "vn":
                turns.append(_numbers(rest, 3))
            elif word == "vt":
                places.append(_numbers(rest, 2))
            elif word == "usemtl":
                current = names.setdefault(rest.strip(), len(names))
            elif word == "mtllib":
                files.append(path.parent / rest.strip())
            elif word == "f":
                face = [_corner(item, len(points), len(places), len(turns)) for item in rest.split()]
                rows += [(face[0], face[k], face[k + 1]) for k in range(1, len(face) - 1)]
                used += [current] * (len(face) - 2)
    except ValueError as error:
        raise ConfigError(f"{path}: a line of this OBJ file is not understood: {error}") from error
    if not rows:
        raise ConfigError(f"{path}: no triangle in this OBJ file")
    index = np.array(rows, np.int64)
    if index[..., 0].min() < 0 or index[..., 0].max() >= len(points):
        raise ConfigError(f"{path}: a face names a point that the file does not have")
    corners = np.array(points, np.float64)[index[..., 0]]
    uv = np.zeros((*index.shape[:2], 2))
    if places:
        given = index[..., 1] >= 0
        uv[given] = np.array(places, np.float64)[np.minimum(index[..., 1][given], len(places) - 1)]
    normals = smooth_normals(corners, index[..., 0])
    if turns and (given := index[..., 2] >= 0).any():
        normals[given] = np.array(turns, np.float64)[np.minimum(index[..., 2][given], len(turns) - 1)]
        normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    materials, textures = _materials(files, names)
    return Model(corners, normals, uv, np.array(used, np.int64), materials, textures)


def _numbers(text: str, count: int) -> list[float]:
    """The first numbers of a line. ValueError if there are fewer, or one is not finite."""
    found = [float(x) for x in text.split()[:count]]
    if len(found) < count or not np.isfinite(found).all():
        raise ValueError(f"expected {count} numbers, got {text[:40]!r}")
    return found


def _corner(item: str, points: int, places: int, turns: int) -> tuple[int, int, int]:
    """Indices of point, place in the texture and normal from "7/3/5"; -1 for what is not given."""
    found = [-1, -1, -1]
    for k, (text, count) in enumerate(zip(item.split("/"), (points, places, turns), strict=False)):
        if text:
            number = int(text)
            found[k] = number - 1 if number > 0 else count + number
    return found[0], found[1], found[2]


def smooth_normals(corners: Array, index: NDArray[np.int64], crease: float = 0.75) -> Array:
    """(T, 3, 3) normals: the mean at a shared point, the face's own where that differs by more than the crease.

    corners: (T, 3, 3). index: (T, 3) points of the corners. crease: cosine of the angle.
    """
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((int(index.max()) + 1, 3))
    for k in range(3):
        np.add.at(total, index[:, k], face)
    face = face / np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-15)
    mean = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-15)
    normals = mean[index]
    sharp = np.einsum("tkd,td->tk", normals, face) < crease
    return np.asarray(np.where(sharp[..., None], face[:, None], normals))


def _materials(files: list[Path], names: dict[str, int]) -> tuple[Array, NDArray[np.uint8]]:
    """The materials of these names, grey where no file defines one, and their textures."""
    rows = np.tile([DIFFUSE, 0.2, 0.6, 0.6, 0.6, -1.0, 0.0, 0.0], (len(names), 1))
    textures: list[NDArray[np.uint8]] = []
    for file in (file for file in files if file.is_file()):
        row = -1
        for line in read_text(file, "materials").splitlines():
            word, _, rest = line.strip().partition(" ")
            if word == "newmtl":
                row = names.get(rest.strip(), -1)
                if row >= 0:
                    rows[row, 0] = CLEAR if CLEAR_NAME.search(rest) else METAL if METAL_NAME.search(rest) else DIFFUSE
            elif row < 0:
                continue
            elif word == "Kd":
                rows[row, 2:5] = [float(x) for x in rest.split()[:3]]
            elif word == "d" and float(rest.split()[-1]) < 0.9:
                rows[row, 0] = CLEAR
            elif word == "Ks" and rows[row, 0] == DIFFUSE and float(rest.split()[0]) > 0.2:
                rows[row, 0] = GLOSSY
            elif word == "map_Kd" and (picture := file.parent / rest.split()[-1].replace("\\", "/")).is_file():
                rows[row, 5] = len(textures)
                rows[row, 2:5] = 1.0
                textures.append(fit_texture(picture))
    return rows, np.stack(textures) if textures else np.zeros((0, *SIZE), np.uint8)


def read_photo(path: Path) -> NDArray[np.uint8]:
    """A picture (h, w, 3), RGB. ConfigError if it is none."""
    return np.ascontiguousarray(read_picture(path, "texture", cv2.IMREAD_COLOR)[..., ::-1], np.uint8)


def fit_texture(path: Path) -> NDArray[np.uint8]:
    """A picture as a texture, RGB. ConfigError if it is none."""
    return np.asarray(cv2.resize(read_photo(path), (TEXTURE_PX, TEXTURE_PX), interpolation=cv2.INTER_AREA), np.uint8)
