"""Folders with a file of arrays for each object: filled by jobs, gone on with, listed at the end, and checked.

    plan.json          what was asked for; another plan is refused here
    FILES/NAME.npz     one an object
    RECORD.json        schema, plan, counts, size and SHA-256 of every file; written last

Equal plans give equal bytes on one machine, with however many processes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from perception.base.array_files import read_arrays
from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from training.common.mapping import Mapper
from training.common.workers import Progress
from training.dataset.folder import claim, digest, file_faults, read_json, save
from training.dataset.jobs import Files, start_genesis

Arrays = Mapping[str, NDArray[Any]]
Shape = tuple[str | int, ...]


class ObjectJob(Protocol):
    """The work on one object; its `str` names it in messages."""

    @property
    def file(self) -> str:
        """Of its arrays, in the folder."""


Job = TypeVar("Job", bound=ObjectJob)


@dataclass(frozen=True)
class ObjectFiles:
    """A kind of such folders.

    what: the files hold, for messages. schema: of all files. files: the folder of the arrays. record: name of the
    listing. command: that makes the folder. plan: a dataclass. marks: fields that plans of this kind alone have
    together. arrays: the shape of each array of a file; a letter is the same number wherever it stands. check: further
    faults of arrays of these shapes; it also gets the numbers that the letters stand for.
    """

    what: str
    schema: int
    files: str
    record: str
    command: str
    plan: Callable[..., Any]
    marks: frozenset[str]
    arrays: Mapping[str, Shape]
    check: Callable[[Arrays, Mapping[str | int, int]], list[str]]

    def fill(
        self,
        out: Path,
        plan: Any,
        jobs: Sequence[Job],
        work: Callable[[Job], Files],
        mapper: Mapper,
        progress: Progress,
        device: str,
    ) -> None:
        """Do the jobs of a plan whose files are not yet there, in processes with Genesis.

        ConfigError if the folder holds another plan's files, or cannot be written: a next call goes on.
        """
        claim(plan, self.schema, out)
        todo = [job for job in jobs if not (out / job.file).is_file()]
        done = len(jobs) - len(todo)
        progress(self.files, done, len(jobs))
        for files in mapper.map(work, todo, partial(start_genesis, device)):
            for name, content in files:
                save(out / name, content)
            done += 1
            progress(self.files, done, len(jobs))

    def finish(self, out: Path, plan: Any, jobs: Sequence[ObjectJob], facts: Mapping[str, Any]) -> dict[str, Any]:
        """Write the record of a filled folder; returns its content without the list of files."""
        summary = {
            "schema": self.schema,
            "kind": f"spot-grasp {self.what}",
            "plan": json.loads(json.dumps(asdict(plan))),
            **facts,
        }
        paths = {job.file: out / job.file for job in jobs}
        listed = {name: {"bytes": path.stat().st_size, "sha256": digest(path)} for name, path in paths.items()}
        save(out / self.record, json_text({**summary, "files": listed}, indent=1).encode())
        return summary

    def read(self, path: Path, keys: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
        """The arrays of a file, or those of `keys`. ConfigError if it cannot be read or lacks one."""
        return read_arrays(path, f"file of {self.what}", keys)

    def held_by(self, folder: Path) -> bool:
        """Whether a folder is of this kind."""
        if (folder / self.record).is_file():
            return True
        return (folder / "plan.json").is_file() and self.marks <= set(read_json(folder / "plan.json"))

    def info(self, folder: Path) -> dict[str, Any]:
        """The content of the record without the list of files; while it is unfinished the plan and what is there.

        ConfigError for another schema.
        """
        paths = list((folder / self.files).glob("*.npz"))
        there = {"there": {self.files: len(paths)}, "bytes": sum(path.stat().st_size for path in paths)}
        if not (folder / self.record).is_file():
            return {"complete": False, "plan": self._content(folder / "plan.json"), **there}
        content = self._content(folder / self.record)
        return {"complete": True, **{key: content[key] for key in content if key != "files"}, **there}

    def faults(self, folder: Path) -> list[str]:
        """One line a fault: a file that is missing, changed or unknown, a plan that differs or cannot be, arrays that
        are missing, of other shapes or not finite, and what `check` finds.

        ConfigError if the folder is not finished, or of another schema.
        """
        record = folder / self.record
        if not record.is_file():
            raise ConfigError(f"{folder}: not finished (no {self.record}); run {self.command} again to go on")
        content = self._content(record)
        files = content.get("files")
        if not isinstance(files, dict) or not files or not all(isinstance(entry, dict) for entry in files.values()):
            raise ConfigError(f"{record}: lists no files; make the folder again with {self.command}")
        faults = self._plan_faults(folder, content)
        for name, entry in files.items():
            if Path(name).parent != Path(self.files):
                raise ConfigError(f"{record}: lists {name[:80]!r}, no file of {self.what}; make the folder again")
            changed = file_faults(folder, name, entry)
            faults += changed or [f"{name}: {fault}" for fault in self._array_faults(folder / name)]
        unknown = {f"{self.files}/{path.name}" for path in (folder / self.files).glob("*.npz")} - set(files)
        return faults + [f"{name}: not in {self.record}" for name in sorted(unknown)]

    def plan_of(self, folder: Path) -> Any:
        """The plan of a folder. ConfigError if its plan.json holds none that can be."""
        path = folder / "plan.json"
        content = self._content(path)
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}
        try:
            return self.plan(**{key: value for key, value in values.items() if key != "schema"})
        except (ConfigError, TypeError, ValueError) as error:
            raise ConfigError(
                f"{path}: no plan of {self.command} that can be: {error}; make the folder again"
            ) from error

    def _plan_faults(self, folder: Path, content: Mapping[str, Any]) -> list[str]:
        try:
            made = json.loads(json.dumps(asdict(self.plan_of(folder))))
        except ConfigError as error:
            return [str(error).removeprefix(f"{folder}/")]
        return [] if made == content.get("plan") else [f"plan.json: is not the plan that {self.record} has"]

    def _array_faults(self, path: Path) -> list[str]:
        try:
            arrays = self.read(path)
        except ConfigError as error:
            return [str(error).removeprefix(f"{path}: ")]
        faults = [f"has no array {name}" for name in self.arrays if name not in arrays]
        if faults:
            return faults
        if int(arrays.get("schema", 0)) != self.schema:
            return [f"has schema {arrays.get('schema')}, this program reads {self.schema}"]
        sizes: dict[str | int, int] = {}
        for name, shape in self.arrays.items():
            array = arrays[name]
            if not _fits(array, shape, sizes):
                faults.append(f"{name} has the shape {array.shape}, expected {shape}")
            elif array.dtype.kind == "f" and (count := int((~np.isfinite(array)).sum())):
                faults.append(f"{name} has {count} values that are not finite")
        return faults or self.check(arrays, sizes)

    def _content(self, path: Path) -> dict[str, Any]:
        content = read_json(path)
        if content.get("schema") != self.schema:
            raise ConfigError(
                f"{path}: schema {content.get('schema')}, this program reads {self.schema}; make the folder again with "
                f"{self.command}"
            )
        return content


def outside(arrays: Arrays, bounds: Mapping[str, int]) -> list[str]:
    """A fault for each array that holds numbers outside 0 to its bound, which is not among them."""
    return [
        f"{name} has numbers outside 0 to {bound - 1}"
        for name, bound in bounds.items()
        if arrays[name].size and not (0 <= arrays[name].min() <= arrays[name].max() < bound)
    ]


def _fits(array: NDArray[Any], shape: Shape, sizes: dict[str | int, int]) -> bool:
    """Whether an array has this shape; a letter is the same number wherever it stands, `sizes` keeps it."""
    if array.ndim != len(shape):
        return False
    return all(have == sizes.setdefault(of, have if isinstance(of, str) else of)
               for have, of in zip(array.shape, shape, strict=True))  # fmt: skip
