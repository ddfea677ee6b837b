"""Inspect a data set: its summary, faults of its files, and a sheet of labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError
from training.common.picture_sheet import captioned, picture_grid
from training.dataset.data_values import array_faults, value_faults
from training.dataset.folder import file_faults, read_json
from training.dataset.generate import PARTS, SCHEMA
from training.dataset.labels.project import BAD, GOOD, read_arrays
from training.dataset.picks import PICK_FILES
from training.dataset.plan import Plan
from training.dataset.ways.catalogue import WAY_FILES

ARRAYS = ("", "arrays", "arrays-paper")
"""Where training arrays may be in a folder; "" if the folder itself holds arrays."""
OBJECT_FILES = (WAY_FILES, PICK_FILES)
"""Folders with a file for each object."""
TINT = {GOOD: (40, 200, 60), BAD: (220, 40, 40)}
"""RGB of good and bad pixels."""


def info(folder: Path) -> dict[str, Any]:
    """The content of dataset.json, or of the record of OBJECT_FILES, without the list of files; for an unfinished data
    set the plan and the counts.

    ConfigError if the folder is no data set or has another schema.
    """
    for kind in OBJECT_FILES:
        if kind.held_by(folder):
            return kind.info(folder)
    plan = read_json(folder / "plan.json")
    _check_schema(folder / "plan.json", plan)
    counts = {part: len(list((folder / part).glob("*.npz"))) for part in PARTS}
    size = sum(path.stat().st_size for part in PARTS for path in (folder / part).glob("*.npz"))
    if not (folder / "dataset.json").is_file():
        return {"complete": False, "plan": plan, "there": counts, "bytes": size}
    content = read_json(folder / "dataset.json")
    _check_schema(folder / "dataset.json", content)
    facts = {key: content[key] for key in content if key != "files"}
    return {"complete": True, **facts, "there": counts, "bytes": size}


def verify(folder: Path) -> list[str]:
    """The faults of a finished data set or of training arrays, one line each; empty if there are none.

    Faults are missing, changed and unknown files, an impossible or differing plan, values that are not finite, and
    labels outside the range. Folders of OBJECT_FILES are checked in the same way. ConfigError if the folder is none of
    these, has another schema, or is not finished.
    """
    for kind in OBJECT_FILES:
        if kind.held_by(folder):
            return kind.faults(folder)
    faults = [fault for name in ARRAYS if (folder / name / "samples.json").is_file()
              for fault in array_faults(folder / name, f"{name}/" if name else "")]  # fmt: skip
    if (folder / "samples.json").is_file() and not (folder / "dataset.json").is_file():
        return faults
    if not (folder / "dataset.json").is_file():
        raise ConfigError(f"{folder}: not finished (no dataset.json); run spot-grasp dataset generate again to go on")
    content = read_json(folder / "dataset.json")
    _check_schema(folder / "dataset.json", content)
    files = content.get("files")
    if not isinstance(files, dict) or not files:
        raise ConfigError(f"{folder / 'dataset.json'}: lists no files; make the data set again")
    faults += _plan_faults(folder, content)
    for name, entry in files.items():
        if name.split("/")[0] not in PARTS or ".." in name or not isinstance(entry, dict):
            raise ConfigError(f"{folder / 'dataset.json'}: lists {name[:80]!r}, no file of a data set; make it again")
        changed = file_faults(folder, name, entry)
        faults += changed or [f"{name}: {fault}" for fault in value_faults(folder / name)]
    known = set(files)
    for part in PARTS:
        faults += [f"{part}/{path.name}: not in dataset.json" for path in sorted((folder / part).glob("*.npz"))
                   if f"{part}/{path.name}" not in known]  # fmt: skip
    return faults


def _plan_faults(folder: Path, content: dict[str, Any]) -> list[str]:
    plan = read_json(folder / "plan.json")
    fields: dict[str, Any] = {key: value for key, value in plan.items() if key != "schema"}
    made = content.get("plan")
    if not isinstance(made, dict) or any(made.get(key) != value for key, value in fields.items()):
        return ["plan.json: is not the plan that dataset.json has"]
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    try:
        Plan(**values)
    except (ConfigError, TypeError, ValueError) as error:
        return [f"plan.json: no plan that can be: {error}"]
    return []


def sheet(folder: Path, count: int = 24, columns: int = 6, width_px: int = 240) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB: `count` views spread over the data set, good pixels tinted green and bad ones red.

    columns: pictures per row. width_px: of one picture. ConfigError if there is no labelled view.
    """
    names = [path.name for path in sorted((folder / "projected").glob("view-*.npz"))]
    if not names:
        raise ConfigError(f"{folder}: no labelled views here; run spot-grasp dataset generate --out {folder}")
    if min(count, columns, width_px) < 1:
        raise ConfigError("the sheet needs at least one picture, one column and one pixel")
    chosen = [names[i] for i in np.unique(np.linspace(0, len(names) - 1, min(count, len(names))).astype(int))]
    return picture_grid([_tinted(folder, name, width_px) for name in chosen], columns)


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
    return captioned(np.asarray(small, np.uint8), name[5:-4])


def _check_schema(path: Path, content: dict[str, Any]) -> None:
    if content.get("schema") != SCHEMA:
        raise ConfigError(f"{path}: schema {content.get('schema')}, this program reads {SCHEMA}; make the data again")
