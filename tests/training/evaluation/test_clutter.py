"""Packed and pile scenes: where objects stand, views, noise, how rounds are counted, and rounds in physics."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from perception.base.errors import ConfigError
from simulation.scene.objects import GraspObject, make_object
from tests.support.engine_jobs import InlineMapper
from training.evaluation import clutter
from training.evaluation.clutter import ClutterStudy, RoundJob, evaluate_clutter, study_of
from training.evaluation.clutter_names import SCALES
from training.evaluation.clutter_report import summary
from training.evaluation.clutter_scenes import (
    CAMERA,
    FAR_M,
    TABLE_HEIGHT_M,
    ClutterScene,
    camera_of,
    clutter_scene,
    measured,
    on_known_table,
    scaled,
)

STUDY = ClutterStudy("packed", 3, ("heatmap", "centroid"), scale=(0.7, 0.9))
CENTER = np.array([0.0, 0.0, 0.55])


def makers() -> list[Any]:
    return [lambda scale, number, seed=seed: scaled(lambda: make_object("can", seed), scale, number) for seed in (1, 2)]


def scene(kind: Any, number: int = 0, seed: int = 0) -> ClutterScene:
    return clutter_scene(kind, makers(), 5, SCALES[kind], seed, number)


def objects_of(made: ClutterScene) -> list[Any]:
    assert made.sample.target is not None
    return [made.sample.target, *made.sample.clutter]


@pytest.mark.parametrize("number", range(5))
def test_packed_objects_stand_upright_in_the_cube_and_apart(number: int) -> None:
    placed = objects_of(scene("packed", number))
    assert 2 <= len(placed) <= 5
    for one in placed:
        assert (np.abs(one.world_from_object.position_m[:2]) <= 0.07).all()
        assert one.world_from_object.position_m[2] == pytest.approx(TABLE_HEIGHT_M + 0.002)
        assert one.world_from_object.rotation[2, 2] == pytest.approx(1.0)
    for one, two in combinations(placed, 2):  # cans: their hulls meet if their axes are nearer than both radii
        apart = np.linalg.norm(one.world_from_object.position_m - two.world_from_object.position_m)
        inner = [item.object.radius_m * np.cos(np.pi / 32) for item in (one, two)]
        assert apart > sum(inner) - 1e-9


def test_packed_objects_that_would_touch_are_left_out() -> None:
    def plate(scale: float, number: int) -> GraspObject:
        item = make_object("can", 1)
        return GraspObject("can", number, item.vertices * [4.0, 4.0, 1.0], item.faces, item.uv, item.texture, 0.3, 0.7)

    assert len(objects_of(clutter_scene("packed", [plate], 5, (0.7, 0.9), 0, 0))) == 1


def test_piled_objects_fall_with_any_rotation_over_the_middle_third() -> None:
    made = scene("pile")
    assert len(objects_of(made)) == len(made.drops) == len(made.chosen) == 5
    for drop in made.drops:
        assert (np.abs(drop.position_m[:2]) <= 0.05).all()
        assert drop.position_m[2] == pytest.approx(TABLE_HEIGHT_M + 0.2)
    assert len({round(float(drop.rotation[2, 2]), 3) for drop in made.drops}) == 5
    low, high = SCALES["pile"]
    assert all(low <= size <= high for _, size in made.chosen)


@pytest.mark.parametrize("kind", ["packed", "pile"])
def test_a_scene_depends_on_seed_and_number_alone(kind: Any) -> None:
    one, two, other, third = scene(kind, 3), scene(kind, 3), scene(kind, 4), scene(kind, 3, seed=1)
    assert one.chosen == two.chosen
    assert one.drops == two.drops
    for mine, yours in zip(objects_of(one), objects_of(two), strict=True):
        assert mine.world_from_object == yours.world_from_object
        assert (mine.object.vertices == yours.object.vertices).all()
    assert other.chosen != one.chosen != third.chosen


def test_the_side_view_is_fixed_and_a_random_one_stays_in_its_ranges() -> None:
    target = CENTER - [0.0, 0.0, 0.05]
    rng = np.random.default_rng(0)
    side = [camera_of("side", CENTER, rng) for _ in range(3)]
    assert side[0] == side[1] == side[2]
    off = side[0].position_m - target
    assert np.linalg.norm(off) == pytest.approx(0.60)
    assert off == pytest.approx([0.0, -0.60 * np.sin(np.pi / 3), 0.30])
    around = set()
    for _ in range(50):
        pose = camera_of("random", CENTER, rng)
        off = pose.position_m - target
        assert 0.48 <= np.linalg.norm(off) <= 0.72
        assert np.radians(15) - 1e-9 <= np.arccos(off[2] / np.linalg.norm(off)) <= np.radians(75) + 1e-9
        assert pose.rotation[:, 2] == pytest.approx(-off / np.linalg.norm(off))
        around.add(int(np.degrees(np.arctan2(off[1], off[0])) // 90))
    assert around == {-2, -1, 0, 1}


def test_noise_is_what_its_name_says() -> None:
    clean = np.full(CAMERA.shape, 0.6, np.float32)
    clean[0] = 5.0
    assert (measured(clean, "none", np.random.default_rng(0))[1:] == np.float32(0.6)).all()
    factors, rough = [], 0
    for seed in range(200):
        depth = measured(clean, "dex", np.random.default_rng(seed))
        assert (depth[0] == 0.0).all()
        factors.append(float(np.median(depth[1:])) / 0.6)
        spread = float(depth[1:].std())
        rough += spread > 1e-4
        assert spread < 1e-4 or spread == pytest.approx(0.0033, abs=0.001)  # 5 mm, less where it is drawn out
    assert np.mean(factors) == pytest.approx(1.0, abs=0.01)
    assert np.std(factors) == pytest.approx(np.sqrt(1000) * 0.001, rel=0.2)
    assert 70 < rough < 130
    spot = measured(clean, "spot", np.random.default_rng(0))
    assert (spot[1:] == 0).any()
    assert float(spot.max()) < FAR_M


@pytest.mark.parametrize("noise", ["dex", "none"])
def test_depth_on_a_known_table_has_its_scale_back(noise: Any) -> None:
    """The picture of a table with a block on it, whose height is known."""
    pose = camera_of("side", CENTER, np.random.default_rng(0))
    v, u = np.mgrid[0 : CAMERA.height, 0 : CAMERA.width]
    rays = CAMERA.back_project(u, v, 1.0) @ pose.rotation.T
    place = pose.position_m + rays * ((TABLE_HEIGHT_M - pose.position_m[2]) / rays[..., 2])[..., None]
    clean = np.where(np.abs(place[..., :2]).max(axis=-1) < 0.3, (place - pose.position_m) @ pose.rotation[:, 2], 5.0)
    clean = np.where(np.abs(place[..., :2]).max(axis=-1) < 0.05, clean - 0.1, clean).astype(np.float32)
    for seed in range(5):
        seen = measured(clean, noise, np.random.default_rng(seed))
        known = on_known_table(seen, CAMERA, pose, TABLE_HEIGHT_M)
        shown = seen > 0
        assert float(np.median(known[shown] / clean[shown])) == pytest.approx(1.0, abs=0.003)
    assert (on_known_table(np.zeros_like(clean), CAMERA, pose, TABLE_HEIGHT_M) == 0.0).all()


def fake_round(job: RoundJob) -> tuple[str, dict[str, Any]]:
    """The heatmap clears every scene, held but for one; centroid takes one object and then fails twice."""
    trials, pictures = [], {}
    for name in job.study.methods:
        good = [True] * 5 if name == "heatmap" else [True, False, False]
        for attempt, success in enumerate(good):
            outcome = "success" if success else "closed on nothing"
            record = {"method": name, "object": "can-1", "outcome": outcome, "success": success, "score": 0.5,
                      "held": success and attempt > 0, "seconds": {"pose": 0.01}}  # fmt: skip
            if not success:
                record["picture"] = f"pictures/{name}-{job.number:03d}-{attempt:02d}.jpg"
                pictures[record["picture"]] = clutter.small_jpeg(np.zeros((48, 64, 3), np.uint8))
            trials.append(record)
    ended = {"heatmap": "empty", "centroid": "2 failures in a row"}
    return job.file, {"objects": ["can-1"] * 5, "count": 5, "trials": trials, "ended": ended, "pictures": pictures}


@pytest.fixture
def no_physics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clutter, "round_job", fake_round)


@pytest.mark.usefixtures("no_physics")
def test_success_is_per_attempt_and_declutter_per_object(tmp_path: Path) -> None:
    result, times = evaluate_clutter(STUDY, tmp_path, InlineMapper())
    heatmap, centroid = result["methods"]["heatmap"], result["methods"]["centroid"]
    assert (heatmap["gsr"]["rate"], heatmap["dr"]["rate"], heatmap["held"]["rate"]) == (1.0, 1.0, 0.8)
    assert (centroid["attempts"], centroid["gsr"]["rate"], centroid["dr"]["rate"]) == (9, pytest.approx(1 / 3), 0.2)
    low, high = centroid["dr"]["interval"]
    assert low < 0.2 < high
    assert centroid["failures"] == {"closed on nothing": 6}
    assert centroid["ended"] == {"2 failures in a row": 3}
    assert centroid["by_object"] == {"can-1": [3, 9]}
    assert "| centroid | true | 3/9 = 33.3 % |" in (tmp_path / "table.md").read_text()
    assert times["centroid"] == {"pose": pytest.approx(10.0)}
    assert (tmp_path / "failures.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((tmp_path / "pictures").iterdir())) == 6


@pytest.mark.usefixtures("no_physics")
def test_a_study_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluate_clutter(STUDY, tmp_path, InlineMapper(2))
    assert not (tmp_path / "result.json").exists()
    rest = InlineMapper()
    assert evaluate_clutter(STUDY, tmp_path, rest) == evaluate_clutter(STUDY, tmp_path, InlineMapper(0))
    assert rest.done == 1


@pytest.mark.usefixtures("no_physics")
def test_another_study_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    evaluate_clutter(STUDY, tmp_path, InlineMapper())
    with pytest.raises(ConfigError, match="another study"):
        evaluate_clutter(ClutterStudy("pile", 3, ("heatmap", "centroid")), tmp_path, InlineMapper())


@pytest.mark.usefixtures("no_physics")
def test_objects_that_changed_are_another_study(tmp_path: Path) -> None:
    def study() -> ClutterStudy:
        return study_of("packed", tmp_path / "set", None, rounds=1, methods=("centroid",))

    (tmp_path / "set").mkdir()
    trimesh.creation.box((0.05, 0.05, 0.1)).export(tmp_path / "set" / "box.obj")
    evaluate_clutter(study(), tmp_path / "out", InlineMapper())
    evaluate_clutter(study(), tmp_path / "out", InlineMapper(0))
    trimesh.creation.box((0.05, 0.05, 0.11)).export(tmp_path / "set" / "box.obj")
    with pytest.raises(ConfigError, match="another study"):
        evaluate_clutter(study(), tmp_path / "out", InlineMapper())


def test_objects_that_change_during_a_study_are_told(tmp_path: Path) -> None:
    trimesh.creation.box((0.05, 0.05, 0.1)).export(tmp_path / "box.obj")
    study = study_of("packed", tmp_path, None, rounds=1, methods=("centroid",))
    trimesh.creation.box((0.05, 0.05, 0.11)).export(tmp_path / "box.obj")
    with pytest.raises(ConfigError, match="have changed since the study began"):
        clutter.round_job(RoundJob(study, 0))


@pytest.mark.parametrize(
    ("change", "words"),
    [({"rounds": 0}, "--rounds 0 must be at least 1"), ({"count": 0}, "--count 0"), ({"failures": 0}, "--failures 0"),
     ({"methods": ("oracle",)}, "leave it out"), ({"methods": ("paper",)}, "needs --paper-run"),
     ({"methods": ("best",)}, "unknown method"), ({"kind": "heap"}, "unknown kind 'heap'; choose from: packed, pile"),
     ({"view": "top"}, "unknown view"), ({"noise": "salt"}, "unknown noise"), ({"per_family": 2}, "no test object")],
)  # fmt: skip
def test_studies_that_cannot_be_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ClutterStudy(**{"kind": "packed", "rounds": 1, "methods": ("centroid",), **change})


@pytest.mark.usefixtures("no_physics")
@pytest.mark.parametrize("kind", ["packed", "pile"])
def test_the_command_line(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("training.common.mapping.LocalMapper", lambda workers: InlineMapper())
    command = ["evaluate", kind, "--rounds", "2", "--methods", "heatmap,centroid", "--out", str(tmp_path)]
    assert main([*command, "--json"], Interrupts()) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["methods"]["heatmap"]["dr"]["rate"] == 1.0
    assert said["study"]["scale"] == list(SCALES[kind])
    assert main(command, Interrupts()) == 0
    out = capsys.readouterr().out
    assert "| heatmap | true | 10/10 = 100.0 % |" in out
    assert "| heatmap | pose 10 |" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--objects", "none"], "none: cannot read the folder of objects"), (["--count", "0"], "whole number from 1"),
     (["--view", "top"], "invalid choice"), (["--noise", "salt"], "invalid choice"),
     (["--scale", "0", "1"], "a number from 0.01")],
)  # fmt: skip
def test_options_that_cannot_be_are_told_in_one_line(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["evaluate", "packed", "--out", "out", *words], Interrupts())
    except SystemExit as error:
        code = int(error.code or 0)
    assert code == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_rounds_give_no_rate() -> None:
    assert summary([], "heatmap")["gsr"] == {"rate": 0.0, "interval": [0.0, 1.0]}
