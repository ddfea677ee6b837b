"""What ends a run from within, and programs that a simulated Spot has started: nothing is left, the code is right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from tests.support.places import ROOT
from tests.support.signalled import HEED_HANGUP

TREE = (
    """<root BTCPP_format="4" main_tree_to_execute="T"><BehaviorTree ID="T"><Report text="a"/></BehaviorTree></root>"""
)


@pytest.mark.parametrize("error", [SystemExit(0), SystemExit(), GeneratorExit(), RecursionError("deep")])
@pytest.mark.parametrize(
    "place", ["behaviours.leaves.telling.Report.update", "behaviours.recording.monitor.Monitor.tick"]
)
def test_whatever_is_raised_in_a_run_is_an_error_and_no_success(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    place: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(place, fail)
    monkeypatch.chdir(tmp_path)
    Path("t.xml").write_text(TREE)
    assert main(["run", "t.xml", "--robot", "fake", "--view", "none", "--record", "r", "--json"], Interrupts()) == 3
    told = capsys.readouterr()
    result = json.loads(Path("r/result.json").read_text())
    assert (result["status"], result["exit_code"]) == ("error", 3)
    assert json.loads(told.out) == result
    assert told.err.count("\n") == 1
    assert "Traceback" not in told.err


FAMILY = """
import os, subprocess, sys, time
deaf = "import signal; signal.signal(15, signal.SIG_IGN);" if sys.argv[2] == "SIGTERM" else ""
child = subprocess.Popen([sys.executable, "-c", deaf + "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid}")
if sys.argv[2] == "ends":
    sys.exit(7)
time.sleep(600)
"""


def alive(pid: int) -> bool:
    """Whether a process still runs; one that has ended and not been asked for its code does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "ends"])
def test_a_simulated_spot_leaves_no_program_and_no_password(tmp_path: Path, name: str) -> None:
    pytest.importorskip("bosdyn.client")
    program, mark, scratch = tmp_path / "family.py", tmp_path / "pids", tmp_path / "scratch"
    program.write_text(FAMILY)
    scratch.mkdir()
    command = [sys.executable, "-c", HEED_HANGUP]
    command += ["simulate", "--robot", "fake", "--log", str(tmp_path / "log"), "--exec"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)}
    process = subprocess.Popen([*command, f"python {program} {mark} {name}"], env=environment)
    try:
        end_s = time.monotonic() + 120.0
        while not (mark.exists() and mark.read_text().count(" ")):
            assert process.poll() is None
            assert time.monotonic() < end_s
            time.sleep(0.01)
        if name != "ends":
            process.send_signal(getattr(signal, name))
        assert process.wait(120) == (7 if name == "ends" else 130)
    finally:
        process.kill()
        process.wait()
    assert not any(alive(int(pid)) for pid in mark.read_text().split())
    assert not list(scratch.iterdir())


def test_an_unbalanced_quote_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, words in (("python 'a", "quot"), ("", "--exec needs a command"), ("a \\", "no escaped character")):
        assert main(["simulate", "--robot", "fake", "--exec", command], Interrupts()) == 2
        err = capsys.readouterr().err
        assert words in err
        assert err.count("\n") == 1
