"""Pictures with masks, as `spot-grasp look` keeps them, brought together with other data to train the detector on.

A kept picture is a folder with rgb.png and masks/NN_LABEL.png, white on one object. Masks named `other`, `thing`
or `any` have no label yet and are left out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import read_picture
from perception.base.errors import ConfigError
from perception.base.files import LIST_BYTES, read_text, write_atomic
from perception.detection.by_depth.anything import ANY
from perception.detection.things import THING
from training.detector.outlines import outline
from training.detector.pickled_weights import check_data

UNNAMED: Final = ("other", THING, ANY)
VALIDATION_EVERY: Final = 5
LEAST_PIXELS: Final = 36
SHARE: Final = 4
"""Kept pictures are repeated until a data set beside them has only so many times more."""
MOST_REPEATED: Final = 50


def is_data_set(given: Path) -> bool:
    """Whether a path is ultralytics' data.yaml, or a folder that has one."""
    return given.suffix in (".yaml", ".yml") or (given / "data.yaml").is_file()


def gather(given: Sequence[Path], out: Path, known: Sequence[str]) -> Path:
    """The data.yaml of all data that is given: as it is if that is one data set, else of one made in `out`.

    given: data sets, and folders of kept pictures or kept pictures themselves. known: the labels of the network that
    the training starts from, which come first. Data sets are linked, not copied. ConfigError for what is neither.
    """
    sets = [path / "data.yaml" if path.is_dir() else path for path in given if is_data_set(path)]
    kept = [folder for path in given if not is_data_set(path) for folder in kept_pictures(path)]
    if not kept and len(sets) == 1:
        return sets[0]
    named = {folder: _masks(folder) for folder in kept}
    labels = {label for masks in named.values() for label in masks}
    if kept and not labels:
        raise ConfigError(f"{kept[0]}: no mask has a label; look with --as NAME, or rename masks/NN_LABEL.png")
    names = list(dict.fromkeys([*known, *(name for each in sets for name in check_data(each)), *sorted(labels)]))
    for kind in ("images", "labels"):
        for part in ("train", "val"):
            (out / kind / part).mkdir(parents=True, exist_ok=True)
    linked = sum(_link(each, out, f"{number}_", names) for number, each in enumerate(sets))
    repeated = int(np.clip(linked // (SHARE * max(len(kept), 1)), 1, MOST_REPEATED))
    for number, folder in enumerate(kept):
        last = number == len(kept) - 1
        validates = not sets and (
            number % VALIDATION_EVERY == VALIDATION_EVERY - 1 or (last and len(kept) < VALIDATION_EVERY)
        )
        trains = not validates or len(kept) == 1
        if validates:
            _write(folder, named[folder], names, out, "val", f"kept{number:04d}")
        for again in range(repeated if trains else 0):
            _write(folder, named[folder], names, out, "train", f"kept{number:04d}_{again}")
    lines = "".join(f"  {index}: {name}\n" for index, name in enumerate(names))
    write_atomic(
        out / "data.yaml", f"path: {out.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{lines}".encode()
    )
    return out / "data.yaml"


def kept_pictures(given: Path) -> list[Path]:
    """The folders of kept pictures that a path is or holds. ConfigError if there is none."""
    folders = sorted(
        {file.parent for pattern in ("rgb.png", "*/rgb.png", "*/*/rgb.png") for file in given.glob(pattern)}
    )
    if not folders:
        raise ConfigError(
            f"{given}: neither a data set (data.yaml) nor kept pictures (folders with rgb.png and masks/NN_LABEL.png); "
            "make some with `spot-grasp look`, or a data set with `python -m training.detector.rendered.composite`"
        )
    return folders


def _masks(folder: Path) -> dict[str, list[NDArray[np.bool_]]]:
    """The masks of a kept picture by label; ConfigError for a file that is none."""
    masks: dict[str, list[NDArray[np.bool_]]] = {}
    for file in sorted((folder / "masks").glob("*.png")):
        _, line, label = file.stem.partition("_")
        if not line or not label:
            raise ConfigError(f"{file}: a mask is named NN_LABEL.png, such as 00_thermos.png")
        if label not in UNNAMED:
            picture = read_picture(file, "mask", cv2.IMREAD_GRAYSCALE)
            masks.setdefault(label, []).append(picture > 127)
    return masks


def _write(
    folder: Path, masks: dict[str, list[NDArray[np.bool_]]], names: Sequence[str], out: Path, part: str, name: str
) -> None:
    """Add a kept picture to a data set, its label first."""
    rgb = read_picture(folder / "rgb.png", "kept picture", cv2.IMREAD_COLOR)
    lines = []
    for label, those in masks.items():
        for mask in those:
            if mask.shape != rgb.shape[:2]:
                raise ConfigError(
                    f"{folder}: a mask of {label} is {mask.shape[1]}x{mask.shape[0]}, the picture another size"
                )
            line = outline(mask) if int(mask.sum()) >= LEAST_PIXELS else ""
            lines += [f"{names.index(label)} {line}"] if line else []
    good, jpeg = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert good
    write_atomic(out / "labels" / part / f"{name}.txt", "".join(f"{line}\n" for line in lines).encode(), sync=False)
    write_atomic(out / "images" / part / f"{name}.jpg", jpeg.tobytes(), sync=False)


def _link(data: Path, out: Path, prefix: str, names: Sequence[str]) -> int:
    """Link the pictures of a data set into another and write their labels with its numbers; how many it trains on."""
    numbers = [names.index(name) for name in check_data(data)]
    count = 0
    for part in ("train", "val"):
        for picture in sorted((data.parent / "images" / part).glob("*.jpg")):
            label = data.parent / "labels" / part / f"{picture.stem}.txt"
            rows = read_text(label, "file of labels", LIST_BYTES).splitlines() if label.exists() else []
            parts = [row.partition(" ") for row in rows if row.strip()]
            text = "".join(f"{numbers[int(kind)]} {rest}\n" for kind, _, rest in parts)
            write_atomic(out / "labels" / part / f"{prefix}{picture.stem}.txt", text.encode(), sync=False)
            link = out / "images" / part / f"{prefix}{picture.name}"
            if not link.exists():
                os.symlink(picture.resolve(), link)
            count += part == "train"
    return count
