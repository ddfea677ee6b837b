"""Processes that share the tests do whole groups of files each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.sharing import GENESIS, group_of

FILES = {
    "test_a.py": 'import pytest\npytestmark = pytest.mark.xdist_group("pair")\n',
    "test_b.py": "",
    "test_c.py": 'import pytest\npytestmark = pytest.mark.xdist_group("pair")\n',
    "test_d.py": "",
}
CONFTEST = """
from tests.support import sharing
from tests.conftest import pytest_xdist_make_scheduler
sharing.ROOT = __import__("pathlib").Path(__file__).parent
"""
TEST = """
def test_who(request):
    with open("who.txt", "a") as file:
        file.write(f"{request.path.name} {request.config.workerinput['workerid']}\\n")
"""


@pytest.mark.slow
def test_a_file_and_a_group_of_files_are_done_by_one_process(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name, head in FILES.items():
        (tmp_path / name).write_text(head + "".join(TEST.replace("_who", f"_{number}") for number in range(4)))
    words = ["-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"]
    subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": ""}, check=True, timeout=300
    )
    lines = [line.split() for line in (tmp_path / "who.txt").read_text().splitlines()]
    workers = {name: {worker for file, worker in lines if file == name} for name in FILES}
    assert len(lines) == 4 * len(FILES)
    assert all(len(those) == 1 for those in workers.values())
    assert workers["test_a.py"] == workers["test_c.py"]
    assert len(set.union(*workers.values())) == 2


def test_a_mark_of_a_test_gives_the_group_of_its_file(request: pytest.FixtureRequest) -> None:
    """Of all tests that are collected with this one."""
    for item in request.session.items:
        file = item.nodeid.partition("::")[0]
        named = {mark.args[0] for mark in item.iter_markers("xdist_group")}
        if item.get_closest_marker("simulation"):
            named.add(GENESIS)
        assert named <= {group_of(file)}, file
