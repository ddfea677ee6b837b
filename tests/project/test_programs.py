"""`python -m MODULE` of every program of ours ends as a command does: one line and the same exit codes."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.project.test_imports import ROOT, product_files

GUARD = """if __name__ == "__main__":  # before the imports below, so that a missing package is reported in one line
    from spot_grasp_main import program

    program("{}")
"""
PROGRAMS = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in product_files()
    if re.search(r"^def main\(\) -> None:$", file.read_text(), re.M)
]
WITHOUT = """
import runpy, sys
lacking, module = sys.argv[1:3]

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == lacking:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
del sys.argv[1:3]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def test_every_program_has_the_guard_with_its_own_name() -> None:
    assert len(PROGRAMS) >= 15
    for module in PROGRAMS:
        assert GUARD.format(module) in (ROOT / f"{module.replace('.', '/')}.py").read_text(), module
    guarded = [file for file in product_files() if "from spot_grasp_main import program" in file.read_text()]
    assert len(guarded) == len(PROGRAMS)


@pytest.mark.parametrize(
    ("lacking", "module"),
    [
        ("torch", "training.heatmap.train"),
        ("torch", "training.detector.train"),
        ("torch", "training.detector.average"),
        ("numba", "training.detector.rendered.composite"),
    ],
)
def test_a_missing_package_is_one_line(lacking: str, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, lacking, module], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"spot-grasp: the package '{lacking}' is not installed: ")


def test_an_error_is_one_line_with_the_exit_code_of_a_command() -> None:
    words = ["-m", "simulation.trials.compare_gripper", "--reference", "nowhere", "--grasps", "0"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "spot-grasp: --grasps 0 must be at least 1\n"
