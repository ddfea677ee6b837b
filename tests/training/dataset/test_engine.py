"""The data engine: resuming, refusing, checking; with jobs that take no physics, and Ray beside local processes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from perception.base.errors import ConfigError, WriteError
from perception.base.extras import install_line
from tests.support.engine_jobs import InlineMapper, fake_label_job, fake_view_job, nothing_to_start, pixels
from training.common.mapping import LocalMapper, RayMapper
from training.dataset import array_folder, folder, jobs
from training.dataset.folder import claim
from training.dataset.generate import SCHEMA, generate
from training.dataset.plan import Plan, plan_for
from training.dataset.verify import info, sheet, verify
from training.evaluation.heatmap import evaluate_network, table
from training.heatmap.arrays import labels_by, training_arrays

pytestmark = pytest.mark.slow

SMALL = Plan(per_family=1, scenes=3, views=2, samples=8)


@pytest.fixture(autouse=True)
def no_physics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "label_job", fake_label_job)
    monkeypatch.setattr(jobs, "view_job", fake_view_job)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    generate(SMALL, tmp_path / "set", InlineMapper())
    return tmp_path / "set"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_whole_data_set_verifies_and_says_what_it_holds(made: Path) -> None:
    assert verify(made) == []
    facts = info(made)
    assert facts["complete"]
    assert facts["counts"]["objects"] == 7
    assert facts["counts"]["views"] == 6
    assert facts["counts"]["good"] + facts["counts"]["bad"] > 0
    assert facts["there"] == {"labels": 7, "views": 6, "projected": 6}
    assert "metres" in facts["units"]["labels/points"]


@pytest.mark.parametrize("stop", [0, 1, 6, 7, 8, 9])
def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(made: Path, tmp_path: Path, stop: int) -> None:
    broken = tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt):
        generate(SMALL, broken, InlineMapper(stop))
    assert not info(broken)["complete"]
    with pytest.raises(ConfigError, match="not finished"):
        verify(broken)
    again = InlineMapper()
    generate(SMALL, broken, again)
    assert again.done == 10 - stop, "what was finished is not done again"
    assert contents(broken) == contents(made)


def test_a_finished_data_set_is_left_as_it_is(made: Path) -> None:
    before, mapper = contents(made), InlineMapper()
    generate(SMALL, made, mapper)
    assert mapper.done == 0
    assert contents(made) == before


def test_another_plan_in_the_same_folder_is_refused(made: Path) -> None:
    with pytest.raises(ConfigError, match=r"other samples 8 \(now 9\)"):
        generate(Plan(per_family=1, scenes=3, views=2, samples=9), made, InlineMapper())
    assert verify(made) == []


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        generate(SMALL, tmp_path, InlineMapper())
    assert contents(tmp_path) == {"letter.txt": b"mine"}


def test_a_full_disk_is_told_and_the_next_run_goes_on(tmp_path: Path, made: Path, monkeypatch) -> None:
    out, real, written = tmp_path / "full", folder.write_atomic, []

    def full(path: Path, content: bytes, **options: bool) -> None:
        if len(written) == 4:
            raise WriteError(str(path), "No space left on device")
        written.append(path)
        real(path, content, **options)

    monkeypatch.setattr(folder, "write_atomic", full)
    with pytest.raises(ConfigError, match=r"No space left on device; what is finished stays"):
        generate(SMALL, out, InlineMapper())
    assert not list(out.rglob(".*")), "no part of a file is left"
    monkeypatch.setattr(folder, "write_atomic", real)
    generate(SMALL, out, InlineMapper())
    assert contents(out) == contents(made)


def test_verify_names_every_fault(made: Path) -> None:
    views = sorted((made / "views").glob("*.npz"))
    views[0].unlink()
    views[1].write_bytes(views[1].read_bytes()[:-10])
    changed = bytearray(views[2].read_bytes())
    changed[len(changed) // 2] ^= 1
    views[2].write_bytes(changed)
    (made / "views" / "view-99999-00.npz").write_bytes(b"")
    faults = verify(made)
    assert len(faults) == 4
    for path, words in zip(views[:3], ("missing", "bytes, expected", "SHA-256 differs"), strict=True):
        assert any(path.name in fault and words in fault for fault in faults)
    assert any("view-99999-00.npz: not in dataset.json" in fault for fault in faults)
    content = json.loads((made / "dataset.json").read_text())
    name = f"views/{views[3].name}"
    del content["files"][name]["bytes"]
    (made / "dataset.json").write_text(json.dumps(content))
    assert any(fault.startswith(f"{name}: ") and fault.endswith("bytes, expected None") for fault in verify(made))


@pytest.mark.parametrize("file", ["plan.json", "dataset.json"])
def test_another_schema_and_junk_are_refused(made: Path, file: str) -> None:
    content = json.loads((made / file).read_text())
    (made / file).write_text(json.dumps({**content, "schema": 99}))
    with pytest.raises(ConfigError, match=f"{file}: schema 99"):
        info(made)
    (made / file).write_text("{")
    with pytest.raises(ConfigError, match="not JSON"):
        info(made)


def test_a_corrupt_shard_is_named_when_it_is_used(made: Path) -> None:
    shard = sorted((made / "projected").glob("*.npz"))[0]
    shard.write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(ConfigError, match=shard.name):
        sheet(made)
    with pytest.raises(ConfigError, match=shard.name):
        generate(SMALL, made, InlineMapper())


def test_the_sheet_is_green_and_red_where_grasps_are_good_and_bad(made: Path) -> None:
    picture = sheet(made, count=6, columns=3, width_px=64)
    assert picture.shape == (2 * 48, 3 * 64, 3)
    red, green = picture[..., 0].astype(int), picture[..., 1].astype(int)
    assert ((green - red) > 50).any()
    assert ((red - green) > 50).any()


def test_plans_that_cannot_be_are_refused() -> None:
    for words, values in {
        "unknown preset 'moon'": {"preset": "moon"},
        "at least 1": {"preset": "robot", "scenes": 0},
        "at most 100 views": {"preset": "robot", "views": 101},
        "leave out --split": {"preset": "paper", "split": "val"},
        "leave out --split, --family and --skip": {"preset": "paper", "families": ("mug",)},
        "--family and --skip": {"preset": "paper", "skip": 1},
        "cannot leave out 10 of 10 objects a family; choose 0 to 9": {"preset": "robot", "skip": 10},
        "no test object among 8 a family, the first 6 left out": {
            "preset": "robot",
            "per_family": 8,
            "skip": 6,
            "split": "test",
        },
        "unknown family 'cup'; choose from: bottle": {"preset": "robot", "families": ("cup",)},
    }.items():
        with pytest.raises(ConfigError, match=words):
            plan_for(**values)  # type: ignore[arg-type]
    paper = plan_for("paper")
    assert paper.scenes * paper.views == 1000
    assert [entry.family for entry in paper.entries] == ["bottle"]
    some = plan_for("robot", families=("mug", "flask"), split="val")
    assert {(entry.family, entry.split) for entry in some.entries} == {("mug", "val"), ("flask", "val")}
    first, both, later = (plan_for("robot", per_family=n, skip=skip) for n, skip in ((7, 0), (20, 0), (20, 7)))
    assert not set(first.entries) & set(later.entries)
    assert {*first.entries, *later.entries} == set(both.entries)


def test_a_folder_of_an_older_plan_is_gone_on_with_if_nothing_newer_is_asked(tmp_path: Path) -> None:
    plan = plan_for("robot", scenes=1)
    claim(plan, SCHEMA, tmp_path)
    older = json.loads((tmp_path / "plan.json").read_text())
    for key in ("families", "skip", "split"):
        del older[key]
    (tmp_path / "plan.json").write_text(json.dumps(older))
    claim(plan, SCHEMA, tmp_path)
    with pytest.raises(ConfigError, match=r"other skip None \(now 2\)"):
        claim(plan_for("robot", scenes=1, skip=2), SCHEMA, tmp_path)


def test_a_missing_folder_is_named_before_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone: no such folder; make a data set with spot-grasp dataset generate"):
        training_arrays(tmp_path / "gone", "lift")


def test_the_same_samples_are_labelled_by_what_they_were_made_with_or_by_lifting_alone(made: Path) -> None:
    _, labels, manifest = array_folder.load(training_arrays(made, "lift"))
    assert len(labels) == 6
    assert np.array_equal(labels_by("grasp", made, manifest["samples"]), labels)
    lift = labels_by("lift", made, manifest["samples"])
    assert (lift == 1).sum() > (labels == 1).sum() > 0, "of half the grasps lift, of an eighth all is good"
    assert not ((lift == 0) & (labels == 1)).any()
    assert verify(made) == []
    with pytest.raises(ConfigError, match="unknown criterion 'look'; choose from: grasp, lift, contact"):
        labels_by("look", made, manifest["samples"])
    for sample in manifest["samples"]:
        del sample["crop"]
    with pytest.raises(ConfigError, match=r"do not tell the crops, .*; delete .*arrays and run"):
        labels_by("lift", made, manifest["samples"])


def test_a_network_is_measured_against_lifting_alone_and_what_it_was_taught(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Even:
        def __init__(self, path: Path) -> None:
            self.quality = lambda tensor: np.full(tensor.shape[1:], 0.5, np.float32)

    monkeypatch.setattr("training.evaluation.heatmap.OnnxHeatmap", Even)
    found = evaluate_network(Path("any.onnx"), made, "train")
    assert (found["samples"], list(found["against"])) == (6, ["lift", "grasp"])
    shares = [one["metrics"]["good_share"] for one in found["against"].values()]
    assert shares[0] > shares[1]
    assert table(found).count("| network |") == 2
    alone = evaluate_network(Path("any.onnx"), made / "arrays", "train")
    assert alone["against"] == {"labels": found["against"]["grasp"]}


def test_the_command_line_shows_and_checks(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["dataset", *map(str, arguments)], Interrupts())
        said = capsys.readouterr()
        return code, said.out, said.err

    code, out, _ = run("info", made, "--json")
    assert (code, json.loads(out)["complete"]) == (0, True)
    assert run("verify", made)[0] == 0
    assert run("show", made, "--out", tmp_path / "sheet.png")[0] == 0
    assert (tmp_path / "sheet.png").stat().st_size > 100
    next((made / "labels").iterdir()).unlink()
    code, out, _ = run("verify", made, "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    code, _, err = run("info", tmp_path / "nothing")
    assert (code, "missing" in err) == (2, True)
    code, _, err = run("generate", "--out", tmp_path / "x", "--preset", "moon")
    assert (code, "choose from: robot, hemisphere, paper" in err) == (2, True)


def test_local_processes_give_the_bytes_that_this_process_gives() -> None:
    seeds = list(range(5))
    for workers in (1, 2):
        assert sorted(LocalMapper(workers).map(pixels, seeds, nothing_to_start)) == sorted(map(pixels, seeds))
    with pytest.raises(ConfigError, match="seed -1 is negative"):
        list(LocalMapper(1).map(pixels, [-1], nothing_to_start))
    with pytest.raises(ConfigError, match="at least 1"):
        LocalMapper(0)


def test_ray_gives_the_bytes_that_this_process_gives() -> None:
    pytest.importorskip("ray")
    mapper = RayMapper(workers=1)
    try:
        seeds = list(range(5))
        assert sorted(mapper.map(pixels, seeds, nothing_to_start)) == sorted(map(pixels, seeds))
        with pytest.raises(ConfigError, match="seed -1 is negative"):
            list(mapper.map(pixels, [-1], nothing_to_start))
    finally:
        mapper.close()


def test_without_ray_the_option_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=re.escape(install_line("ray"))):
        RayMapper()


def test_a_data_set_may_be_of_one_split(tmp_path: Path) -> None:
    plan = plan_for("robot", per_family=9, scenes=2, views=1, samples=8, split="test")
    assert {entry.split for entry in plan.entries} == {"test"}
    assert generate(plan, tmp_path, InlineMapper())["counts"]["objects"] == 14
    with pytest.raises(ConfigError, match=r"split test \(now None\)"):
        generate(plan_for("robot", per_family=9, scenes=2, views=1, samples=8), tmp_path, InlineMapper())
    with pytest.raises(ConfigError, match="no val object among 3 a family"):
        plan_for("robot", per_family=3, split="val")
