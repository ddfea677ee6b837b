"""The plan of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from perception.base.errors import ConfigError
from training.dataset.catalogue import Entry, Split, catalogue


@dataclass(frozen=True)
class Plan:
    """What a data set holds.

    preset: "robot" (every fourth scene from all sides, the others as the hand camera sees them), "hemisphere" (from all
    sides) or "paper". per_family: objects of each family; the paper preset takes one bottle. scenes, views: views per
    scene; their product is the number of pictures. samples: grasps tried on each object; 768 give about five near each
    pixel. seed: of everything drawn at random. meshes: users' mesh files, added to the catalogue. split: of the
    catalogue, None for all. families: only these; empty for all. skip: leave out the first so many of each family.
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
        """The objects of the catalogue that the data set uses."""
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
    """The plan of a preset. changes: fields of `Plan`; None keeps the preset's. ConfigError for an impossible plan."""
    if preset not in PLANS:
        raise ConfigError(f"unknown preset {preset!r}; choose from: {', '.join(PLANS)}")
    chosen = {key: value for key, value in changes.items() if value is not None}
    return Plan(preset=preset, **{**PLANS[preset], **chosen})
