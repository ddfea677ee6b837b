"""Which objects the data engine works on, and how they are split."""

from __future__ import annotations

import pytest

from perception.base.errors import ConfigError
from simulation.scene.build import OBJECT_SEEDS
from simulation.scene.objects import FAMILIES
from training.dataset.catalogue import FIRST_SEED, SPLITS, catalogue, split_of


def test_ten_objects_of_each_family_and_each_in_every_split() -> None:
    entries = catalogue()
    assert len({entry.name for entry in entries}) == 10 * len(FAMILIES) == 70
    for family in FAMILIES:
        splits = [entry.split for entry in entries if entry.family == family]
        assert [splits.count(split) for split in SPLITS] == [7, 1, 2]


def test_a_larger_catalogue_begins_with_the_smaller_one() -> None:
    assert catalogue(12)[: len(catalogue(3))] == catalogue(3)


def test_no_scene_of_a_run_ever_shows_an_object_of_the_catalogue() -> None:
    assert FIRST_SEED > OBJECT_SEEDS


def test_objects_that_scenes_drew_are_a_fifth_validation_and_never_test() -> None:
    assert [split_of(f"can-{seed}") for seed in (0, 5, 6, 99_999)] == ["val", "val", "train", "train"]


@pytest.mark.parametrize("name", ["can", "can-x", "", "mesh-"])
def test_a_name_without_a_seed_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no object's name"):
        split_of(name)


def test_an_empty_catalogue_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        catalogue(0)
