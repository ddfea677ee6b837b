"""`spot-grasp test` on the fake robot: what runs, what is kept, and that a worker that is reused changes nothing."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.session.options import RunOptions
from app.trials.outcome import LOST, Outcome
from app.trials.plan import command_of, plan
from app.trials.run import Reports
from app.trials.run import test as run_test
from app.trials.trial import Trial, run_trial
from perception.base.errors import ConfigError
from training.common.mapping import LocalMapper

FAKE = RunOptions("", robot="fake")
FAILING = '<root BTCPP_format="4"><BehaviorTree ID="Main"><AlwaysFailure name="never"/></BehaviorTree></root>'


def spot_grasp(*words: str | Path) -> int:
    return main(["test", *map(str, words), "--robot", "fake"], Interrupts())


def log_of(run: Path) -> list[dict[str, Any]]:
    """The log without what depends on the machine's time and the folder's name."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [
        {key: value for key, value in line.items() if key not in ("cpu_s", "wall_s", "run", "exit_code")}
        for line in lines
        if line["event"] != "overrun"
    ]


def pictures_of(run: Path) -> dict[str, bytes]:
    """Every picture of a run, by its path in the folder."""
    return {str(file.relative_to(run)): file.read_bytes() for file in sorted(run.rglob("*.png"))}


class Here:
    """Runs the trials in this process, one after another: a worker that is reused."""

    def map(
        self, function: Callable[[Any], Any], jobs: Sequence[Any], start: Callable[[], None], lost: Any = None
    ) -> Generator[Any, None, None]:
        start()
        for job in jobs:
            yield function(job)


def test_a_reused_worker_gives_the_same_bytes_as_a_run_of_its_own(tmp_path: Path) -> None:
    trials = plan(["grasp_bottle", "search"], [3, 4], FAKE, tmp_path / "test", keep=True)
    outcomes = [run_trial(trial) for trial in trials]
    assert [outcome.success for outcome in outcomes] == [True] * 4
    for trial in trials[1::2]:
        alone = tmp_path / f"alone-{trial.options.tree}"
        words = trial.command.split()[1:]
        assert main([*words, "--record", str(alone), "--view", "none"], Interrupts()) == 0
        assert log_of(trial.folder) == log_of(alone)
        assert pictures_of(trial.folder) == pictures_of(alone)


def test_what_succeeded_is_counted_and_what_failed_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "never.xml").write_text(FAILING)
    place = tmp_path / "t"
    code = spot_grasp(
        "search", tmp_path / "never.xml", "--seeds", "0,2-3", "--workers", 2, "--record", place,
        "--junit", tmp_path / "junit.xml", "--html", tmp_path / "report.html",
    )  # fmt: skip
    assert code == 1
    assert sorted(path.name for path in place.iterdir()) == ["never-0", "never-2", "never-3", "results.json"]
    out, err = capsys.readouterr()
    assert "search: 3 of 3 = 100.0 %" in out
    assert "3 x failure: failed at Main/never: no reason given (seed 0, 2, 3)" in out
    assert "spot-grasp run " in out
    assert err.count("wall\n") == 6
    page = (tmp_path / "report.html").read_text()
    assert "never.xml: 0 of 3" in page
    assert page.count('<details class="run">') == 3  # what failed can be read without its folders
    assert page.count("What was asked") == 3
    assert 'failures="3"' in (tmp_path / "junit.xml").read_text()


def test_the_exit_code_follows_the_share_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "never.xml").write_text(FAILING)
    trials = plan([str(tmp_path / "never.xml")], [0], FAKE, tmp_path / "t", keep=False)
    assert run_test(trials, Here(), Reports(tmp_path / "t"), at_least=0.0) == 0
    assert run_test(
        [replace(trial, options=replace(trial.options, record=tmp_path / "u")) for trial in trials],
        Here(), Reports(tmp_path / "u"), at_least=0.01,
    ) == 1  # fmt: skip


def test_a_second_test_says_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert spot_grasp("search", "--record", tmp_path / "old") == 0
    assert spot_grasp("search", "--record", tmp_path / "new", "--compare", tmp_path / "old", "--json") == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["changes"] == ["search: 1 of 1 as before, with the same seeds"]
    assert result["trees"][0]["successes"] == 1


def killed_on_seed_1(trial: Trial) -> Outcome:
    if trial.options.seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(trial.options.tree, trial.options.seed, "success")


def nothing() -> None:
    pass


def test_a_worker_that_dies_loses_its_trial_alone(tmp_path: Path) -> None:
    trials = plan(["search"], range(4), FAKE, tmp_path, keep=False)
    outcomes = {
        outcome.seed: outcome for outcome in LocalMapper(2).map(killed_on_seed_1, trials, nothing, lost=Trial.lost)
    }
    assert [outcomes[seed].status for seed in range(4)] == ["success", LOST, "success", "success"]
    assert "was killed by SIGKILL" in outcomes[1].reason
    assert outcomes[1].command == "spot-grasp run search --robot fake --seed 1"


class Interrupted(Here):
    def map(self, *words: Any, **more: Any) -> Generator[Any, None, None]:
        yield from super().map(*words, **more)
        raise KeyboardInterrupt


def test_an_interruption_prints_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trials = plan(["search"], [0], FAKE, tmp_path / "t", keep=False)
    with pytest.raises(KeyboardInterrupt):
        run_test(trials, Interrupted(), Reports(tmp_path / "t", junit=tmp_path / "j.xml"), at_least=1.0)
    assert "1 of 1 trials succeeded" in capsys.readouterr().out
    assert (tmp_path / "j.xml").exists()
    assert (tmp_path / "t" / "results.json").exists()


def test_the_command_of_a_trial_repeats_its_options(tmp_path: Path) -> None:
    scene = RunOptions("my tree.xml", seed=7, robot_options={"scene": "fetch", "ideal_depth": True, "device": None})
    words = "spot-grasp run 'my tree.xml' --robot genesis --seed 7 --settings s.toml --time-limit 30 --folder parts"
    more = replace(scene, settings=Path("s.toml"), time_limit_s=30.0, folders=("parts",))
    assert command_of(more) == f"{words} --scene fetch --ideal-depth"


def test_nobody_tests_on_a_real_spot(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--hostname sim"):
        plan(
            ["search"], [0], replace(FAKE, robot="spot", robot_options={"hostname": "192.0.2.1"}), tmp_path, keep=False
        )


def test_a_mistake_is_told_before_any_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began_s = time.monotonic()
    assert spot_grasp("serch", "--record", tmp_path / "t") == 2
    assert "search" in capsys.readouterr().err
    assert time.monotonic() - began_s < 60
    assert spot_grasp("search", "search", "--record", tmp_path / "u") == 2
    with pytest.raises(SystemExit):
        spot_grasp("search", "--seeds", "3-1")
