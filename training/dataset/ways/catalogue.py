"""Labels of the family of grasps for many objects: a folder as training.dataset.object_files describes, ways.json its
record, and the files in labels/ as training.dataset.ways.labels says.

Objects are those of the catalogue, upright families and low ones, and the user's own, URDF or meshes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from perception.base.errors import ConfigError
from perception.hand.family import WAYS
from simulation.scene.low_objects import LOW_FAMILIES, make_any_object
from simulation.scene.objects import FAMILIES, GraspObject
from simulation.scene.user_objects import read_object
from training.common.mapping import Mapper
from training.common.workers import Progress
from training.dataset.catalogue import FIRST_SEED, Split, split_of
from training.dataset.jobs import Files
from training.dataset.object_files import Arrays, ObjectFiles, outside
from training.dataset.ways.labels import ARRAYS, SCHEMA, label_ways

ALL_FAMILIES: Final = (*FAMILIES, *LOW_FAMILIES)


def objects_of(
    per_family: int, families: Sequence[str], skip: int, split: Split | None = None
) -> list[tuple[str, int]]:
    """(family, seed) of the objects number `skip` to `per_family` of each of `families`, all of them where none is
    named; the families in turn. split: of the catalogue; None for all of it. ConfigError for an unknown family."""
    unknown = [family for family in families if family not in ALL_FAMILIES]
    if unknown:
        raise ConfigError(f"unknown family {unknown[0]!r}; choose from: {', '.join(ALL_FAMILIES)}")
    chosen = [family for family in ALL_FAMILIES if not families or family in families]
    names = [(family, FIRST_SEED + index) for index in range(skip, per_family) for family in chosen]
    return [one for one in names if split in (None, split_of(f"{one[0]}-{one[1]}"))]


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
        if not self.jobs:
            raise ConfigError("nothing to label: give --objects, --mesh or both")

    @property
    def jobs(self) -> tuple[WayJob, ...]:
        """The families in turn, then the meshes."""
        made = objects_of(self.per_family, self.families, self.skip, self.split)
        own = [("mesh", 0, mesh) for mesh in self.meshes]
        return tuple(WayJob(*one, self.rests, self.samples, self.seed) for one in [*((*o, "") for o in made), *own])


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
    jobs = plan.jobs
    WAY_FILES.fill(out, plan, jobs, way_job, mapper, progress, device)
    facts = {"ways": [way.name for way in WAYS], "counts": _counts([out / job.file for job in jobs])}
    return WAY_FILES.finish(out, plan, jobs, facts)


def _counts(paths: list[Path]) -> dict[str, int]:
    """asked: samples times ways; tried: those that went to physics; objects_held: with a grasp that held."""
    counts = {"objects": len(paths), "objects_held": 0, "asked": 0, "tried": 0, "lifted": 0, "held": 0}
    for path in paths:
        data = WAY_FILES.read(path, ("way", "lifted", "held"))
        counts["asked"] += len(data["way"])
        counts["tried"] += len(data["held"])
        counts["lifted"] += int(data["lifted"].sum())
        counts["held"] += int(data["held"].sum())
        counts["objects_held"] += bool(data["held"].any())
    return counts


def _check(arrays: Arrays, sizes: Mapping[str | int, int]) -> list[str]:
    faults = outside(arrays, {"rest": sizes["R"], "sample": sizes["S"], "way": len(WAYS), "asked": sizes["A"]})
    if bool((arrays["held"] & ~arrays["lifted"]).any()):
        faults.append("held has grasps that are not lifted")
    return faults


WAY_FILES: Final = ObjectFiles(
    what="labels of the family of grasps",
    schema=SCHEMA,
    files="labels",
    record="ways.json",
    command="spot-grasp dataset ways",
    plan=WayPlan,
    marks=frozenset({"rests", "samples"}),
    arrays=ARRAYS,
    check=_check,
)
