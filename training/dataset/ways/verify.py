"""What a folder of way labels holds, and the faults of its files."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import read_arrays
from perception.base.errors import ConfigError
from perception.hand.family import WAYS
from training.dataset.folder import file_faults, read_json
from training.dataset.ways.catalogue import WayPlan
from training.dataset.ways.labels import SCHEMA

ARRAYS: Final = {
    "rests": ("R", 4, 4), "shares": ("R",), "points": ("R", "S", 3), "normals": ("R", "S", 3), "rest": ("A",),
    "sample": ("A",), "way": ("A",), "axis": ("A", 3), "asked": ("N",), "poses": ("N", 4, 4), "span_m": ("N", 2),
    "opened_rad": ("N",), "clearance_m": ("N",), "lifted": ("N",), "held": ("N",),
}  # fmt: skip
"""Of a file of labels: the shape of each array, see training.dataset.ways.labels."""
INDICES: Final = {"rest": "R", "sample": "S", "way": "ways", "asked": "A"}
"""Arrays that hold numbers of something, and what."""


def holds_way_labels(folder: Path) -> bool:
    """Whether a folder was made by `spot-grasp dataset ways`."""
    if (folder / "ways.json").is_file():
        return True
    return (folder / "plan.json").is_file() and "rests" in read_json(folder / "plan.json")


def way_info(folder: Path) -> dict[str, Any]:
    """The content of ways.json without the list of files; while it is unfinished the plan and what is there.

    ConfigError for another schema.
    """
    paths = list((folder / "labels").glob("*.npz"))
    there = {"there": {"labels": len(paths)}, "bytes": sum(path.stat().st_size for path in paths)}
    if not (folder / "ways.json").is_file():
        return {"complete": False, "plan": _read(folder / "plan.json"), **there}
    content = _read(folder / "ways.json")
    return {"complete": True, **{key: content[key] for key in content if key != "files"}, **there}


def way_faults(folder: Path) -> list[str]:
    """One line a fault: a file that is missing, changed or unknown, a plan that differs or cannot be, arrays that are
    missing, of other shapes or not finite, numbers of things that are not there.

    ConfigError if the folder is not finished, or of another schema.
    """
    if not (folder / "ways.json").is_file():
        raise ConfigError(f"{folder}: not finished (no ways.json); run spot-grasp dataset ways again to go on")
    content = _read(folder / "ways.json")
    files = content.get("files")
    if not isinstance(files, dict) or not files or not all(isinstance(entry, dict) for entry in files.values()):
        raise ConfigError(f"{folder / 'ways.json'}: lists no files; label the objects again")
    faults = _plan_faults(folder, content)
    for name, entry in files.items():
        if Path(name).parent != Path("labels"):
            raise ConfigError(f"{folder / 'ways.json'}: lists {name[:80]!r}, no file of way labels; label them again")
        changed = file_faults(folder, name, entry)
        faults += changed or [f"{name}: {fault}" for fault in _array_faults(folder / name)]
    unknown = {f"labels/{path.name}" for path in (folder / "labels").glob("*.npz")} - set(files)
    return faults + [f"{name}: not in ways.json" for name in sorted(unknown)]


def _plan_faults(folder: Path, content: dict[str, Any]) -> list[str]:
    plan = {key: value for key, value in _read(folder / "plan.json").items() if key != "schema"}
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in plan.items()}
    try:
        made = json.loads(json.dumps(asdict(WayPlan(**values))))
    except (ConfigError, TypeError, ValueError) as error:
        return [f"plan.json: no plan that can be: {error}"]
    return [] if made == content.get("plan") else ["plan.json: is not the plan that ways.json has"]


def _array_faults(path: Path) -> list[str]:
    try:
        arrays = read_arrays(path, "file of way labels")
    except ConfigError as error:
        return [str(error).removeprefix(f"{path}: ")]
    faults = [f"has no array {name}" for name in ARRAYS if name not in arrays]
    if faults:
        return faults
    if int(arrays.get("schema", 0)) != SCHEMA:
        return [f"has schema {arrays.get('schema')}, this program reads {SCHEMA}"]
    sizes: dict[str | int, int] = {"ways": len(WAYS)}
    for name, shape in ARRAYS.items():
        array = arrays[name]
        if not _fits(array, shape, sizes):
            faults.append(f"{name} has the shape {array.shape}, expected {shape}")
        elif array.dtype.kind == "f" and (count := int((~np.isfinite(array)).sum())):
            faults.append(f"{name} has {count} values that are not finite")
    if faults:
        return faults
    for name, of in INDICES.items():
        if arrays[name].size and not (0 <= arrays[name].min() <= arrays[name].max() < sizes[of]):
            faults.append(f"{name} has numbers outside 0 to {sizes[of] - 1}")
    if bool((arrays["held"] & ~arrays["lifted"]).any()):
        faults.append("held has grasps that are not lifted")
    return faults


def _fits(array: NDArray[Any], shape: tuple[str | int, ...], sizes: dict[str | int, int]) -> bool:
    """Whether an array has this shape; a letter is the same number wherever it stands, `sizes` keeps it."""
    if array.ndim != len(shape):
        return False
    return all(have == sizes.setdefault(of, have if isinstance(of, str) else of)
               for have, of in zip(array.shape, shape, strict=True))  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    content = read_json(path)
    if content.get("schema") != SCHEMA:
        raise ConfigError(f"{path}: schema {content.get('schema')}, this program reads {SCHEMA}; label them again")
    return content
