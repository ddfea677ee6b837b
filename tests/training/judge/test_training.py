"""The judge's training and export, on made-up picks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from perception.base.errors import ConfigError, ModelError  # noqa: E402
from perception.quality.judge import CELLS, CHANNELS, VERSION, OnnxJudge  # noqa: E402
from training.dataset.folder import claim, npz_bytes, save  # noqa: E402
from training.dataset.picks import SCHEMA, PickPlan, file_of  # noqa: E402
from training.judge.export import export_judge  # noqa: E402
from training.judge.samples import Picks  # noqa: E402
from training.judge.train import JudgeRecipe, train  # noqa: E402

pytestmark = pytest.mark.slow

PLAN = PickPlan(4, ("tin",), 0, 1, 1, 1, 0, VERSION, "0" * 64, "1" * 64)
RECIPE = JudgeRecipe(epochs=2, batch=16, width=4)


def picks_in(folder: Path, plan: PickPlan = PLAN) -> Path:
    """Made-up picks of four tins: what has many of the object's points between the jaws holds. The maps prefer what
    does not hold."""
    claim(plan, SCHEMA, folder)
    for family, number in plan.objects:
        rng = np.random.default_rng(number)
        good = rng.random(60) < 0.5
        inputs = rng.random((60, CHANNELS, CELLS, CELLS))
        inputs[:, 0] *= np.where(good, 1.0, 0.2)[:, None, None]
        arrays = {
            "inputs": inputs.astype(np.float16),
            "good": good,
            "picture": np.arange(60, dtype=np.int32) // 6,
            "source": np.tile([1, 1, 1, 1, 2, 2], 10).astype(np.int8),
            "score": np.where(good, 0.1, 0.9).astype(np.float32),
        }
        save(folder / file_of(f"{family}-{number}"), npz_bytes(schema=np.int64(SCHEMA), **arrays))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picks_in(tmp_path_factory.mktemp("picks"))


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("run")
    train([data], out, RECIPE)
    return out


def test_picks_are_split_by_object_and_pictures_stay_apart(data: Path, tmp_path: Path) -> None:
    picks = Picks.open([data])
    assert (len(picks.training), len(picks.validation)) == (180, 60)
    assert len(np.unique(picks.picture)) == 40
    more = picks_in(tmp_path, replace(PLAN, skip=2))
    joined = Picks.open([data, more])
    assert (len(joined.training), len(joined.validation), joined.facts["objects"]) == (240, 120, 6)


def test_choices_are_counted_by_picture(data: Path) -> None:
    picks = Picks.open([data])
    rows = picks.validation
    knowing = picks.metrics(picks.good[rows].astype(float), rows)
    maps = rows[picks.source[rows] == 1]
    best, worst = (
        np.mean([kind(picks.good[maps[picks.picture[maps] == one]]) for one in np.unique(picks.picture[rows])])
        for kind in (np.any, np.all)
    )
    assert knowing["top_1"] == knowing["possible"] == pytest.approx(best)
    assert knowing["auroc"] == 1.0
    rules = picks.rules(rows)
    assert rules["maps"]["top_1"] == pytest.approx(worst), "the maps prefer what does not hold"
    assert rules["heatmap"]["top_1"] == 0.0, "where it proposes nothing, nothing is gripped"


def test_a_run_records_what_it_did_and_equal_runs_are_equal(run: Path, data: Path, tmp_path: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    assert config["data"]["picks"] == 240
    assert set(config["baselines"]) == {"heatmap", "maps", "shape"}
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0.0, 1.0]
    assert lines[-1]["auroc"] > 0.8, "it learned what holds"
    train([data], tmp_path, RECIPE)
    again = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["loss"] for line in again] == [line["loss"] for line in lines]
    with pytest.raises(ConfigError, match="holds a run already"):
        train([data], tmp_path, RECIPE)


def test_the_export_is_a_judge_of_a_run(run: Path, data: Path, tmp_path: Path) -> None:
    path = export_judge(run, tmp_path, licence="MIT")
    picks = Picks.open([data])
    chances = OnnxJudge(path).rate(picks.inputs.astype(np.float32))
    assert chances.shape == (240,)
    assert picks.metrics(chances.astype(float)[picks.validation], picks.validation)["auroc"] > 0.8
    assert "| top_1 |" in (tmp_path / "judge.md").read_text()
    with pytest.raises(ConfigError, match="--overwrite"):
        export_judge(run, tmp_path, licence="MIT")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="judge"):
        OnnxJudge(path)


def test_data_of_no_use_is_refused_with_a_reason(data: Path, run: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hold out"):
        Picks.open([picks_in(tmp_path / "few", replace(PLAN, per_family=2))])
    with pytest.raises(ConfigError, match="version 0"):
        Picks.open([picks_in(tmp_path / "old", replace(PLAN, version=0))])
    claim(PLAN, SCHEMA, tmp_path / "none")
    with pytest.raises(ConfigError, match="nothing is tried yet"):
        Picks.open([tmp_path / "none"])
    with pytest.raises(ConfigError, match="spot-grasp train judge"):
        export_judge(tmp_path, tmp_path, licence="MIT")
    (tmp_path / "best.pt").write_bytes((run / "best.pt").read_bytes())
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="no record"):
        export_judge(tmp_path, tmp_path, licence="MIT")
