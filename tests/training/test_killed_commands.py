"""The real commands, in physics, with workers killed at random moments: they end or go on, and lose nothing.

SPOT_GRASP_EXHAUSTIVE=20 asks for 20 moments of each command; without it nothing here runs, as it takes an hour.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.places import ROOT

MOMENTS = int(os.environ.get("SPOT_GRASP_EXHAUSTIVE", "0"))
pytestmark = [
    pytest.mark.skipif(not MOMENTS, reason="set SPOT_GRASP_EXHAUSTIVE=20 for 20 moments of each command"),
    pytest.mark.simulation,
    pytest.mark.timeout(7200),
]
COMMANDS = {
    "generate": "dataset generate --objects 1 --family mug --family can --scenes 4 --views 2 --samples 8",
    "grasp": "evaluate grasp --trials 14 --methods centroid,random",
    "packed": "evaluate packed --rounds 2 --methods centroid",
}
ERROR_S = 10.0
"""How long a command that gives up may go on after a worker was killed."""
HANG_S = 600.0
"""Without a kill a command ends within this, kernels compiled anew included."""


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_random_moments_it_ends_or_goes_on_and_the_result_is_the_same(name: str, tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")
    rng = random.Random(name)

    def start(out: Path) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "app", *COMMANDS[name].split(), "--workers", "2", "--out", str(out)]
        with (tmp_path / "said").open("w") as stderr:
            return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=stderr)

    def workers(command: subprocess.Popen[bytes]) -> list[int]:
        try:
            children = psutil.Process(command.pid).children()
            return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]
        except psutil.Error:
            return []

    assert start(tmp_path / "whole").wait(HANG_S) == 0, (tmp_path / "said").read_text()
    killed = errors = 0
    slowest_s = 0.0
    while True:
        command = start(tmp_path / "killed")
        struck_s = time.monotonic()
        due_s = struck_s + rng.uniform(0.0, 20.0)
        while command.poll() is None:
            assert time.monotonic() - struck_s < HANG_S, "it hangs"
            if killed < MOMENTS and time.monotonic() >= due_s and (found := workers(command)):
                os.kill(rng.choice(found), 9)
                killed, struck_s = killed + 1, time.monotonic()
                due_s = struck_s + rng.uniform(0.0, 20.0)
            time.sleep(0.02)
        said = (tmp_path / "said").read_text()
        if command.returncode == 0:
            if killed >= MOMENTS:
                break
            for file in (path for path in (tmp_path / "killed").rglob("*") if path.is_file()):
                file.unlink()  # begun again until there were enough moments
            continue
        assert command.returncode == 3, said
        assert "its worker was replaced and died again: it was killed by SIGKILL" in said.splitlines()[-1]
        errors, slowest_s = errors + 1, max(slowest_s, time.monotonic() - struck_s)
    assert slowest_s < ERROR_S
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    print(f"{name}: {killed} kills, {errors} errors and resumed, the slowest after {slowest_s:.2f} s, same bytes")


def contents(folder: Path) -> dict[str, bytes]:
    """All files but those that hold times."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith("times")}
