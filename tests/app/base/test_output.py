"""Text to people: whoever reads, or does not, holds nothing up, and nothing that is told can command a terminal."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.output import LIMIT, Outlet, note, tell, warn
from tests.support.places import ROOT

APP = ROOT / "app"
COMMAND = [sys.executable, "-m", "app"]


def full_pipe() -> tuple[int, int]:
    """A pipe that takes nothing more, as of a reader that does not read."""
    here, there = os.pipe()
    os.set_blocking(there, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(there, b"x" * 4096)
    os.set_blocking(there, True)
    return here, there


def test_only_one_file_of_the_program_writes_to_the_streams() -> None:
    found = []
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            text = ast.unparse(node.func)
            if text == "print" or text.startswith(("sys.stdout.write", "sys.stderr.write")):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert {place.split(":")[0] for place in found} == {"app/base/output.py"}


def test_a_hurried_outlet_never_waits_and_keeps_the_newest() -> None:
    here, there = full_pipe()
    outlet = Outlet(there)
    outlet.hurried = True
    lines = 3 * LIMIT // 1000
    for number in range(lines):
        outlet.write(b"%999d\n" % number)
    outlet.flush()
    assert not outlet.drain(0.0)
    kept: list[bytes] = []
    while not kept or kept[-1] != b"%999d\n" % (lines - 1):
        kept += [line for line in os.read(here, 1 << 20).splitlines(keepends=True) if line.startswith(b" ")]
    assert len(kept) <= LIMIT // 1000 + 1


def test_a_hurried_outlet_gives_up_when_its_reader_has_gone() -> None:
    here, there = full_pipe()
    outlet = Outlet(there)
    outlet.hurried = True
    outlet.write(b"something")
    os.close(here)
    assert outlet.drain(60.0)
    assert isinstance(outlet.failed, BrokenPipeError)
    assert outlet.write(b"more") == 4


def test_a_patient_outlet_waits_for_its_reader_and_loses_nothing() -> None:
    here, there = full_pipe()
    outlet = Outlet(there)
    lines = [b"%999d\n" % number for number in range(3 * LIMIT // 1000)]
    writer = threading.Thread(target=lambda: [outlet.write(line) for line in lines])
    writer.start()
    writer.join(0.2)
    assert writer.is_alive(), "the reader has read nothing yet"
    read = b""
    while not read.endswith(lines[-1]):
        read += os.read(here, 65536)
    writer.join()
    assert outlet.drain(60.0)
    assert read.lstrip(b"x") == b"".join(lines)


@given(text=st.text())
def test_nothing_that_a_terminal_obeys_is_told(text: str) -> None:
    for say in (tell, note, warn):
        stream = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "stderr", stream)
            say(text)
        assert all(letter.isprintable() or letter in "\n\t" for letter in stream.getvalue())
    assert stream.getvalue().count("\n") == 1


STREAMS = {
    "stdout full": (">/dev/full", 2),
    "stdout closed": (">&-", 0),
    "all closed": ("<&- >&- 2>&-", 0),
    "stderr full": ("2>/dev/full", 0),
    "a reader that goes": ("| true", 0),
    "an encoding without the letter": ("", 0),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", STREAMS)
@pytest.mark.parametrize("arguments", ["--version", "nodes", "--help"])
def test_commands_that_inform_and_a_stream_that_does_not_work(what: str, arguments: str) -> None:
    words, code = STREAMS[what]
    command = f"{sys.executable} -m app {arguments} {words}"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr == ("spot-grasp: cannot write to stdout: No space left on device\n" if code else "")


def test_what_is_typed_and_what_files_are_called_is_told_without_escapes() -> None:
    for arguments in (["check", "\x1b[2J.xml"], ["check", "grasp_bottle", "--x\x1b[2J"], ["replay", "\x9b2J"]):
        done = subprocess.run([*COMMAND, *arguments], capture_output=True, cwd=ROOT, timeout=120)
        assert done.returncode == 2
        assert b"\x1b" not in done.stdout + done.stderr
        assert "\x9b" not in (done.stdout + done.stderr).decode()


def test_a_forked_child_gets_the_streams_as_they_were() -> None:
    code = (
        "from app.base import output; output.install(); import os, sys; print('parent'); sys.stdout.flush()\n"
        "if os.fork() == 0: print('child', flush=True); os._exit(0)\n"
        "os.wait(); output.settle(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.stdout.splitlines() == ["parent", "child"], done.stderr
