"""Packed tables: where things stand, how rounds are counted, and one table cleared in physics."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from perception.base.errors import ConfigError
from tests.support.engine_jobs import InlineMapper
from training.dataset.catalogue import catalogue
from training.evaluation import packed
from training.evaluation.packed import (
    GAP_M,
    OBJECTS,
    PackedStudy,
    RoundJob,
    evaluate_packed,
    packed_scene,
    round_job,
    summary,
)

STUDY = PackedStudy(2, ("heatmap", "centroid"))


@pytest.mark.parametrize("number", range(5))
def test_things_stand_on_the_table_with_room_between_them(number: int) -> None:
    sample = packed_scene(STUDY.entries, 0, number)
    placed = [sample.target, *sample.clutter]
    assert len({one.object.name for one in placed}) == OBJECTS
    (table,) = sample.supports
    for one in placed:
        away = np.abs(one.world_from_object.position_m[:2] - table.center_m[:2])
        assert (away < table.half_m[0]).all()
        assert one.world_from_object.position_m[2] == pytest.approx(2 * table.center_m[2], abs=0.002)
    for one, two in combinations(placed, 2):
        between = np.linalg.norm(one.world_from_object.position_m - two.world_from_object.position_m)
        reach = [np.linalg.norm(item.object.vertices[:, :2], axis=1).max() for item in (one, two)]
        assert between >= sum(reach) + GAP_M - 1e-9


def test_a_table_depends_on_seed_and_number_alone() -> None:
    one, two, other = (packed_scene(STUDY.entries, 0, number) for number in (3, 3, 4))
    names = [[thing.object.name for thing in (sample.target, *sample.clutter)] for sample in (one, two, other)]
    assert names[0] == names[1]
    assert one.target.world_from_object == two.target.world_from_object
    assert one.target.world_from_object != other.target.world_from_object


def fake_round(job: RoundJob) -> tuple[str, dict[str, Any]]:
    """The heatmap clears every table, centroid takes one object and then fails twice."""
    clears = job.method == "heatmap"
    outcomes = ["success"] * 5 if clears else ["success", "not lifted", "not lifted"]
    ended = "empty" if clears else "two failures in a row"
    facts = [{"object": "can-1000005", "outcome": one} for one in outcomes]
    return job.file, {"method": job.method, "objects": OBJECTS, "outcomes": facts, "ended": ended}


@pytest.fixture(autouse=True)
def no_physics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "round_job", fake_round)


def test_success_is_per_attempt_and_declutter_per_object(tmp_path: Path) -> None:
    result = evaluate_packed(STUDY, tmp_path, InlineMapper())
    heatmap, centroid = result["methods"]["heatmap"], result["methods"]["centroid"]
    assert (heatmap["success_rate"], heatmap["declutter_rate"]) == (1.0, 1.0)
    assert (centroid["attempts"], centroid["declutter_rate"]) == (6, 0.2)
    assert centroid["success_rate"] == pytest.approx(1 / 3)
    assert centroid["failures"] == {"not lifted": 4}
    assert "| centroid | 2 | 2/6 = 33.3 % |" in (tmp_path / "table.md").read_text()


def test_a_study_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluate_packed(STUDY, tmp_path, InlineMapper(3))
    assert not (tmp_path / "result.json").exists()
    rest = InlineMapper()
    assert evaluate_packed(STUDY, tmp_path, rest) == evaluate_packed(STUDY, tmp_path, InlineMapper(0))
    assert rest.done == 1


def test_another_study_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    evaluate_packed(STUDY, tmp_path, InlineMapper())
    with pytest.raises(ConfigError, match="another study"):
        evaluate_packed(PackedStudy(3, ("heatmap", "centroid")), tmp_path, InlineMapper())


@pytest.mark.parametrize(
    ("change", "words"),
    [({"rounds": 0}, "at least 1"), ({"methods": ("paper",)}, "no score"), ({"methods": ("best",)}, "unknown method"),
     ({"per_family": 4}, "objects, 5 are needed")],
)  # fmt: skip
def test_studies_that_cannot_be_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        PackedStudy(**{"rounds": 1, **change})


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("training.common.mapping.LocalMapper", lambda workers: InlineMapper())
    assert main(["evaluate", "packed", "--rounds", "2", "--out", str(tmp_path), "--json"], Interrupts()) == 0
    assert json.loads(capsys.readouterr().out)["methods"]["heatmap"]["declutter_rate"] == 1.0


def test_no_rounds_give_no_rate() -> None:
    assert summary([], "heatmap")["interval"] == [0.0, 1.0]


@pytest.mark.simulation
def test_tables_are_cleared_in_physics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether one grasp holds turns on the last bit of the arithmetic, so on the processor: of four easy tables
    at least one is cleared, and each round tells what happened to it."""
    from simulation.genesis.physics import init_genesis

    monkeypatch.setattr(packed, "OBJECTS", 1)
    init_genesis()
    study = PackedStudy(1, ("centroid",))
    assert {entry.split for entry in catalogue(study.per_family) if entry in study.entries} == {"test"}
    ends = []
    for number in (0, 2, 3, 4):  # three cans and a bottle
        name, facts = round_job(RoundJob(study, "centroid", number))
        assert name == f"rounds/centroid-{number:03d}.json"
        outcomes = [one["outcome"] for one in facts["outcomes"]]
        failures, ended = [one for one in outcomes if one != "success"], facts["ended"]
        assert set(failures) <= {"not lifted", "lost while shaken"}
        assert ("success" in outcomes[-1:]) == (ended == "empty")
        assert (failures[-2:] == outcomes[-2:] and len(failures) == 2) == (ended == "two failures in a row")
        assert ended in ("empty", "two failures in a row", "nothing to grip in sight")
        ends.append(ended)
    assert "empty" in ends
