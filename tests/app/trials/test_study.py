"""What a test says about its trials: rates, groups of reasons, the files, and the comparison with an earlier one."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.trials.compare import compare
from app.trials.junit import junit
from app.trials.outcome import LOST, LeafTime, Outcome
from app.trials.page import report
from app.trials.study import Study, read_study, write_study
from app.trials.words import summary
from perception.base.errors import ConfigError
from tests.support.html_tags import obeys_nothing_of
from training.common.confidence import fisher


def good(seed: int, tree: str = "pick", **more: object) -> Outcome:
    values = {"attempts": 1, "robot_s": 10.0 + seed, "leaves": (LeafTime("Pick/Walk", 1, 4.0),), **more}
    return Outcome(tree, seed, "success", **values)  # type: ignore[arg-type]


def bad(seed: int, reason: str, status: str = "failure", tree: str = "pick") -> Outcome:
    return Outcome(
        tree, seed, status, reason, command=f"spot-grasp run {tree} --seed {seed}", run=f"runs/{tree}-{seed}"
    )


def study(*outcomes: Outcome, planned: int | None = None) -> Study:
    return Study("fake", len(outcomes) if planned is None else planned, outcomes, 12.0)


MIXED = study(
    good(0),
    good(1, attempts=2),
    bad(2, "failed at Pick/Close, attempt 3 of 3: 0.01 m open"),
    bad(3, "failed at Pick/Close, attempt 1 of 3: 0.25 m open"),
    bad(4, "the process of the trial was killed by SIGKILL", LOST),
    good(5, tree="find"),
    planned=8,
)


def test_reasons_that_differ_in_numbers_alone_are_one_group_and_the_largest_comes_first() -> None:
    (pick, find) = MIXED.trees()
    assert (pick.successes, len(pick.outcomes), find.successes) == (2, 5, 1)
    assert [[outcome.seed for outcome in group.outcomes] for group in pick.groups] == [[2, 3], [4]]
    assert pick.groups[0].reason == "failed at Pick/Close, attempt # of 3: # m open"
    assert pick.attempts == {1: 1, 2: 1}
    assert pick.robot_s == (10.5, 11.0)
    assert pick.low == pytest.approx(0.1176, abs=1e-4)
    assert pick.high == pytest.approx(0.7693, abs=1e-4)


def test_a_leaf_takes_the_mean_of_all_trials_also_of_those_without_it() -> None:
    assert MIXED.trees()[0].leaves == (LeafTime("Pick/Walk", 2, 1.6),)


def test_the_summary_names_each_reason_with_its_seeds_and_a_command() -> None:
    text = summary(MIXED)
    assert "pick: 2 of 5 = 40.0 % (95 %: 11.8 % to 76.9 %)" in text
    assert "2 x failure: failed at Pick/Close, attempt # of 3: # m open (seed 2, 3)" in text
    assert "    spot-grasp run pick --seed 2\n" in text
    assert "2 of 8 trials did not run" in text
    assert "3 of 6 trials succeeded, in 12.0 s wall" in text


def test_results_are_read_back_as_they_were(tmp_path: Path) -> None:
    write_study(tmp_path / "results.json", MIXED)
    assert read_study(tmp_path) == read_study(tmp_path / "results.json") == MIXED
    (tmp_path / "results.json").write_text('{"trials": [{"tree": 3}]}')
    with pytest.raises(ConfigError, match="no results of `spot-grasp test`"):
        read_study(tmp_path)


def test_junit_tells_failures_from_errors_and_holds_any_text() -> None:
    strange = bad(1, 'a < b & \x00\x1b[31m\ud800 "c"')
    root = ElementTree.fromstring(junit(study(good(0), strange, bad(2, "lost", "error"))))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    cases = root.findall("./testsuite/testcase")
    assert [case.get("name") for case in cases] == ["seed 0", "seed 1", "seed 2"]
    assert [[child.tag for child in case] for case in cases] == [[], ["failure"], ["error"]]
    failure = cases[1].find("failure")
    assert failure is not None
    assert 'a < b & ��[31m� "c"' in (failure.get("message") or "")
    assert "spot-grasp run pick --seed 1" in (failure.text or "")


def test_the_page_escapes_every_text_and_links_run_folders_from_where_it_lies(tmp_path: Path) -> None:
    outcome = Outcome("<b>", 1, "failure", "<script>alert(1)</script>", run=str(tmp_path / "t" / "b-1"))
    text = report(study(outcome), [], tmp_path)
    obeys_nothing_of(text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert '<a href="t/b-1/">seed 1</a>' in text


def test_the_page_folds_long_lists_and_tells_reasons_once_where_they_are_equal(tmp_path: Path) -> None:
    few, many = (report(study(*(bad(seed, "no bottle") for seed in range(count))), [], tmp_path) for count in (8, 9))
    assert "<details>" not in few
    assert "<summary>9 trials</summary>" in many
    assert many.count("no bottle") == 1 + 9, "once as the reason, and in the hint of each seed"
    differ = report(study(bad(1, "0.1 m open"), bad(2, "0.2 m open")), [], tmp_path)
    assert "<td>0.1 m open</td>" in differ


def test_with_the_same_seeds_a_change_is_judged_by_the_seeds_that_changed() -> None:
    old = study(*(good(seed) for seed in range(12)))
    new = study(*(good(seed) if seed > 6 else bad(seed, "no") for seed in range(12)))
    (change,) = compare(old, new)
    assert (change.broken, change.mended, change.paired) == (tuple(range(7)), (), True)
    assert change.p == pytest.approx(2 * 0.5**7)
    assert change.significant
    assert "more than chance" in change.words
    (same,) = compare(old, old)
    assert not same.significant
    assert same.words == "pick: 12 of 12 as before, with the same seeds"


def test_with_other_seeds_the_rates_are_compared() -> None:
    old = study(*(good(seed) for seed in range(5)))
    new = study(*(good(seed) for seed in range(10, 14)), bad(14, "no"))
    (change,) = compare(old, new)
    assert (change.paired, change.significant) == (False, False)
    assert change.p == pytest.approx(1.0)
    assert "may be chance" in change.words
    assert compare(old, study(good(0, tree="other"))) == []


def test_fisher_agrees_with_the_tea_tasting() -> None:
    assert fisher((3, 4), (1, 4)) == pytest.approx(0.4857, abs=1e-4)
    with pytest.raises(ValueError, match="successes of trials"):
        fisher((5, 4), (1, 4))
