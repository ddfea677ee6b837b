"""The command of the wheel, in an environment of its own, among strangers' packages with our names."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from pathlib import Path

import pytest

from spot_grasp_main import PACKAGES
from tests.support.installed import ROOT, Installed

pytestmark = [pytest.mark.xdist_group("installed"), pytest.mark.slow]
POISON = "raise ImportError('a stranger was imported')\n"


def strangers(folder: Path, *names: str) -> Path:
    """Packages and modules that must not be imported."""
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(POISON)
    return folder


@pytest.mark.parametrize("name", [*PACKAGES, "all of them"])
def test_folders_of_our_names_on_the_path_and_in_the_folder_are_left_alone(
    installed: Installed, tmp_path: Path, name: str
) -> None:
    names = [*PACKAGES, "tests", "spot_grasp"] if name == "all of them" else [name]
    overlay = strangers(tmp_path / "overlay", *names)
    here = strangers(tmp_path / "here", *names)
    path = os.pathsep.join((str(overlay), "", "."))
    done = installed.run(
        str(installed.command), "run", "search", "--robot", "fake", "--view", "none", folder=here, PYTHONPATH=path
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_dash_m_app_finds_the_rest_of_its_own(installed: Installed, tmp_path: Path) -> None:
    overlay = strangers(tmp_path, "perception", "trees", "behaviours")
    words = ("-m", "app", "check", "grasp_bottle")
    done = installed.run(str(installed.python), *words, folder=overlay, PYTHONPATH=str(overlay))
    assert done.returncode == 0, done.stderr


def test_worker_processes_find_ours_too(installed: Installed, tmp_path: Path) -> None:
    overlay = strangers(tmp_path, "training", "perception")
    script = tmp_path / "script"  # as pip writes it: what starts a worker imports it again
    script.write_text(
        "from spot_grasp_main import console\n"
        "if __name__ == '__main__':\n"
        "    from training.common.mapping import LocalMapper\n"
        "    print(list(LocalMapper(1).map(len, ['abc'], int)))\n"
    )
    done = installed.run(str(installed.python), str(script), folder=overlay, PYTHONPATH=str(overlay))
    assert done.stdout == "[3]\n", done.stderr


def test_where_a_stranger_was_imported_before_it_says_so_in_one_line(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "trees").mkdir()
    (tmp_path / "trees" / "__init__.py").touch()
    (tmp_path / "sitecustomize.py").write_text("import trees\n")
    done = installed.run(str(installed.command), "--version", folder=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"'trees' of {tmp_path / 'trees'}" in line
    assert "sitecustomize" in line


def test_from_a_clone_the_same(tmp_path: Path) -> None:
    overlay = strangers(tmp_path, *PACKAGES[1:])
    script = "import sys; sys.path.insert(0, sys.argv.pop(1)); import spot_grasp_main; spot_grasp_main.console()"
    path = os.pathsep.join((str(overlay), str(ROOT)))
    done = Installed(ROOT, Path(sys.executable)).run(
        sys.executable, "-c", script, str(overlay), "nodes", folder=tmp_path, PYTHONPATH=path
    )
    assert done.returncode == 0, done.stderr
    assert "DetectObject" in done.stdout


def test_the_wheel_is_typed_and_its_page_has_no_dead_link(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
        (metadata,) = (wheel.read(name).decode() for name in names if name.endswith("/METADATA"))
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        *PACKAGES,
        "spot_grasp_main.py",
        "spot_grasp_pytest.py",
    }
    assert not re.search(r"\]\((?!https://)", metadata)
    assert "Project-URL" not in metadata
    assert "spot-grasp doctor" in metadata
