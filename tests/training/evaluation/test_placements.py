"""People's own objects: the ways they lie, the groups they are reported in, and trials of one in physics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from perception.base.errors import ConfigError
from simulation.scene.user_objects import read_object
from tests.support.engine_jobs import InlineMapper
from training.evaluation import grasp as evaluate_grasp
from training.evaluation.grasp import ObjectJob, Study, object_job
from training.evaluation.placements import group_of, lying, placements
from training.evaluation.report import families_table


def cup(height: float = 0.1) -> Any:
    wall = trimesh.creation.annulus(0.036, 0.04, height)
    floor = trimesh.creation.cylinder(0.04, 0.006)
    floor.apply_translation([0.0, 0.0, 0.003 - height / 2])
    return trimesh.util.concatenate([wall, floor])


SHAPES = {
    "upright": trimesh.creation.cylinder(0.03, 0.2),
    "boxes": trimesh.creation.box((0.08, 0.09, 0.1)),
    "mugs": cup(),
    "lower than 66 mm": trimesh.creation.box((0.2, 0.1, 0.06)),
    "wider than 110 mm": trimesh.creation.icosphere(3, 0.07),
    "other": trimesh.creation.icosphere(3, 0.04),
}


@pytest.mark.parametrize("group", SHAPES)
def test_objects_are_told_apart_by_height_and_shape(group: str, tmp_path: Path) -> None:
    SHAPES[group].export(tmp_path / "item.stl")
    item = read_object(tmp_path / "item.stl").make()
    assert group_of(item) == group


def test_each_way_to_lie_stands_on_the_floor_about_its_middle(tmp_path: Path) -> None:
    trimesh.creation.box((0.05, 0.10, 0.20)).export(tmp_path / "brick.obj")
    found = placements((str(tmp_path / "brick.obj"),), 3)
    assert [one.name for one in found] == ["brick-0", "brick-1", "brick-2"][: len(found)]
    heights = [one.make().height_m for one in found]
    assert heights[0] == pytest.approx(0.05, abs=1e-6)
    assert heights == sorted(heights)
    for one in found:
        vertices = one.make().vertices
        assert vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
        assert vertices[:, :2].mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-6)
        assert one.family == group_of(one.make())
    assert len(placements((str(tmp_path / "brick.obj"),), 1)) == 1
    trimesh.creation.cylinder(0.034, 0.12).export(tmp_path / "can.obj")
    assert [one.family for one in placements((str(tmp_path / "can.obj"),), 3)] == ["other", "upright"]


def test_a_way_to_lie_is_the_same_again_and_its_seed_is_of_the_object(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        SHAPES["mugs"].export(tmp_path / folder / "cup.stl")
    one, two = (placements((str(tmp_path / folder / "cup.stl"),), 2) for folder in ("a", "b"))
    assert [item.seed for item in one] == [item.seed for item in two]
    assert (one[0].make().vertices == two[0].make().vertices).all()
    item = read_object(tmp_path / "a" / "cup.stl")
    assert np.array_equal(lying(item, 0).vertices, one[0].make().vertices)


def test_files_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        SHAPES["other"].export(tmp_path / folder / "ball.stl")
    both = tuple(str(tmp_path / folder / "ball.stl") for folder in ("a", "b"))
    with pytest.raises(ConfigError, match="two objects are called ball"):
        placements(both, 1)
    with pytest.raises(ConfigError, match="no such file"):
        placements((str(tmp_path / "none.stl"),), 1)
    (tmp_path / "bad.stl").write_text("solid")
    with pytest.raises(ConfigError, match=r"bad\.stl"):
        placements((str(tmp_path / "bad.stl"),), 1)
    assert placements((), 3) == ()


def fake_job(job: ObjectJob) -> tuple[str, dict[str, Any]]:
    of = {"object": job.entry.name, "family": job.entry.family}
    trials = [
        {**of, "picture": number, "method": name, "outcome": "success" if number % 2 else "not lifted", "seconds": {}}
        for number in range(job.count)
        for name in job.study.methods
    ]
    return job.file, {"trials": trials}


def test_the_command_line_tries_each_way_to_lie_and_reports_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate_grasp, "object_job", fake_job)
    monkeypatch.setattr("training.common.mapping.LocalMapper", lambda workers: InlineMapper())
    SHAPES["other"].export(tmp_path / "ball.stl")
    SHAPES["lower than 66 mm"].export(tmp_path / "tile.obj")
    files = [str(tmp_path / name) for name in ("ball.stl", "tile.obj")]
    command = ["evaluate", "grasp", "--methods", "centroid,top", "--out", str(tmp_path / "out"), "--rests", "1"]
    assert main([*command, "--mesh", *files, "--json"], Interrupts()) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["methods"]["top"]["families"] == {"lower than 66 mm": [3, 6], "other": [3, 6]}
    assert "| other | 3/6, 19 to 81 % | 3/6, 19 to 81 % |" in families_table(said)
    assert "| other |" in (tmp_path / "out" / "table.md").read_text()
    SHAPES["boxes"].export(tmp_path / "ball.stl")
    assert main([*command, "--mesh", *files], Interrupts()) == 2
    assert "holds another study" in capsys.readouterr().err
    assert main([*command, "--mesh", str(tmp_path / "none.stl")], Interrupts()) == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.simulation
def test_an_object_that_stands_is_tried_in_physics(tmp_path: Path) -> None:
    """A can, easy to grip: whether one grasp holds turns on the processor, but of eight at least one does."""
    from simulation.genesis.physics import init_genesis

    init_genesis()
    trimesh.creation.cylinder(0.034, 0.12).export(tmp_path / "can.stl")
    upright = [one for one in placements((str(tmp_path / "can.stl"),), 2) if one.family == "upright"]
    study = Study(4, ("centroid", "height"), meshes=tuple(upright))
    ((entry, count),) = study.shares()
    file, facts = object_job(ObjectJob(study, entry, count))
    assert file == f"trials/{upright[0].name}.json"
    assert len(facts["trials"]) == 8
    assert {trial["family"] for trial in facts["trials"]} == {"upright"}
    outcomes = {trial["outcome"] for trial in facts["trials"]}
    assert "success" in outcomes
    assert outcomes <= {"success", "hit the support", "not lifted", "lost while shaken", "no pose"}
