"""Square crops of rendered views, at the scale and with the camera of training.detector.rendered.composite.

`python -m training.detector.rendered.crops --views DIR [DIR ...] --out DIR [--crops N]` adds N crops of every view of
training.dataset.views to the data set of training.detector.rendered.composite in --out. Every tenth scene is
validation.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.detector.rendered.crops")

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.dataset.labels.project import read_arrays, view_files
from training.detector.rendered.camera import expose
from training.detector.rendered.composite import SIZE_PX, write_header, write_picture

GAMMA = 2.0
"""Converts a rendered picture to about linear light, as `expose` needs it."""
SCALE = (0.45, 1.1)
"""Range of the scale. The hand camera's picture is scaled by 0.6 for the network."""


def crop(
    rgb: NDArray[np.uint8], instances: NDArray[np.uint8], rng: np.random.Generator, size: int = SIZE_PX
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(picture, instances) of a (size, size) part of a view with one of its objects, scaled, shifted, perhaps mirrored.

    rgb: (h, w, 3). instances: (h, w), 0 for none.
    """
    shown = [index for index in np.unique(instances) if index]
    middle = np.array([rgb.shape[1], rgb.shape[0]]) / 2
    if shown and rng.random() < 0.9:
        v, u = np.nonzero(instances == rng.choice(shown))
        middle = np.array([u.mean(), v.mean()])
    scale = max(float(rng.uniform(*SCALE)), size / min(rgb.shape[:2]))
    half = size / 2 / scale
    middle = middle + rng.uniform(-0.6, 0.6, 2) * half
    low = np.clip(middle - half, 0, [rgb.shape[1] - 2 * half, rgb.shape[0] - 2 * half])
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    shift_u = -low[0] * scale if mirror > 0 else size - 1 + low[0] * scale
    matrix = np.array([[mirror * scale, 0, shift_u], [0, scale, -low[1] * scale]])
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    soft = cv2.GaussianBlur(rgb, (0, 0), 0.4 / scale) if scale < 1 else rgb
    light = (cv2.warpAffine(soft, matrix, (size, size), flags=smooth).astype(np.float32) / 255) ** GAMMA
    cropped = cv2.warpAffine(instances, matrix, (size, size), flags=cv2.INTER_NEAREST)
    return expose(np.asarray(light, np.float32), rng), np.asarray(cropped, np.uint8)


def add_crops(folders: list[Path], out: Path, crops: int) -> int:
    """Add the missing crops; returns how many. ConfigError if a folder holds no views."""
    write_header(out)
    count = 0
    for path in (path for folder in folders for path in view_files(folder)):
        scene, number = path.stem.split("-")[1:3]
        part = "val" if int(scene) % 10 == 9 else "train"
        source = "-".join(path.resolve().parts[-3:-1])  # DIR/views of several data sets
        names = [f"{source}-{scene}-{number}-{index}" for index in range(crops if part == "train" else 1)]
        missing = [name for name in names if not (out / "images" / part / f"{name}.jpg").exists()]
        if not missing:
            continue
        view = read_arrays(path, ("rgb", "instances", "families"))
        rgb, instances, families = view["rgb"], view["instances"], [str(family) for family in view["families"]]
        for name in missing:
            rng = np.random.default_rng([int(scene), int(number), names.index(name), 11])
            picture, cropped = crop(rgb, instances, rng)
            write_picture(out, part, name, picture, cropped, families)
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--crops", type=int, default=2)
    args = parser.parse_args()
    add_crops(args.views, args.out, args.crops)
