"""Bad files of every kind that a command reads: exit code 2 and one line, within 5 s and 1 GB.

SPOT_GRASP_EXHAUSTIVE=1000 makes so many of each kind, and prints what came of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.support.places import ROOT


@pytest.mark.slow
@pytest.mark.skipif(find_spec("genesis") is None, reason="some of the commands need it")
def test_bad_files_are_refused_in_one_line_soon_and_with_little_memory() -> None:
    """In a process without threads, for it parts into others."""
    count = os.environ.get("SPOT_GRASP_EXHAUSTIVE", "4")
    command = [sys.executable, "-m", "tests.app.bad_files", count]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as study:
        assert study.stdout is not None
        results = []
        for line in study.stdout:
            sys.stdout.write(line)
            results.append(json.loads(line))
    assert study.returncode == 0
    assert len(results) > 30
    assert {result["kind"]: result["wrong"] for result in results if result["wrong"]} == {}
    assert sum(result["refused"] for result in results) > sum(result["valid"] for result in results)
