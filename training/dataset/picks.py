"""What a folder of picks holds: grasps as a run would propose them in random pictures, and whether they held.

A folder as training.dataset.object_files describes, picks.json its record. Of each object, picks/NAME.npz has the N
grasps that were proposed: inputs (N, 10, 24, 24) float16, each a `perception.grasping.judge_input`; good, (N,) bool,
whether it lifted and held; picture (N,), number of its picture among the object's; source (N,), its number in SOURCES;
score (N,) of the grasp by that source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from perception.base.errors import ConfigError
from perception.quality.judge import CELLS, CHANNELS
from training.dataset.object_files import Arrays, ObjectFiles, outside
from training.dataset.ways.catalogue import objects_of

SCHEMA: Final = 1
SOURCES: Final = ("heatmap", "maps", "shape")
"""What proposed a grasp: the heatmap's own, those that the maps of the ways rank first, and those of geometry."""
PICKS: Final = "picks"
MOST_PICTURES: Final = 640
"""Of an object, so that its file stays small enough to be read."""


@dataclass(frozen=True)
class PickPlan:
    """What is to be tried.

    per_family: objects of each of `families`, or of all families where none is named, without the first `skip` of each.
    rests: ways to lie, at most. scenes: of each of them. views: pictures of a scene. version: of the judge's input.
    heatmap, ways: SHA-256 of the networks that propose.
    """

    per_family: int
    families: tuple[str, ...]
    skip: int
    rests: int
    scenes: int
    views: int
    seed: int
    version: int
    heatmap: str
    ways: str

    def __post_init__(self) -> None:
        if not self.objects:
            raise ConfigError(f"no objects: --objects {self.per_family} are all left out by --skip {self.skip}")
        if (most := self.rests * self.scenes * self.views) > MOST_PICTURES:
            raise ConfigError(
                f"--rests, --scenes and --views give {most} pictures of an object, at most {MOST_PICTURES}"
            )

    @property
    def objects(self) -> list[tuple[str, int]]:
        """(family, seed) of each."""
        return objects_of(self.per_family, self.families, self.skip)


def file_of(name: str) -> str:
    """The file of an object's picks, in the folder."""
    return f"{PICKS}/{name}.npz"


def _check(arrays: Arrays, sizes: Mapping[str | int, int]) -> list[str]:
    return outside(arrays, {"source": len(SOURCES), "good": 2})


PICK_FILES: Final = ObjectFiles(
    what="picks",
    schema=SCHEMA,
    files=PICKS,
    record="picks.json",
    command="spot-grasp dataset picks",
    plan=PickPlan,
    marks=frozenset({"rests", "scenes", "ways"}),
    arrays={"inputs": ("N", CHANNELS, CELLS, CELLS), "good": ("N",), "picture": ("N",), "source": ("N",),
            "score": ("N",)},
    check=_check,
)  # fmt: skip
