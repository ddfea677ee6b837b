"""Looking at a data set: what it says of itself, whether its files are whole, and a sheet of labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.errors import ConfigError
from training.engine import PARTS, SCHEMA, digest, read_json
from training.project_labels import BAD, GOOD, read_arrays

TINT = {GOOD: (40, 200, 60), BAD: (220, 40, 40)}
"""RGB, green and red as in the paper's figure."""


def info(folder: Path) -> dict[str, Any]:
    """What dataset.json says, without the list of files; of an unfinished data set the plan and what is there.

    ConfigError if it is no data set or of another schema.
    """
    plan = read_json(folder / "plan.json")
    _check_schema(folder / "plan.json", plan)
    there = {part: len(list((folder / part).glob("*.npz"))) for part in PARTS}
    size = sum(path.stat().st_size for part in PARTS for path in (folder / part).glob("*.npz"))
    if not (folder / "dataset.json").is_file():
        return {"complete": False, "plan": plan, "there": there, "bytes": size}
    content = read_json(folder / "dataset.json")
    _check_schema(folder / "dataset.json", content)
    return {"complete": True, **{key: content[key] for key in content if key != "files"}, "there": there, "bytes": size}


def verify(folder: Path) -> list[str]:
    """Every fault of a finished data set, one line each, empty if there is none.

    Missing, changed and unknown files, and arrays that are not there. ConfigError if it is no data set, of another
    schema, or not finished.
    """
    if not (folder / "dataset.json").is_file():
        raise ConfigError(f"{folder}: not finished (no dataset.json); run spot-grasp dataset generate again to go on")
    content = read_json(folder / "dataset.json")
    _check_schema(folder / "dataset.json", content)
    files = content.get("files")
    if not isinstance(files, dict) or not files:
        raise ConfigError(f"{folder / 'dataset.json'}: lists no files; make the data set again")
    faults = []
    for name, entry in files.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name}: missing")
        elif path.stat().st_size != entry["bytes"]:
            faults.append(f"{name}: {path.stat().st_size} bytes, expected {entry['bytes']}")
        elif digest(path) != entry["sha256"]:
            faults.append(f"{name}: changed (its SHA-256 differs)")
    known = set(files)
    for part in PARTS:
        faults += [f"{part}/{path.name}: not in dataset.json" for path in sorted((folder / part).glob("*.npz"))
                   if f"{part}/{path.name}" not in known]  # fmt: skip
    return faults


def sheet(folder: Path, count: int = 24, columns: int = 6, width_px: int = 240) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB: `count` views spread over the data set, objects tinted green where a grasp is good,
    red where it is bad. ConfigError if there is no labelled view."""
    names = [path.name for path in sorted((folder / "projected").glob("view-*.npz"))]
    if not names:
        raise ConfigError(f"{folder}: no labelled views here; run spot-grasp dataset generate --out {folder}")
    if min(count, columns, width_px) < 1:
        raise ConfigError("the sheet needs at least one picture, one column and one pixel")
    chosen = [names[i] for i in np.unique(np.linspace(0, len(names) - 1, min(count, len(names))).astype(int))]
    pictures = [_tinted(folder, name, width_px) for name in chosen]
    blank = np.full_like(pictures[0], 255)
    pictures += [blank] * (-len(pictures) % columns)
    rows = [np.hstack(pictures[start : start + columns]) for start in range(0, len(pictures), columns)]
    return np.vstack(rows)


def _tinted(folder: Path, name: str, width_px: int) -> NDArray[np.uint8]:
    rgb = read_arrays(folder / "views" / name, ("rgb",))["rgb"]
    labels = read_arrays(folder / "projected" / name, ("labels",))["labels"]
    if labels.shape != rgb.shape[:2]:
        raise ConfigError(f"{name}: labels are {labels.shape}, the picture {rgb.shape[:2]}; make the data set again")
    picture = rgb.astype(np.float32)
    for value, colour in TINT.items():
        picture[labels == value] = 0.5 * picture[labels == value] + 0.5 * np.array(colour, np.float32)
    height = max(1, round(width_px * rgb.shape[0] / rgb.shape[1]))
    small = cv2.resize(picture.astype(np.uint8), (width_px, height), interpolation=cv2.INTER_AREA)
    cv2.putText(small, name[5:-4], (4, height - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(small, np.uint8)


def _check_schema(path: Path, content: dict[str, Any]) -> None:
    if content.get("schema") != SCHEMA:
        raise ConfigError(f"{path}: schema {content.get('schema')}, this program reads {SCHEMA}; make the data again")
