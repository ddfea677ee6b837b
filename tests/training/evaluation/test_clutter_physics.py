"""Rounds of packed and piled scenes in physics: one scene, which comes back for each round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from tests.training.evaluation.test_clutter import makers
from training.evaluation.clutter import RoundJob, round_job, study_of
from training.evaluation.clutter_scenes import (
    CAMERA,
    clutter_scene,
)


@pytest.fixture(scope="module")
def table() -> Any:
    """A packed scene of two boxes and a mug in physics."""
    from simulation.genesis.physics import init_genesis
    from simulation.trials.clutter_table import ClutterTable
    from training.evaluation.clutter_scenes import PROTOCOL

    init_genesis()
    made = clutter_scene("packed", makers(), 2, (0.8, 0.8), 0, 0)
    with ClutterTable(made.sample, CAMERA, PROTOCOL) as built:
        yield built


def from_above(table: Any, index: int) -> Any:
    """Straight down about the middle of an upright can."""
    from training.evaluation.methods.cloud import poses_between

    at = table.world_from_object[index].position_m
    item = table.placed[index].object
    middle = np.array([at[0], at[1], at[2] + item.height_m - 0.02])
    half = np.array([item.radius_m, 0.0, 0.0])
    return poses_between(middle - half, middle + half, np.array([0.0, 0.0, -1.0]))[0]


@pytest.mark.simulation
def test_an_object_that_is_lifted_is_taken_away_and_comes_back_with_the_scene(table: Any) -> None:
    table.start_again()
    assert table.count == len(table.left) == 2
    before = [pose.position_m for pose in table.world_from_object]
    attempt = table.attempt(from_above(table, 0))
    assert (attempt.outcome, attempt.object) == ("success", 0)
    assert table.left == {1}
    assert np.linalg.norm(table.world_from_object[0].position_m - before[0]) > 10.0
    assert table.world_from_object[1].position_m == pytest.approx(before[1], abs=0.02)
    table.start_again()
    assert table.left == {0, 1}
    assert [list(pose.position_m) for pose in table.world_from_object] == [list(place) for place in before]
    again = table.attempt(from_above(table, 0))
    assert (again.outcome, again.held) == (attempt.outcome, attempt.held)


@pytest.mark.simulation
def test_what_goes_wrong_is_told(table: Any) -> None:
    from perception.geometry import Pose

    table.start_again()
    above = from_above(table, 0)
    high = Pose(above.rotation, above.position_m + np.array([0.0, 0.0, 0.3]))
    attempt = table.attempt(high)
    assert (attempt.outcome, attempt.object, attempt.held) == ("closed on nothing", -1, False)
    low = Pose(above.rotation, above.position_m - np.array([0.0, 0.0, 0.2]))
    assert table.attempt(low).outcome == "touches something before the grasp"
    aside = Pose(above.rotation, np.array([0.25, 0.25, table.table_z_m + 0.03]))
    assert table.attempt(aside).outcome == "stopped by the table"
    assert attempt.picture.shape == (*CAMERA.shape, 3)


@pytest.mark.simulation
@pytest.mark.parametrize("kind", ["packed", "pile"])
def test_a_round_is_the_same_again_and_whatever_was_tried_before(kind: str, tmp_path: Path) -> None:
    from simulation.genesis.physics import init_genesis

    for name, size in (("a", (0.05, 0.05, 0.09)), ("b", (0.06, 0.04, 0.12))):
        trimesh.creation.box(size).export(tmp_path / f"{name}.stl")
    init_genesis()

    def trials(*methods: str) -> list[dict[str, Any]]:
        study = study_of(kind, tmp_path, None, rounds=1, methods=methods, count=3)
        file, facts = round_job(RoundJob(study, 0))
        assert file == "rounds/000.json"
        assert facts["count"] <= len(facts["objects"]) <= 3
        for name in methods:
            mine = [trial for trial in facts["trials"] if trial["method"] == name]
            good = [trial["success"] for trial in mine]
            assert sum(good) <= facts["count"]
            assert (good[-2:] == [False, False]) == (facts["ended"][name] == "2 failures in a row")
            assert all(trial["success"] or not trial["held"] for trial in mine)
        last = [trial for trial in facts["trials"] if trial["method"] == methods[-1]]
        return [{key: value for key, value in trial.items() if key != "seconds"} for trial in last]

    assert trials("top") == trials("centroid", "top")
