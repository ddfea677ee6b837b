"""The objects of data sets, and which of them belong to training, validation and test.

The catalogue holds the same number of each family. Its seeds are above every seed that a scene of a run draws, so that
training objects never stand in an evaluation scene.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from perception.base.errors import ConfigError
from simulation.scene.objects import FAMILIES, Family, GraspObject, make_object

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
FIRST_SEED = 1_000_000
PER_FAMILY = 10
_SPLIT_OF_DIGIT: dict[int, Split] = {3: "val", 5: "test", 8: "test"}
"""By the last digit of a catalogue seed; all other digits are training."""
_LEGACY_VALIDATION = 5
"""Objects drawn by scenes, below FIRST_SEED: those with a seed divisible by this are validation, others training."""


@dataclass(frozen=True)
class Entry:
    """One object of the catalogue. family: its kind. seed: of its shape."""

    family: Family
    seed: int

    @property
    def name(self) -> str:
        """`bottle-3`: family and seed."""
        return f"{self.family}-{self.seed}"

    @property
    def split(self) -> Split:
        """The part of the catalogue that it belongs to."""
        return split_of(self.name)

    def make(self) -> GraspObject:
        """The object."""
        return make_object(self.family, self.seed)


def catalogue(per_family: int = PER_FAMILY, families: Sequence[str] = (), skip: int = 0) -> tuple[Entry, ...]:
    """The objects number `skip` to `per_family` of each family, the families in turn.

    families: only these; empty for all. ConfigError for an unknown family, or if no object is left.
    """
    if per_family < 1:
        raise ConfigError(f"{per_family} objects a family; at least 1 is needed")
    if not 0 <= skip < per_family:
        raise ConfigError(f"cannot leave out {skip} of {per_family} objects a family; choose 0 to {per_family - 1}")
    unknown = [family for family in families if family not in FAMILIES]
    if unknown:
        raise ConfigError(f"unknown family {unknown[0]!r}; choose from: {', '.join(FAMILIES)}")
    chosen = [family for family in FAMILIES if not families or family in families]
    return tuple(Entry(family, FIRST_SEED + index) for index in range(skip, per_family) for family in chosen)


def family_of(name: str) -> str:
    """The family in an object's name family-seed."""
    return name.rsplit("-", 1)[0]


def split_of(name: str) -> Split:
    """The split of an object, by its name family-seed. ConfigError if the name has no seed."""
    seed = name.rsplit("-", 1)[-1]
    if not seed.isdigit():
        raise ConfigError(f"{name!r} is no object's name; expected family-seed")
    if int(seed) >= FIRST_SEED:
        return _SPLIT_OF_DIGIT.get(int(seed) % 10, "train")
    return "val" if int(seed) % _LEGACY_VALIDATION == 0 else "train"


def lacking(names: Collection[str]) -> str:
    """Why these objects cannot be trained on, and what to do; empty if they can."""
    splits = {split_of(name) for name in names}
    if {"train", "val"} <= splits or (len(names) == 1 and splits == {"train"}):
        return ""
    use = "train on" if "train" not in splits else "hold out"
    text = f"no object to {use} among {len(names)}; label more objects: dataset generate --objects 4 or more, without"
    return f"{text} --split, has both (the fourth of each family is held out); dataset join adds those of another set"
