"""Training pictures of the detector: furnished rooms with collected models, photographs and a random camera.

`python -m training.detector.furnished.pictures --models DIR --out DIR --rooms N [--first K] [--seed S] [--size PX]
[--test] [--depth]`

--models: what training.detector.furnished.collect wrote. Adds to an ultralytics data set like that of
training.detector.rendered.composite: images/{train,val}/fNNNNN-V.jpg with labels and data.yaml. Room k depends only on
k, seed, size and the models; every 25th is validation. --test: rooms of models that training never sees, all of
them validation pictures. --depth: for each picture also frames/{train,val}/fNNNNN-V.npz, with depth as a camera
measures it and the true instances (training.detector.furnished.frames). An interrupted run continues.
"""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("training.detector.furnished.pictures")

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from training.detector.furnished.frames import measured, write_frame
from training.detector.furnished.rooms import Furnished, Shelf, furnished_room
from training.detector.furnished.shade import Outlines, Stage
from training.detector.rendered.camera import expose
from training.detector.rendered.composite import (
    ATTEMPTS,
    SIZE_PX,
    SMALLEST_PX,
    TOO_NEAR_M,
    VALIDATION_EVERY,
    camera,
    write_header,
    write_picture,
)  # fmt: skip
from training.detector.rendered.raycast import View


class Picture(NamedTuple):
    """A picture of a room. rgb: (size, size, 3). seen: what it shows. words: of each instance."""

    rgb: NDArray[np.uint8]
    seen: Outlines
    words: list[str]
    view: View


VIEWS = 3
"""Pictures of a room."""
TEST_SEED = 1_000_003
"""Added to the seed of test rooms, so that they share no made object with training rooms."""


def _shows(room: Furnished, view: View) -> bool:
    """Whether one of the room's objects is in the picture, if nothing hides it."""
    points = view.world_from_camera.inverse().transform(np.stack(room.anchors))
    limit = 0.45 * view.size[0] / view.focal_px
    return bool(((points[:, 2] > 0.2) & (np.abs(points[:, :2]) < limit * points[:, 2:]).all(axis=1)).any())


def make_pictures(seed: int, index: int, shelf: Shelf, size: int = SIZE_PX) -> list[Picture]:
    """The VIEWS pictures of room `index` of a seed; fewer if a view shows none of its objects."""
    rng = np.random.default_rng([seed, index, 77])
    room = furnished_room(rng, shelf)
    stage = Stage(room.placed, room.light, np.mean(room.anchors, axis=0))
    pictures: list[Picture] = []
    for _ in range(ATTEMPTS):
        view = camera(rng, room.anchors, size)
        if not _shows(room, view):
            continue
        seed, seen = int(rng.integers(1 << 40)), stage.outlines(view)
        if (seen.depth < TOO_NEAR_M).mean() < 0.02 and (seen.instances.any() or not room.families):
            pictures.append(Picture(expose(stage.draw(view, seed, seen), rng), seen, room.families, view))
        if len(pictures) == VIEWS:
            break
    return pictures


def generate(
    models: Path, out: Path, rooms: range, seed: int, size: int, *, test: bool = False, depth: bool = False
) -> int:
    """Make the pictures of the missing rooms; returns how many rooms. ConfigError for impossible sizes or no models."""
    if not rooms or rooms.start < 0 or size < SMALLEST_PX:
        raise ConfigError(f"--rooms must be positive, --first not negative and --size at least {SMALLEST_PX}")
    shelf = Shelf(models / ("test" if test else "train"))
    write_header(out)
    count = 0
    for index in rooms:
        part = "val" if test or index % VALIDATION_EVERY == VALIDATION_EVERY - 1 else "train"
        if (out / "images" / part / f"f{index:05d}-0.jpg").exists():
            continue
        own = seed + TEST_SEED * test
        for number, picture in reversed(list(enumerate(make_pictures(own, index, shelf, size)))):
            name, instances = f"f{index:05d}-{number}", picture.seen.instances
            if depth:
                metres = measured(picture.seen, picture.view, np.random.default_rng([own, index, number]))
                write_frame(out / "frames" / part / f"{name}.npz", picture.view, metres, instances, picture.words)
            write_picture(out, part, name, picture.rgb, instances, picture.words)
        count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rooms", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="number of the first room")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=SIZE_PX, help="pixels, both sides")
    parser.add_argument("--test", action="store_true", help="rooms of models that training never sees")
    parser.add_argument("--depth", action="store_true", help="write depth as measured, and true instances, too")
    args = parser.parse_args()
    rooms = range(args.first, args.first + args.rooms)
    generate(args.models, args.out, rooms, args.seed, args.size, test=args.test, depth=args.depth)
