"""The data engine: from a plan to a data set on disk.

A data set is a folder:

    plan.json           what was asked for: schema, preset, counts, seed. Written first; another plan is refused here.
    labels/NAME.npz     one an object: surface samples and what came of gripping there (training.dataset.grasp_labels)
    views/view-*.npz    one a picture: colour, depth, objects, poses (training.dataset.views)
    projected/view-*.npz  the label picture of each view (training.dataset.project_labels)
    dataset.json        schema, units, counts, size and SHA-256 of every file. Written last.

Lengths are metres, angles radians; depth pictures are uint16 tenths of a millimetre along the optical axis, 0 = nothing
within 6 m; label pictures are int8 as training.dataset.project_labels has them; poses are 4x4, A_from_B. Files appear
whole or not at all; a run that was killed goes on where it stopped. Equal plans give equal bytes on one machine, with
however many processes, over Ray or not.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from perception.base.array_files import MAP_BYTES
from perception.base.digest import sha256_of_file
from perception.base.errors import ConfigError, WriteError
from perception.base.files import LIST_BYTES, write_atomic
from perception.base.files import read_json as load_json
from perception.base.plain_json import json_text
from training.common.mapping import Mapper
from training.dataset.catalogue import Entry, Split, catalogue
from training.dataset.project_labels import project

SCHEMA = 2
"""2: labels below -1, see training.dataset.project_labels."""
UNITS = {
    "views/depth": "uint16, 1e-4 m along the optical axis, 0 = nothing within 6 m",
    "views/rgb": "uint8 RGB",
    "views/world_from_camera": "4x4, optical axes x right y down z forward, metres",
    "views/world_from_object": "(K, 4, 4), metres, object base on z = 0",
    "views/intrinsics": "fx, fy, cx, cy in pixels",
    "labels/points": "(N, 3) metres, object frame",
    "labels/normals": "(N, 3) unit, outwards, object frame",
    "labels/width_m": "metres across the jaws",
    "labels/opening": "0 closed to 1 open, at the end",
    "projected/labels": "int8, 1 good, 0 bad, -1 unknown, -2 .. -100 minus the percentage that is good",
}
PARTS = ("labels", "views", "projected")
Progress = Callable[[str, int, int], None]
"""Told after each finished job: stage, done, all."""


@dataclass(frozen=True)
class Plan:
    """What a data set holds.

    preset: "robot" (three scenes of four as the hand camera sees them, the fourth from all round), "hemisphere" or
    "paper". per_family: objects of each family; the paper preset takes one bottle. scenes, views: pictures are their
    product. samples: grasps tried on each object; five about every pixel take some 768, with fewer a single grasp that
    fails by chance speaks for a centimetre about it. meshes: a user's own files, added to the catalogue. split: of the
    catalogue; None for all of it. families: these only; none named, all. skip: how many of each family to leave out
    at the start, such as those that a network was chosen by.
    """

    preset: str = "robot"
    per_family: int = 10
    scenes: int = 180
    views: int = 8
    samples: int = 768
    seed: int = 0
    meshes: tuple[str, ...] = ()
    split: Split | None = None
    families: tuple[str, ...] = ()
    skip: int = 0

    def __post_init__(self) -> None:
        if self.preset not in PLANS:
            raise ConfigError(f"unknown preset {self.preset!r}; choose from: {', '.join(PLANS)}")
        if min(self.per_family, self.scenes, self.views, self.samples) < 1 or self.seed < 0:
            raise ConfigError("objects, scenes, views and samples must be at least 1, the seed at least 0")
        if self.views > 100 or self.scenes > 100_000:
            raise ConfigError("at most 100 views a scene and 100,000 scenes")
        if self.preset == "paper" and (self.split is not None or self.families or self.skip):
            raise ConfigError("the preset paper has one training bottle; leave out --split, --family and --skip")
        if not self.entries:
            left = f", the first {self.skip} left out" if self.skip else ""
            raise ConfigError(f"no {self.split} object among {self.per_family} a family{left}")

    @property
    def entries(self) -> tuple[Entry, ...]:
        if self.preset == "paper":
            return (Entry("bottle", catalogue(1)[0].seed),)
        entries = catalogue(self.per_family, self.families, self.skip)
        return tuple(entry for entry in entries if self.split in (None, entry.split))


PLANS: dict[str, dict[str, Any]] = {
    "robot": {},
    "hemisphere": {},
    "paper": {"per_family": 1, "scenes": 20, "views": 50, "samples": 4096},
}


def plan_for(preset: str, **changes: Any) -> Plan:
    """The preset's plan with some values changed; None leaves one as it is. ConfigError if it cannot be used."""
    if preset not in PLANS:
        raise ConfigError(f"unknown preset {preset!r}; choose from: {', '.join(PLANS)}")
    given = {key: value for key, value in changes.items() if value is not None}
    return Plan(preset=preset, **{**PLANS[preset], **given})


def generate(
    plan: Plan, out: Path, mapper: Mapper, progress: Progress = lambda *_: None, device: str = "cpu"
) -> dict[str, Any]:
    """Make what is missing of the data set; returns what dataset.json says, without the files.

    ConfigError if the folder holds another plan's data, or cannot be written: what is there stays, and a next run
    goes on.
    """
    from training.dataset.jobs import LabelJob, ViewJob, label_job, start_genesis, view_job

    claim(plan, SCHEMA, out)
    entries = plan.entries
    labels = [LabelJob(plan.preset, entry.family, entry.seed, "", plan.samples) for entry in entries]
    labels += [LabelJob(plan.preset, "mesh", 0, mesh, plan.samples) for mesh in plan.meshes]
    views = [ViewJob(plan, scene) for scene in range(plan.scenes)]
    for stage, function, jobs in (("labels", label_job, labels), ("views", view_job, views)):
        todo: Sequence[Any] = [job for job in jobs if not (out / job.last_file).is_file()]
        done = len(jobs) - len(todo)
        progress(stage, done, len(jobs))
        for files in mapper.map(function, todo, partial(start_genesis, device)):
            for name, content in files:
                save(out / name, content)
            done += 1
            progress(stage, done, len(jobs))
    progress("projection", 0, 1)
    counts = _projected(plan, out)
    progress("projection", 1, 1)
    return _finish(plan, out, counts)


def save(path: Path, content: bytes) -> None:
    """Write whole or not at all. ConfigError, saying how to go on, if the disk is full or the folder not writable."""
    try:
        write_atomic(path, content, parents=True)
    except WriteError as error:
        raise ConfigError(f"{error}; what is finished stays, run the same command to go on") from error


def npz_bytes(**arrays: Any) -> bytes:
    """An npz file; equal arrays give equal bytes."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _projected(plan: Plan, out: Path) -> dict[str, int]:
    try:
        counts = project(out / "views", out / "labels", out / "projected", criterion=criterion(plan.preset))
    except (OSError, WriteError) as error:
        raise ConfigError(f"cannot write {out}: {error.strerror or error}; run the same command to go on") from error
    del counts["written"]
    return counts


def criterion(preset: str) -> str:
    """What makes a label good, see `project_labels.load_labels`: "grasp", or "contact" as in the paper."""
    return "contact" if preset == "paper" else "grasp"


def claim(plan: Any, schema: int, out: Path) -> None:
    """Write a plan, a dataclass that JSON can hold, as plan.json, or check that the one there is this plan.
    ConfigError if `out` holds something else."""
    wanted = {"schema": schema, **json.loads(json.dumps(asdict(plan)))}
    path = out / "plan.json"
    if path.is_file():
        have = read_json(path)
        if have.get("schema") != schema:
            raise ConfigError(f"{path}: schema {have.get('schema')}, this program has {schema}; choose another folder")
        # what an older plan does not have yet was empty or 0
        changed = [key for key, value in wanted.items() if have.get(key, type(value)()) != value]
        if changed:
            text = ", ".join(f"{key} {have.get(key)} (now {wanted[key]})" for key in changed)
            raise ConfigError(f"{out} holds a data set with other {text}; give the same values, or another folder")
        return
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out}: not empty and no data set (no plan.json); choose another folder")
    save(path, json_text(wanted, indent=1).encode())


def read_json(path: Path) -> dict[str, Any]:
    """ConfigError if it is missing or no JSON object."""
    if not os.path.lexists(path):
        raise ConfigError(f"{path}: missing; is this a data set of spot-grasp dataset generate?")
    content = load_json(path, "file of a data set", LIST_BYTES)
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: not a JSON object")
    return content


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return sha256_of_file(path, "file of a data set", MAP_BYTES)


def _finish(plan: Plan, out: Path, counts: dict[str, int]) -> dict[str, Any]:
    (out / "dataset.json").unlink(missing_ok=True)
    files = {}
    for part in PARTS:
        for path in sorted((out / part).glob("*.npz")):
            files[f"{part}/{path.name}"] = {"bytes": path.stat().st_size, "sha256": digest(path)}
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "spot-grasp data set",
        "plan": json.loads(json.dumps(asdict(plan))),
        "criterion": criterion(plan.preset),
        "units": UNITS,
        "counts": {
            "objects": len(list((out / "labels").glob("*.npz"))),
            **{k: v for k, v in counts.items() if k != "written"},
        },
    }
    save(out / "dataset.json", json_text({**summary, "files": files}, indent=1).encode())
    return summary
