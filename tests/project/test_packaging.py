"""The distribution: what it ships, what it pulls in, and the two commands of the README."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
SIMULATOR_ONLY = {"torch", "genesis-world", "trimesh", "imageio-ffmpeg", "ultralytics", "torchvision"}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!\[; ]", line)[0].lower() for line in requirements}


def direct_dependencies() -> set[str]:
    everything = names(PROJECT["project"]["dependencies"])
    return everything.union(*(names(extra) for extra in EXTRAS.values())) - {"spot-grasp"}


def test_a_robot_side_install_pulls_neither_torch_nor_genesis() -> None:
    light = names(PROJECT["project"]["dependencies"]) | names(EXTRAS["spot"])
    assert light & SIMULATOR_ONLY == set()
    assert {"torch", "genesis-world"} <= names(EXTRAS["sim"])


def test_nothing_asks_for_torchvision_or_ultralytics_with_their_own_dependencies() -> None:
    everything = names(PROJECT["project"]["dependencies"]) | {
        name for extra in EXTRAS.values() for name in names(extra)
    }
    assert everything & {"torchvision", "ultralytics"} == set()
    assert "--no-deps $(ULTRALYTICS)" in (ROOT / "Makefile").read_text()


def test_constraints_pin_every_direct_dependency_exactly() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), lines
    pinned = dict(line.lower().split("==") for line in lines)
    assert pinned["torch"] == re.search(r"^TORCH := (.*)$", (ROOT / "Makefile").read_text(), re.M)[1]  # type: ignore[index]
    assert direct_dependencies() <= set(pinned)


def test_the_wheel_ships_the_six_packages_and_their_files_but_no_tests() -> None:
    tool = PROJECT["tool"]["setuptools"]
    # in a process of its own: setuptools replaces distutils, which another test may have imported
    code = (
        "import json, sys, setuptools; print(json.dumps(setuptools.find_packages(sys.argv[1], include=sys.argv[2:])))"
    )
    command = [sys.executable, "-c", code, str(ROOT), *tool["packages"]["find"]["include"]]
    packages = set(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    found = {name.split(".")[0] for name in packages}
    assert found == {"app", "behaviours", "perception", "simulation", "training", "trees"}
    for package in found:
        for file in (ROOT / package).rglob("*.py"):
            assert ".".join(file.parent.relative_to(ROOT).parts) in packages, f"{file.parent} has no __init__.py"
    assert tool["py-modules"] == ["spot_grasp_main", "spot_grasp_pytest"]
    data = tool["package-data"]
    assert any("weights" in glob for glob in data["perception"])
    library = ROOT / "trees"
    shipped = {file for glob in data["trees"] for file in library.glob(glob)}
    assert shipped == {*library.rglob("*.xml"), *library.rglob("*.toml")}
    assert any(glob.endswith(".toml") for glob in data["simulation"])
    pages = {file for glob in data["app"] for file in (ROOT / "app").glob(glob)}
    assert pages == {file for ending in ("html", "css", "js") for file in (ROOT / "app").rglob(f"*.{ending}")} != set()


@pytest.mark.parametrize("file", [".ci/run", ".ci/system-packages"])
def test_scripts_are_executable_and_parse(file: str) -> None:
    assert os.access(ROOT / file, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / file)], check=True)


def test_an_installation_that_was_killed_is_finished_before_the_next(tmp_path: Path) -> None:
    said = {
        "dpkg-query": "exit 1",
        "id": "echo 0",
        "dpkg": 'rm "$HALF"',
        "apt-get": '[ ! -e "$HALF" ] || { echo "E: dpkg was interrupted" >&2; exit 100; }; echo "$@" >> "$LOG"',
        "apt-cache": "exit 0",
    }
    for name, line in said.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    half, log = tmp_path / "half", tmp_path / "log"
    half.touch()
    places = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HALF": str(half), "LOG": str(log)}
    subprocess.run(["bash", str(ROOT / ".ci/system-packages"), "git"], check=True, env={**os.environ, **places})
    assert [line.split()[5] for line in log.read_text().splitlines()] == ["update", "install"]
    assert log.read_text().split()[-1] == "libosmesa6"


@pytest.mark.parametrize(("goal", "words"), [("demo", "run grasp_bottle --robot genesis"), ("test", "pytest")])
def test_the_two_commands_exist_and_end_with_what_they_promise(goal: str, words: str) -> None:
    done = subprocess.run(["make", "-n", goal], capture_output=True, text=True, check=True, cwd=ROOT)
    assert words in done.stdout.strip().splitlines()[-1]
    assert f"make {goal}" in (ROOT / "README.md").read_text()


def test_no_machine_paths_or_hosts_in_the_set_up() -> None:
    files = ["Makefile", ".ci/run", ".ci/system-packages", "constraints.txt", "pyproject.toml", "README.md"]
    for file in files:
        text = (ROOT / file).read_text()
        assert not re.search(r"https?://\S*(pypi|pytorch\.org/whl)|/(work|home|root|tmp)/", text), file


def test_the_licence_is_the_one_declared() -> None:
    assert PROJECT["project"]["license"] == "MIT"
    text = (ROOT / "LICENSE").read_text()
    assert text.startswith("MIT License")
    assert "spot-grasp authors" in text


@pytest.mark.parametrize(
    ("said", "ordinary", "status"),
    [
        ("", False, 0),
        ("ERROR: No matching distribution found for torch==2.13.0+cpu", True, 0),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", False, 2),
    ],
)
def test_make_takes_the_ordinary_torch_only_where_there_is_no_cpu_wheel(
    tmp_path: Path, said: str, ordinary: bool, status: int
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    text = (
        '#!/bin/sh\necho "$@" >> "$LOG"\ncase "$*" in *+cpu*) [ -z "$SAID" ] || { echo "$SAID" >&2; exit 1; } ;; esac\n'
    )
    python.write_text(text)
    python.chmod(0o755)
    (tmp_path / ".python").touch()
    command = ["make", "-C", str(ROOT), f"VENV={tmp_path}", "-o", str(tmp_path / ".python"), str(tmp_path / ".torch")]
    ran = subprocess.run(
        command, env={**os.environ, "LOG": str(tmp_path / "log"), "SAID": said}, capture_output=True, text=True
    )
    asked = (tmp_path / "log").read_text().splitlines()
    assert ran.returncode == status, ran.stderr
    assert asked[0].endswith("torch==2.13.0+cpu")
    assert [line.endswith("torch==2.13.0") for line in asked[1:]] == ([True] if ordinary else [])
    assert (tmp_path / ".torch").exists() is (status == 0)
    assert status == 0 or ("No space left" in ran.stderr and "5 GB" in ran.stderr)
