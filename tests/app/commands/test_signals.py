"""Signals at any moment of a command."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from tests.app.commands.test_cli import COMMAND
from tests.support.places import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def start(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    """A run of the fake, so slow that a signal comes before its end."""
    command = [*COMMAND, "run", "grasp_bottle", "--robot", "fake", "--real-time", "--view", "plain", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, cwd=folder, env=environment, **pipes)  # type: ignore[call-overload,no-any-return]


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", range(3))
def test_a_signal_at_any_moment_ends_whole_with_130(tmp_path: Path, number: signal.Signals, moment: int) -> None:
    process = start(["--record", "r", "--json"], tmp_path)
    wait_for(tmp_path / "r" / "log.jsonl", process)
    time.sleep(random.Random(f"{number}{moment}").uniform(0.0, 1.0))
    process.send_signal(number)
    process.send_signal(number)  # an impatient second one
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert err.splitlines()[-1] == f"spot-grasp: interrupted by {number.name}"
    result = json.loads((tmp_path / "r" / "result.json").read_text())
    assert result["status"] == "interrupted"
    assert json.loads(out.splitlines()[-1]) == result
    for line in (tmp_path / "r" / "log.jsonl").read_text().splitlines():
        json.loads(line)
    assert not list((tmp_path / "r").rglob("*.part"))


@pytest.mark.parametrize("step", ["new_folder", "RunFolder", "compose"])
def test_a_signal_between_two_steps_of_the_start_leaves_a_whole_folder_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from app.session import compose, run
    from behaviours.recording import session

    home = {"new_folder": run, "RunFolder": session, "compose": compose}[step]
    original = getattr(home, step)

    def then_a_signal(*arguments: Any) -> Any:
        made = original(*arguments)
        os.kill(os.getpid(), signal.SIGTERM)
        return made

    monkeypatch.setattr(home, step, then_a_signal)
    with Interrupts() as interrupts:
        assert main(["run", "grasp_bottle", "--robot", "fake", "--view", "none", "--record", "r"], interrupts) == 130
    folder = tmp_path / "r"
    assert folder.exists() == (step == "RunFolder")
    assert not folder.exists() or json.loads((folder / "result.json").read_text())["status"] == "interrupted"


SIGNALLED = """
import os, signal, sys
module = sys.argv.pop(1)

class Signal:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Signal())
from app.entry import console
console()
"""


@pytest.mark.parametrize(
    "module",
    ["app.commands.dispatch", "argparse", "app.session.run", "trees", "numpy", "cv2", "structlog", "rich.live"],
)
def test_a_signal_while_importing_ends_with_130_and_nothing_half_made(tmp_path: Path, module: str) -> None:
    """The signal comes as soon as the program looks for this module."""
    options = ["--robot", "fake", "--view", "live", "--record", "r"]
    command = [sys.executable, "-c", SIGNALLED, module, "run", "grasp_bottle", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert "interrupted by SIGTERM" in done.stderr
    folder = tmp_path / "r"
    assert not folder.exists() or (folder / "result.json").exists()
