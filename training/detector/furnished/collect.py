"""Collect object models and photographs of other people, for the rooms of training.detector.furnished.pictures.

`python -m training.detector.furnished.collect --out DIR [--sweethome3d DIR] [--robosuite DIR] [--pybullet DIR]
[--metaworld DIR] [--photos DIR ...]`

--sweethome3d: a folder with one folder for each unpacked .sh3f file. --robosuite, --pybullet, --metaworld: a folder
with the unpacked wheel. --photos: folders with pictures, at any depth. OUT gets things/WORD/NAME.npz,
supports/NAME.npz, furniture/NAME.npz and photos/NAME.jpg, each in a folder `train` or `test`. The recipe at
`training/detector/furnished/recipe.sh` fetches all of it.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.detector.furnished.collect")

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from perception.base.array_files import read_picture
from perception.base.errors import ConfigError
from perception.base.files import LIST_BYTES, read_bytes, write_atomic
from training.detector.furnished.catalogue import (
    FURNITURE,
    FURNITURE_M,
    HELD_OUT,
    LARGEST_M,
    METAWORLD,
    NO_SCENERY,
    PYBULLET,
    PYBULLET_SHAPES,
    ROBOSUITE,
    SUPPORT,
    SWEET_HOME,
    TEST_EVERY,
    THING_M,
    Other,
)  # fmt: skip
from training.detector.furnished.models import Model, read_obj, save_model, smooth_normals
from training.detector.rendered.raycast import DIFFUSE, METAL, TEXTURE_PX, Array

MOST_TRIANGLES = 30_000
PHOTO_PX = 512
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
UNWANTED_PHOTO = re.compile(r"cups|screenshot|logo|konqui|1080x1920|720x1440|1622x2880|5640x3172", re.IGNORECASE)
"""Photographs that show things with a word, and small copies of others."""
TURNS = {"z": np.eye(3), "y": np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])}


def sized(model: Model, turn: Array, size_m: Array) -> Model:
    """The model turned, made as large as `size_m` (3,) and put on z = 0 about the z axis. NaN: as its other sides."""
    corners = model.corners @ turn.T
    low, high = corners.reshape(-1, 3).min(axis=0), corners.reshape(-1, 3).max(axis=0)
    scale = size_m / np.maximum(high - low, 1e-9)
    scale = np.where(np.isnan(scale), np.nanmean(scale), scale)
    corners = (corners - [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]]) * scale
    normals = model.normals @ turn.T / scale
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return replace(model, corners=corners, normals=normals)


def sweet_home(folder: Path) -> Iterator[tuple[str, Model]]:
    """(place in OUT, model) for the models of a folder with unpacked .sh3f files that the catalogue can use."""
    words = {name: word for word, names in SWEET_HOME.items() for name in names}
    count = {"supports": 0, "furniture": 0, "things/none": 0}
    for listing in sorted(folder.glob("*/PluginFurnitureCatalog.properties")):
        for entry in _entries(listing):
            name = entry["model"].strip("/").removesuffix(".obj")
            size = np.array([float(entry[key]) / 100 for key in ("width", "depth", "height")])
            title = f"{entry['name']} {name}"
            if name in words:
                kind = f"things/{words[name]}"
                size = size * min(1.0, LARGEST_M.get(words[name], np.inf) / float(size.max()))
            elif NO_SCENERY.search(entry["name"].replace("table", "")):
                continue
            elif SUPPORT.search(title) and 0.35 < size[2] < 1.3:
                kind = "supports"
            elif entry.get("category") in FURNITURE and FURNITURE_M[0] < size.max() < FURNITURE_M[1]:
                kind = "furniture"
            elif THING_M[0] < size.max() < THING_M[1] and np.sort(size)[1] > 0.03:
                kind = "things/none"
            else:
                continue
            try:
                model = read_obj(listing.parent / f"{name}.obj")
            except ConfigError as error:
                sys.stderr.write(f"left out: {error}\n")
                continue
            if len(model.corners) > MOST_TRIANGLES:
                sys.stderr.write(f"left out: {name} has {len(model.corners)} triangles\n")
                continue
            if kind in count:
                count[kind] += 1
                part = "test" if count[kind] % TEST_EVERY == 0 else "train"
            else:
                part = "test" if name in HELD_OUT else "train"
            turn = np.array([float(x) for x in entry.get("modelRotation", "1 0 0 0 1 0 0 0 1").split()]).reshape(3, 3)
            yield f"{part}/{kind}/{name.split('/')[0]}-{name.split('/')[-1]}", sized(model, TURNS["y"] @ turn, size)


def _entries(listing: Path) -> list[dict[str, str]]:
    """The entries of a catalogue of Sweet Home 3D that name an OBJ file and sizes."""
    found: dict[str, dict[str, str]] = {}
    for line in read_bytes(listing, "catalogue of models", LIST_BYTES).decode("latin-1").splitlines():
        if match := re.match(r"(\w+)#(\d+)=(.*)", line.strip()):
            found.setdefault(match[2], {})[match[1]] = match[3]
    needed = {"name", "model", "width", "depth", "height"}
    return [entry for entry in found.values() if needed <= entry.keys() and entry["model"].endswith(".obj")]


def others(source: str, folder: Path, listed: dict[str, Other]) -> Iterator[tuple[str, Model]]:
    """(place in OUT, model) for the listed OBJ files of another package."""
    for name, about in listed.items():
        model = read_obj(folder / f"{name}.obj")
        if (model.materials[:, 5] < 0).all() and len(model.materials) == 1:
            model.materials[:, 2:5] = about.color
        part = "test" if f"{source}/{name}" in HELD_OUT else "train"
        size = np.array([np.nan, np.nan, about.height_m])
        yield (
            f"{part}/things/{about.word or 'none'}/{source}-{name.split('/')[-1]}",
            sized(model, TURNS[about.up], size),
        )


def shapes(folder: Path) -> Iterator[tuple[str, Model]]:
    """(place in OUT, model) for shapes of pybullet_data/random_urdfs."""
    for index in range(PYBULLET_SHAPES):
        name = f"{index:03d}"
        model = read_obj(folder / name / f"{name}.obj")
        side = float(np.ptp(model.corners.reshape(-1, 3), axis=0).max())
        model = sized(model, TURNS["z"], 0.12 / side * np.ptp(model.corners.reshape(-1, 3), axis=0))
        part = "test" if index % TEST_EVERY == TEST_EVERY - 1 else "train"
        yield f"{part}/things/none/pybullet-{name}", model


def read_stl(path: Path) -> Array:
    """(T, 3, 3) corners of a binary STL file. ConfigError if it is none."""
    content = read_bytes(path, "object model", LIST_BYTES)
    count = int.from_bytes(content[80:84], "little")
    if len(content) < 84 or len(content) != 84 + 50 * count or not count:
        raise ConfigError(f"{path}: not a binary STL file")
    rows = np.frombuffer(content[84:], np.dtype([("values", "<f4", 12), ("more", "<u2")]))
    return rows["values"][:, 3:].reshape(-1, 3, 3).astype(np.float64)


def metaworld(folder: Path) -> Iterator[tuple[str, Model]]:
    """(place in OUT, model) for the listed models of metaworld."""
    for name, (about, parts) in METAWORLD.items():
        corners = [read_stl(folder / name / f"{part}.stl") + place for part, (place, _) in parts.items()]
        kind = METAL if about.word == "bottle" else DIFFUSE
        materials = np.array([[kind, 0.15, *color, -1, 0, 0] for _, color in parts.values()], np.float64)
        material = np.repeat(np.arange(len(parts)), [len(part) for part in corners])
        all_corners = np.concatenate(corners)
        _, index = np.unique(np.round(all_corners.reshape(-1, 3), 5), axis=0, return_inverse=True)
        normals = smooth_normals(all_corners, index.reshape(-1, 3))
        flat = np.zeros((len(material), 3, 2))
        textures = np.zeros((0, TEXTURE_PX, TEXTURE_PX, 3), np.uint8)
        model = Model(all_corners, normals, flat, material, materials, textures)
        yield (
            f"train/things/{about.word}/metaworld-{name}",
            sized(model, np.eye(3), np.array([np.nan, np.nan, about.height_m])),
        )


def photographs(folders: list[Path], out: Path) -> int:
    """Write a square part of every picture of the folders; returns how many."""
    files = sorted({path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in PICTURES})
    count = 0
    for path in (path for path in files if not UNWANTED_PHOTO.search(path.as_posix())):
        try:
            picture = read_picture(path, "photograph", cv2.IMREAD_REDUCED_COLOR_2)
        except ConfigError as error:
            sys.stderr.write(f"left out: {error}\n")
            continue
        side = min(picture.shape[:2])
        v, u = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
        square = cv2.resize(picture[v : v + side, u : u + side], (PHOTO_PX, PHOTO_PX), interpolation=cv2.INTER_AREA)
        count += 1
        part = "test" if count % TEST_EVERY == 0 else "train"
        _, jpeg = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, 92])
        write_atomic(out / part / "photos" / f"{count:04d}.jpg", jpeg.tobytes(), parents=True)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    for option in ("--sweethome3d", "--robosuite", "--pybullet", "--metaworld"):
        parser.add_argument(option, type=Path, metavar="DIR")
    parser.add_argument("--photos", type=Path, nargs="*", default=[], metavar="DIR")
    args = parser.parse_args()
    found: list[Iterator[tuple[str, Model]]] = []
    if args.sweethome3d:
        found.append(sweet_home(args.sweethome3d))
    if args.robosuite:
        found.append(others("robosuite", args.robosuite / "robosuite/models/assets/objects/meshes", ROBOSUITE))
    if args.pybullet:
        found.append(others("pybullet", args.pybullet / "pybullet_data", PYBULLET))
        found.append(shapes(args.pybullet / "pybullet_data/random_urdfs"))
    if args.metaworld:
        found.append(metaworld(args.metaworld / "metaworld/assets/objects/meshes"))
    count = 0
    for models in found:
        for place, model in models:
            save_model(model, args.out / f"{place}.npz")
            count += 1
    sys.stdout.write(f"{count} models and {photographs(args.photos, args.out)} photographs in {args.out}\n")
