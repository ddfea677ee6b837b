"""A worker keeps its simulator: the runs that follow in it are those of a process of their own, byte for byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.session.options import RunOptions
from app.trials.plan import plan
from app.trials.trial import run_trial
from tests.app.trials.test_trials import log_of, pictures_of
from tests.support.places import ROOT


@pytest.mark.simulation
def test_the_second_seed_in_a_process_is_the_same_as_in_one_of_its_own(tmp_path: Path) -> None:
    trials = plan(["grasp_bottle"], [1, 0], RunOptions(""), tmp_path / "test", keep=True)
    for trial in trials:
        run_trial(trial)
    second, alone = trials[1], tmp_path / "alone"
    words = [*second.command.split()[1:], "--record", str(alone), "--view", "none"]
    subprocess.run([sys.executable, "-m", "app", *words], cwd=ROOT, check=False, capture_output=True)
    assert log_of(second.folder) == log_of(alone)
    assert pictures_of(second.folder) == pictures_of(alone)
    assert len(pictures_of(alone)) > 4


@pytest.mark.slow
@pytest.mark.simulation
def test_two_runs_of_a_seed_in_two_processes_are_the_same(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "app", "run", "grasp_bottle", "--robot", "genesis", "--seed", "2"]
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        subprocess.run([*words, "--record", str(folder), "--view", "none"], cwd=ROOT, check=True, capture_output=True)
    one, other = folders
    states = (one / "states.csv").read_bytes()
    assert states.count(b"\n") > 100
    assert b"foot_fl_n" in states
    assert states == (other / "states.csv").read_bytes()
    assert log_of(one) == log_of(other)
    assert pictures_of(one) == pictures_of(other)
