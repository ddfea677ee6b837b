"""Training pictures of the detector: random rooms, seen by a ray caster and a random camera.

`python -m training.detector.rendered.composite --out DIR --pictures N [--first K] [--seed S] [--size PX]`

Writes an ultralytics data set: images/{train,val}/NNNNNN.jpg, square; labels/{train,val}/NNNNNN.txt, outlines;
data.yaml. Picture k depends only on k, seed and size; every 25th is validation. Files are written whole, the label
before its picture, and an interrupted run continues. Shapes, materials, light and camera all come from the seed.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.detector.rendered.composite")

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from perception.base.files import write_atomic
from perception.geometry import Pose, looking_along
from training.detector.outlines import outline
from training.detector.rendered.camera import expose
from training.detector.rendered.raycast import View, render
from training.detector.rendered.rooms import Room, random_room
from training.detector.words import WORD_OF, WORDS

SIZE_PX = 288
VALIDATION_EVERY = 25
MIN_PIXELS = 36
"""Objects with fewer visible pixels, at SIZE_PX, are not labelled."""
TOO_NEAR_M = 0.12
COARSE_PX = 40
SMALLEST_PX = 64
ATTEMPTS = 12
FOCAL = (0.7, 1.7)
"""Range of the focal length, as a share of the picture's size. The hand camera's is 0.86 of its width."""
DISTANCE_M = (0.25, 3.0)


def camera(rng: np.random.Generator, anchors: list[NDArray[np.float64]], size: int) -> View:
    """A camera that looks near one of the points (3,), mostly level and from slightly above."""
    anchor = anchors[int(rng.integers(len(anchors)))]
    distance = float(np.exp(rng.uniform(*np.log(DISTANCE_M))))
    azimuth, elevation = rng.uniform(-np.pi, np.pi), rng.uniform(-0.12, 0.75)
    level = np.cos(elevation)
    eye = anchor + distance * np.array([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)])
    eye[2] = max(eye[2], 0.05)
    upright = looking_along(eye, anchor + rng.normal(0, 0.16 * distance, 3) - eye)
    roll = rng.normal(0, 0.06) if rng.random() < 0.9 else rng.uniform(-0.6, 0.6)
    return View((size, size), float(rng.uniform(*FOCAL)) * size, upright @ Pose.from_rpy((0, 0, roll)))


def in_sight(room: Room, view: View) -> bool:
    """Whether a coarse picture shows any of the room's objects."""
    assert room.light is not None
    coarse = View((COARSE_PX, COARSE_PX), view.focal_px * COARSE_PX / view.size[0], view.world_from_camera)
    _, instances, depth = render(room.solids, room.light, coarse, 0, samples=1)
    return bool(instances.any() and (depth < TOO_NEAR_M).mean() < 0.02)


def make_picture(seed: int, index: int, size: int = SIZE_PX) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[str]]:
    """Picture `index` of a seed: (rgb (size, size, 3), instances (size, size) with 0 for none, family of each
    instance).

    A view with a surface too near, or without any of the room's objects, is drawn again.
    """
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, index, attempt])
        room = random_room(rng)
        assert room.light is not None
        view = camera(rng, room.anchors, size)
        if room.families and not in_sight(room, view) and attempt < ATTEMPTS - 1:
            continue
        rgb, instances, depth = render(room.solids, room.light, view, int(rng.integers(1 << 40)))
        if (depth < TOO_NEAR_M).mean() < 0.02 and (instances.any() or not room.families):
            break
    return expose(rgb, rng), instances, [str(family) for family in room.families]


def outlines(instances: NDArray[np.uint8], families: list[str]) -> list[str]:
    """A line per visible object with a class: class, and outline of its largest part in shares of the size."""
    lines = []
    least = MIN_PIXELS * (instances.shape[0] / SIZE_PX) ** 2
    for index, family in enumerate(families):
        mask = instances == index + 1
        if int(mask.sum()) < least or family not in WORD_OF:
            continue
        if line := outline(mask):
            lines.append(f"{WORDS.index(WORD_OF[family])} {line}")
    return lines


def write_header(out: Path) -> None:
    """Make the folders and data.yaml of a data set."""
    for part in ("train", "val"):
        for kind in ("images", "labels"):
            (out / kind / part).mkdir(parents=True, exist_ok=True)
    names = "".join(f"  {index}: {label}\n" for index, label in enumerate(WORDS))
    text = f"path: {out.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{names}"
    write_atomic(out / "data.yaml", text.encode())


def write_picture(
    out: Path, part: str, name: str, rgb: NDArray[np.uint8], instances: NDArray[np.uint8], families: list[str]
) -> None:
    """Add a picture to a data set, its label first."""
    good, jpeg = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert good
    write_atomic(out / "labels" / part / f"{name}.txt", "\n".join(outlines(instances, families)).encode() + b"\n")
    write_atomic(out / "images" / part / f"{name}.jpg", jpeg.tobytes())


def generate(out: Path, pictures: range, seed: int, size: int) -> int:
    """Make the missing pictures; returns how many. ConfigError for impossible sizes."""
    if not pictures or pictures.start < 0 or size < SMALLEST_PX:
        raise ConfigError(f"--pictures must be positive, --first not negative and --size at least {SMALLEST_PX}")
    write_header(out)
    count = 0
    for index in pictures:
        part = "val" if index % VALIDATION_EVERY == VALIDATION_EVERY - 1 else "train"
        if not (out / "images" / part / f"{index:06d}.jpg").exists():
            write_picture(out, part, f"{index:06d}", *make_picture(seed, index, size))
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=6000)
    parser.add_argument("--first", type=int, default=0, help="number of the first picture")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=SIZE_PX, help="pixels, both sides")
    args = parser.parse_args()
    generate(args.out, range(args.first, args.first + args.pictures), args.seed, args.size)
