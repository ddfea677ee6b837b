"""What a data set holds, before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from perception.base.errors import ConfigError
from training.dataset.catalogue import Entry, Split, catalogue


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
