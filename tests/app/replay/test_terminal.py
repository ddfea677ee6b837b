"""Replay as a command: real runs, bad usage, and on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.replay.deck import Deck
from app.replay.player import names_of
from app.session.options import RunOptions
from app.session.run import run
from behaviours.recording.recording import read_recording
from tests.app.replay.test_replay import written
from tests.support.places import ROOT


def test_the_command_plays_a_real_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(RunOptions("grasp_bottle", robot="fake", view="none", record=tmp_path / "r"), Interrupts()) == 0
    capsys.readouterr()
    assert main(["replay", str(tmp_path / "r"), "--from", "10"], Interrupts()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "success"
    assert lines[-2].endswith("GraspBottle/Sequence  RUNNING -> SUCCESS")
    deck = Deck(read_recording(tmp_path / "r"), watch=["object"])
    deck.key("end")
    assert {row.status for row in deck.snapshot().rows} <= {"SUCCESS", "IDLE"}
    assert "label: bottle" in deck.snapshot().watched[0][1]


@pytest.mark.parametrize("speed", ["0", "nan", "inf", "fast", "1001", "-0"])
def test_a_speed_that_is_none_is_bad_usage(speed: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["replay", "x", f"--speed={speed}"], Interrupts())
    assert raised.value.code == 2


def test_a_missing_run_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "nothing")], Interrupts()) == 2
    assert "give the folder of a run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (" ", ["space"]),
        ("\x1b[C\x1b[D", ["right", "left"]),
        ("\x1bOA+", ["up", "+"]),
        ("=-_", ["+", "-", "-"]),
        ("\x1b", ["\x1b"]),
        ("\x1b[", ["\x1b", "["]),
        ("Q\x04", ["q", "q"]),
        ("", []),
    ],
)
def test_the_keys_of_terminals(text: str, names: list[str]) -> None:
    assert names_of(text) == names


def read_until(terminal: int, words: str) -> str:
    """What comes from a terminal until `words` have come, or for at most 2 minutes."""
    text, end = "", time.monotonic() + 120.0
    while words not in text and time.monotonic() < end:
        if select.select([terminal], [], [], 1.0)[0]:
            text += os.read(terminal, 65536).decode("utf-8", "replace")
    return text


@pytest.mark.parametrize("way", ["q", "gone"])
def test_on_a_terminal_it_plays_in_place_obeys_keys_and_leaves_the_terminal_as_it_was(tmp_path: Path, way: str) -> None:
    written(tmp_path)
    here, there = pty.openpty()
    before = termios.tcgetattr(there)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "app", "replay", str(tmp_path), "--speed", "0.001"]
    process = subprocess.Popen(command, stdin=there, stdout=there, stderr=there, env=environment)
    try:
        assert "×0.001" in read_until(here, "×0.001")
        os.write(here, b"\x1b[F")
        assert "failure failed at Main/b: no" in read_until(here, "failure failed at Main/b: no")
        if way == "q":
            os.write(here, b"q")
            assert process.wait(120) == 0
            assert termios.tcgetattr(there) == before
        else:
            process.terminate()
            assert process.wait(120) == 130
            assert termios.tcgetattr(there) == before
    finally:
        process.kill()
        process.wait()
        os.close(there)
        os.close(here)
