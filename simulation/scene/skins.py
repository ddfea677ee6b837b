"""The looks of people's meshes: textures beside an OBJ or inside a GLB; of colours of faces or vertices the mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from perception.base.errors import ConfigError
from perception.base.files import read_bytes

Array = NDArray[np.float64]
GREY: Final = 150
MATERIAL_BYTES: Final = 32_000_000
MAX_PIXELS: Final = 64_000_000
MAX_SIDE_PX: Final = 1024
"""A larger picture is made smaller."""


@dataclass(frozen=True, eq=False)
class SkinnedMesh:
    """Vertices (N, 3), faces (M, 3), texture coordinates uv (N, 2), v up, and texture (h, w, 3) uint8 RGB."""

    vertices: Array
    faces: NDArray[np.int64]
    uv: Array
    texture: NDArray[np.uint8]

    @property
    def bare(self) -> bool:
        """Whether the file says nothing of its looks."""
        return bool((self.texture == GREY).all())


def skinned(mesh: Any) -> SkinnedMesh:
    """The skin of a trimesh.Trimesh; grey where it has none, or one that cannot be read."""
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    visual = mesh.visual
    if visual.kind == "texture" and visual.uv is not None and np.shape(visual.uv) == (len(vertices), 2):
        picture = _picture(visual.material)
        if picture is not None:
            uv = np.clip(np.nan_to_num(np.asarray(visual.uv, np.float64)), -100.0, 100.0)
            return SkinnedMesh(vertices, faces, uv, picture)
    if visual.kind in ("face", "vertex"):
        colour = np.asarray(visual.face_colors, np.float64)[:, :3].mean(axis=0)
    else:
        colour = np.asarray(getattr(getattr(visual, "material", None), "main_color", (GREY,) * 3))[:3]
    return SkinnedMesh(vertices, faces, *plain(len(vertices), colour))


def plain(count: int, colour: ArrayLike = (GREY, GREY, GREY)) -> tuple[Array, NDArray[np.uint8]]:
    """(uv, texture) of one colour, RGB 0..255, for so many vertices."""
    return np.full((count, 2), 0.5), np.tile(np.asarray(colour).astype(np.uint8), (8, 8, 1))


def _picture(material: Any) -> NDArray[np.uint8] | None:
    image = getattr(material, "image", None) or getattr(material, "baseColorTexture", None)
    if image is None or not 0 < image.width * image.height <= MAX_PIXELS:
        return None
    try:
        picture = np.asarray(image.convert("RGB"), np.uint8)
    except Exception:  # whatever a picture's decoder raises; the shape is still of use
        return None
    shrink = MAX_SIDE_PX / max(picture.shape[:2])
    if shrink < 1.0:
        size = tuple(max(1, round(side * shrink)) for side in picture.shape[1::-1])
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return picture


class Beside:
    """What an OBJ names, if it lies beside it, as trimesh asks for it: its material file, and the pictures of that."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent

    def get(self, key: str) -> bytes:
        name = Path(key.strip()).name
        if not name or name != key.strip() or Path(name).suffix.lower() not in (".mtl", ".png", ".jpg", ".jpeg"):
            raise FileNotFoundError(f"{key[:60]!r} is no material beside the mesh")
        try:
            return read_bytes(self._folder / name, "material of a mesh", MATERIAL_BYTES)
        except ConfigError as error:
            raise OSError(str(error)) from error  # what trimesh takes for a mesh without material

    __getitem__ = get
