"""Labels of the family of grasps for many objects: a folder that says what it holds and goes on where it stopped.

    plan.json           what was asked for; another plan is refused here
    labels/NAME.npz     one an object, see training.dataset.ways.labels
    ways.json           schema, plan, counts, size and SHA-256 of every file; written last

Objects are those of the catalogue, upright families and low ones, and the user's own, URDF or meshes. Equal plans give
equal bytes on one machine, with however many processes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from perception.base.array_files import read_arrays
from perception.base.errors import ConfigError
from perception.base.plain_json import json_text
from perception.hand.family import WAYS
from simulation.scene.low_objects import LOW_FAMILIES, make_any_object
from simulation.scene.objects import FAMILIES, GraspObject
from simulation.scene.user_objects import read_object
from training.common.mapping import Mapper
from training.dataset.catalogue import FIRST_SEED, Split, split_of
from training.dataset.folder import Progress, claim, digest, save
from training.dataset.jobs import Files, start_genesis
from training.dataset.ways.labels import SCHEMA, label_ways

ALL_FAMILIES: Final = (*FAMILIES, *LOW_FAMILIES)


@dataclass(frozen=True)
class WayPlan:
    """What is to be labelled.

    per_family: objects of each of `families`, or of all families where none is named, without the first `skip` of each;
    0 for the user's own alone. meshes: their files, URDF or meshes. split: of the catalogue; None for all of it. rests:
    ways to lie, at most. samples: of the surface, in each of them.
    """

    per_family: int
    families: tuple[str, ...]
    skip: int
    meshes: tuple[str, ...]
    split: Split | None
    rests: int
    samples: int
    seed: int

    def __post_init__(self) -> None:
        unknown = [family for family in self.families if family not in ALL_FAMILIES]
        if unknown:
            raise ConfigError(f"unknown family {unknown[0]!r}; choose from: {', '.join(ALL_FAMILIES)}")
        if not self.jobs:
            raise ConfigError("nothing to label: give --objects, --mesh or both")

    @property
    def jobs(self) -> tuple[WayJob, ...]:
        """The families in turn, then the meshes."""
        names = [
            (family, FIRST_SEED + index)
            for index in range(self.skip, self.per_family)
            for family in ALL_FAMILIES
            if not self.families or family in self.families
        ]
        kept = [one for one in names if self.split in (None, split_of(f"{one[0]}-{one[1]}"))]
        own = [("mesh", 0, mesh) for mesh in self.meshes]
        return tuple(WayJob(*one, self.rests, self.samples, self.seed) for one in [*((*k, "") for k in kept), *own])


@dataclass(frozen=True)
class WayJob:
    """An object to label: of a family and seed, or a user's own file."""

    family: str
    number: int
    mesh: str
    rests: int
    samples: int
    seed: int

    def __str__(self) -> str:
        return self.mesh or f"{self.family}-{self.number}"

    @property
    def file(self) -> str:
        """Of its labels, in the folder. A mesh's carries its stem too, so that a person finds it."""
        if not self.mesh:
            return f"labels/{self.family}-{self.number}.npz"
        return f"labels/{Path(self.mesh).stem}-{self.object().name}.npz"

    def object(self) -> GraspObject:
        if self.mesh:
            found = read_object(Path(self.mesh))
            return found.make(seed=int(found.digest[:6], 16))
        return make_any_object(self.family, self.number)


def way_job(job: WayJob) -> Files:
    """The object's labels; Genesis must have been started."""
    thing = job.object()
    return [(job.file, label_ways(thing, job.rests, job.samples, seed=job.seed + thing.seed % 2**31).to_bytes())]


def label_catalogue(
    plan: WayPlan, out: Path, mapper: Mapper, progress: Progress = lambda *_: None, device: str = "cpu"
) -> dict[str, Any]:
    """Label what is not yet in the folder; returns what ways.json says, without the files.

    ConfigError if the folder holds another plan's labels, or cannot be written: a next run goes on.
    """
    claim(plan, SCHEMA, out)
    jobs = plan.jobs
    todo = [job for job in jobs if not (out / job.file).is_file()]
    done = len(jobs) - len(todo)
    progress("labels", done, len(jobs))
    for files in mapper.map(way_job, todo, partial(start_genesis, device)):
        for name, content in files:
            save(out / name, content)
        done += 1
        progress("labels", done, len(jobs))
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "spot-grasp labels of the family of grasps",
        "plan": json.loads(json.dumps(asdict(plan))),
        "ways": [way.name for way in WAYS],
        "counts": _counts([out / job.file for job in jobs]),
    }
    paths = {job.file: out / job.file for job in jobs}
    listed = {name: {"bytes": path.stat().st_size, "sha256": digest(path)} for name, path in paths.items()}
    save(out / "ways.json", json_text({**summary, "files": listed}, indent=1).encode())
    return summary


def _counts(paths: list[Path]) -> dict[str, int]:
    """asked: samples times ways; tried: those that went to physics; objects_held: with a grasp that held."""
    counts = {"objects": len(paths), "objects_held": 0, "asked": 0, "tried": 0, "lifted": 0, "held": 0}
    for path in paths:
        data = read_arrays(path, "file of way labels", ("way", "lifted", "held"))
        counts["asked"] += len(data["way"])
        counts["tried"] += len(data["held"])
        counts["lifted"] += int(data["lifted"].sum())
        counts["held"] += int(data["held"].sum())
        counts["objects_held"] += bool(data["held"].any())
    return counts
