"""Writes the files of a run folder: whole, or line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from perception.base.errors import SpotGraspError, WriteError
from perception.base.files import write_atomic
from perception.base.plain_json import json_text


class RecordError(SpotGraspError):
    """The run folder cannot be written any more, e.g. because the disk is full."""


def write_whole(path: Path, data: bytes) -> None:
    """Write the file so that it is either absent or complete. RecordError if the disk refuses."""
    try:
        write_atomic(path, data, sync=False)  # a tick may wait for it
    except WriteError as error:
        raise RecordError(str(error)) from error


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole; RecordError if the disk refuses."""
    write_whole(path, (json_text(value, indent=2, ensure_ascii=False, default=str) + "\n").encode())


def append(file: BinaryIO, path: Path, data: bytes) -> None:
    """Add to a file that grows during the run, in one unbuffered write. RecordError if the disk refuses."""
    try:
        if file.write(data) != len(data):
            raise OSError("short write, the disk is full")
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror or error}") from error
