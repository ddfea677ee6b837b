"""Every task of the library in the simulation, with the networks that ship: real pictures, sensor faults, physics.

grasp_bottle has its own, in test_genesis_robot.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simulation.scene.build import load_scene, sample_scene
from tests.support.genesis_runs import succeeded

pytestmark = pytest.mark.simulation


def test_fetch_and_place_sets_the_bottle_down_upright_on_the_other_table(tmp_path: Path) -> None:
    result = succeeded("fetch_and_place", "fetch", tmp_path)
    assert result["placed_upright"]
    assert result["placed_distance_m"] <= 0.2
    assert [words.split(":")[0] for words in result["reports"]] == ["set down upright"]


def test_clear_table_goes_on_until_nothing_is_left(tmp_path: Path) -> None:
    *put_away, last = succeeded("clear_table", "table", tmp_path)["reports"]
    assert last == "nothing is left"
    assert put_away
    assert all(words.startswith("put away: ") for words in put_away)


def test_inspect_looks_from_three_sides_and_lifts_the_bottle(tmp_path: Path) -> None:
    result = succeeded("inspect", "bottle", tmp_path)
    assert result["object_lift_m"] >= 0.10
    assert "the best of 3 views" in (Path(result["run"]) / "log.jsonl").read_text()


def test_hand_over_lets_go_when_the_person_pulls_who_has_the_bottle_then(tmp_path: Path) -> None:
    result = succeeded("hand_over", "person", tmp_path)
    assert result["reports"] == ["here you are: please pull"]
    assert result["object_lift_m"] >= 0.10, "it is in the person's hand, not on the floor"


def test_search_finds_a_bottle_behind_the_robot(tmp_path: Path) -> None:
    assert succeeded("search", "behind", tmp_path)["reports"][-1].startswith("found: bottle")


def test_pick_from_floor_lifts_what_lies_there(tmp_path: Path) -> None:
    result = succeeded("pick_from_floor", "floor", tmp_path, (1001, 0))
    assert result["objects_lifted"] == 1
    assert result["reports"][0].startswith("picked up: thing")


def test_clear_bin_brings_everything_to_the_other_bin(tmp_path: Path) -> None:
    result = succeeded("clear_bin", "bin", tmp_path, (2001, 2003, 2000))
    bin_ = sample_scene(load_scene("bin"), result["seed"])
    assert result["objects_there"] == len(bin_.clutter) + 1
    assert result["reports"][-1] == "nothing is left"
