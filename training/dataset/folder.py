"""The files of a data set's folder: its plan, and files written whole, read and hashed."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from perception.base.array_files import MAP_BYTES
from perception.base.digest import sha256_of_file
from perception.base.errors import ConfigError, WriteError
from perception.base.files import LIST_BYTES, write_atomic
from perception.base.files import read_json as load_json
from perception.base.plain_json import json_text


def save(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. ConfigError if the disk is full or the folder not writable."""
    try:
        write_atomic(path, content, parents=True)
    except WriteError as error:
        raise ConfigError(f"{error}; what is finished stays, run the same command to go on") from error


def npz_bytes(**arrays: Any) -> bytes:
    """An npz file; equal arrays give equal bytes."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def claim(plan: Any, schema: int, out: Path) -> None:
    """Write a plan as plan.json, or check that the existing plan.json holds this plan.

    plan: a dataclass that JSON can hold. ConfigError if `out` holds another plan or no data set.
    """
    record = {"schema": schema, **json.loads(json.dumps(asdict(plan)))}
    path = out / "plan.json"
    if path.is_file():
        have = read_json(path)
        if have.get("schema") != schema:
            raise ConfigError(f"{path}: schema {have.get('schema')}, this program has {schema}; choose another folder")
        # a field that an older plan.json lacks was empty or 0
        changed = [key for key, value in record.items() if have.get(key, type(value)()) != value]
        if changed:
            text = ", ".join(f"{key} {have.get(key)} (now {record[key]})" for key in changed)
            raise ConfigError(f"{out} holds a data set with other {text}; give the same values, or another folder")
        return
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out}: not empty and no data set (no plan.json); choose another folder")
    save(path, json_text(record, indent=1).encode())


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a data set. ConfigError if the file is missing or holds no object."""
    if not os.path.lexists(path):
        raise ConfigError(f"{path}: missing; is this a data set of spot-grasp dataset generate?")
    content = load_json(path, "file of a data set", LIST_BYTES)
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: not a JSON object")
    return content


def file_faults(folder: Path, name: str, entry: Mapping[str, Any]) -> list[str]:
    """Whether a listed file is missing or changed: a line that says so, or none. entry: its bytes and sha256."""
    path = folder / name
    if not path.is_file():
        return [f"{name}: missing"]
    if path.stat().st_size != entry.get("bytes"):
        return [f"{name}: {path.stat().st_size} bytes, expected {entry.get('bytes')}"]
    return [f"{name}: changed (its SHA-256 differs)"] if digest(path) != entry.get("sha256") else []


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return sha256_of_file(path, "file of a data set", MAP_BYTES)
