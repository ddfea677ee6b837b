"""Evaluating: intervals, summaries, methods on an analytic picture, studies that are broken off; physics left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from behaviours.robots.spot.model import SPOT
from perception.base.errors import ConfigError
from perception.geometry import Pose
from perception.hand.family import beside
from tests.support.engine_jobs import InlineMapper
from tests.support.synthetic import Cylinder, View, camera_at, render
from tests.training.evaluation.test_methods import truth_of
from training.common.confidence import mcnemar, wilson
from training.evaluation import grasp as evaluate_grasp
from training.evaluation.grasp import ObjectJob, Study, evaluate, outcome, summarise
from training.evaluation.methods.interface import Proposal
from training.evaluation.report import plot, table

STUDY = Study(trials=16, methods=("centroid", "random"))


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share_and_narrows(successes: int, failures: int) -> None:
    trials = successes + failures
    low, high = wilson(successes, trials)
    assert 0.0 <= low <= high <= 1.0
    if trials:
        assert low <= successes / trials <= high
        wider = wilson(successes, trials, z=2.5758)
        assert wider[0] <= low <= high <= wider[1]


def test_the_interval_has_the_values_of_the_books() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(380, 400) == pytest.approx((0.9240, 0.9674), abs=1e-4)
    with pytest.raises(ValueError, match="11 successes of 10"):
        wilson(11, 10)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_paired_test_counts_only_where_two_differ(first: int, second: int) -> None:
    chance = mcnemar(first, second)
    assert chance == mcnemar(second, first)
    assert 0.0 < chance <= 1.0
    assert mcnemar(first + second, 0) <= chance * (1 + 1e-9)


def test_the_paired_test_has_the_values_of_the_binomial() -> None:
    assert mcnemar(0, 0) == mcnemar(3, 3) == 1.0
    assert mcnemar(5, 0) == pytest.approx(2 / 2**5)
    assert mcnemar(9, 1) == pytest.approx(2 * 11 / 2**10)
    with pytest.raises(ValueError, match="-1 and 2"):
        mcnemar(-1, 2)


def test_methods_are_compared_in_the_same_pictures() -> None:
    names = {"a": (1, 1, 1, 0), "b": (0, 0, 1, 1), "c": (1, 1, 1, 0)}
    records = [
        {
            "object": "mug-5",
            "family": "mug",
            "picture": number,
            "method": name,
            "outcome": "success" if good else "not lifted",
        }
        for name, all_good in names.items()
        for number, good in enumerate(all_good)
    ]
    found = summarise(records, tuple(names))
    assert "paired" not in found["a"]
    assert found["b"]["paired"] == {"with": "a", "only_it": 2, "only_this": 1, "p": 1.0}
    assert found["c"]["paired"] == {"with": "a", "only_it": 0, "only_this": 0, "p": 1.0}


def test_an_outcome_is_the_first_thing_that_went_wrong() -> None:
    assert outcome(lifted=True, held=True, collided_support=False) == "success"
    assert outcome(lifted=True, held=False, collided_support=False) == "lost while shaken"
    assert outcome(lifted=False, held=False, collided_support=False) == "not lifted"
    assert outcome(lifted=True, held=True, collided_support=True) == "hit the support"


def test_pictures_are_shared_out_evenly_over_the_held_out_objects() -> None:
    shares = STUDY.shares()
    assert len(shares) == 14
    assert sum(count for _, count in shares) == 16
    assert {count for _, count in shares} == {1, 2}
    assert all(entry.split == "test" for entry, _ in shares)
    assert len(Study(trials=3, methods=("random",)).shares()) == 3


def test_studies_that_cannot_be_are_refused() -> None:
    for words, values in {
        "at least 1": {"trials": 0, "methods": ("random",)},
        "unknown method luck; choose from: ours, heatmap, height": {"trials": 1, "methods": ("luck",)},
        r"unknown method \(none\)": {"trials": 1, "methods": ()},
        "choose rendered or detector": {"trials": 1, "methods": ("random",), "masks": "drawn"},
        "no test object among 2": {"trials": 1, "methods": ("random",), "per_family": 2},
        "needs --paper-run": {"trials": 1, "methods": ("paper",)},
    }.items():
        with pytest.raises(ConfigError, match=words):
            Study(**values)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def view() -> View:
    return render(Cylinder(), camera_at((-0.5, 0.05, 0.68), (0.0, 0.0, 0.6)))


def fake_job(job: ObjectJob) -> tuple[str, dict[str, Any]]:
    """Centroid succeeds always, random every second time."""
    records = []
    for number in range(job.count):
        for name in job.study.methods:
            good = name == "centroid" or number % 2 == 0
            records.append(
                {
                    "object": job.entry.name, "family": job.entry.family, "picture": number, "method": name,
                    "outcome": "success" if good else "not lifted", "seconds": {"quality": 0.002, "pose": 0.03},
                    "position_m": 0.004, "angle_rad": 0.1,
                }
            )  # fmt: skip
    return job.file, {"trials": records}


@pytest.fixture(autouse=True)
def no_physics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate_grasp, "object_job", fake_job)


def test_a_study_that_was_broken_off_goes_on_and_counts_everything_once(tmp_path: Path) -> None:
    whole = evaluate(STUDY, tmp_path / "whole", InlineMapper())
    with pytest.raises(KeyboardInterrupt):
        evaluate(STUDY, tmp_path / "broken", InlineMapper(5))
    again = InlineMapper()
    assert evaluate(STUDY, tmp_path / "broken", again) == whole
    assert again.done == 9
    assert whole["methods"]["centroid"]["trials"] == 16
    assert whole["methods"]["centroid"]["success_rate"] == 1.0
    assert whole["methods"]["random"]["failures"] == {"not lifted": 2}
    assert json.loads((tmp_path / "broken" / "result.json").read_text()) == whole


def test_another_study_and_damaged_trials_are_refused(tmp_path: Path) -> None:
    evaluate(STUDY, tmp_path, InlineMapper())
    with pytest.raises(ConfigError, match="holds another study"):
        evaluate(Study(trials=15, methods=("centroid", "random")), tmp_path, InlineMapper())
    next((tmp_path / "trials").iterdir()).write_text("{")
    with pytest.raises(ConfigError, match="not JSON"):
        evaluate(STUDY, tmp_path, InlineMapper())


def test_the_table_and_the_plot_say_what_the_result_says(tmp_path: Path) -> None:
    result = evaluate(STUDY, tmp_path, InlineMapper())
    lines = table(result).splitlines()
    assert lines[2].startswith("| centroid | 16/16 = 100.0 % | 80.6 to 100.0 % |  | 4.0 mm | 5.7 ° | none |")
    assert "| centroid +2 -0, p 0.5 |" in lines[3]
    assert "not lifted 2" in lines[3]
    assert plot(result).startswith(b"\x89PNG")


def test_a_method_without_trials_is_no_error() -> None:
    facts = summarise([], ("random",))["random"]
    assert (facts["trials"], facts["success_rate"], facts["interval"], facts["angle_deg"]) == (0, 0.0, [0.0, 1.0], None)


def test_the_command_line_prints_rates_and_intervals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.common import mapping

    monkeypatch.setattr(mapping, "LocalMapper", lambda workers: InlineMapper())
    out = ["evaluate", "grasp", "--out", str(tmp_path / "out")]
    assert main([*out, "--trials", "12", "--methods", "centroid,random", "--json"], Interrupts()) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["methods"]["centroid"]["success_rate"] == 1.0
    assert len(said["methods"]["random"]["interval"]) == 2
    assert (tmp_path / "out" / "table.md").is_file()
    assert (tmp_path / "out" / "plot.png").is_file()
    assert main([*out, "--trials", "12", "--methods", "luck"], Interrupts()) == 2
    assert "unknown method luck" in capsys.readouterr().err


def test_errors_are_measured_against_the_surface_that_the_picture_shows(view: View) -> None:
    from training.evaluation.scenes import Case

    case = Case(view.frame(), view.detection(), view.mask, truth_of(view))
    v, u = (int(np.median(index)) for index in np.nonzero(view.mask))
    normal = view.world_from_camera.rotation @ view.normals[v, u]
    nowhere = Pose.identity()
    exact = Proposal(nowhere, 0.0, pixel_uv=(u, v), depth_m=float(view.depth[v, u]), normal_world=normal)
    found = evaluate_grasp.errors_of(case, exact)
    assert found["position_m"] == pytest.approx(0.0, abs=1e-6)
    assert found["angle_rad"] < 0.05
    off = Proposal(nowhere, 0.0, pixel_uv=(u, v), depth_m=float(view.depth[v, u]) + 0.01, normal_world=-normal)
    found = evaluate_grasp.errors_of(case, off)
    assert found["position_m"] == pytest.approx(0.01, rel=0.1)
    assert found["angle_rad"] > 3.0
    assert evaluate_grasp.errors_of(case, Proposal(nowhere, 0.0)) == {}


@pytest.mark.simulation
def test_the_best_of_the_family_holds_what_can_be_held() -> None:
    from simulation.genesis.physics import init_genesis
    from simulation.scene.low_objects import make_low_object
    from simulation.trials.grasp_trials import run_trials
    from training.evaluation.family_oracle import best_of_family

    init_genesis()
    tin = make_low_object("tin", 3)
    best = best_of_family(tin, 0, 0.3)
    assert best is not None
    pose, opening = best
    assert pose.rotation[2, 0] < -0.6, "from above"
    closing = [beside(pose, SPOT.gripper)]
    assert run_trials(tin, [pose], support_half_m=0.3, openings=[opening], closing=closing).good.all()
    plate = replace(tin, vertices=tin.vertices * [4.0, 4.0, 0.1])
    assert best_of_family(plate, 0, 0.3) is None, "wider than the jaws, and too low for them"
