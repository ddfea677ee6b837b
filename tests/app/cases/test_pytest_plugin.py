"""The pytest plugin in a folder of somebody else's tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.app.cases.test_cases import GOOD, TREE, cases
from tests.support.places import ROOT


def run_pytest(folder: Path, *words: str) -> tuple[int, str]:
    """The exit code and the output of pytest in a folder, in a process of its own."""
    script = f"import sys; sys.path.append({str(ROOT)!r}); import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    command = [sys.executable, "-c", script, "-p", "spot_grasp_pytest", "-p", "no:cacheprovider", "-v", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_cases_beside_a_tree_are_collected_and_run(tmp_path: Path) -> None:
    cases(tmp_path, f"complete = true\n{GOOD}")
    (tmp_path / "other.test.toml").write_text("nothing = 'of ours'\n")
    code, output = run_pytest(tmp_path)
    assert code == 0, output
    assert "greet.test.toml::the way is blocked PASSED" in output
    assert "greet.test.toml::all of the tree is seen PASSED" in output
    assert "5 passed" in output
    code, output = run_pytest(tmp_path, "-k", "lost or seen")
    assert "1 passed, 1 skipped" in output, "coverage is not judged by some of the cases"


def test_what_is_otherwise_than_expected_and_what_was_not_seen_is_told_in_lines(tmp_path: Path) -> None:
    cases(tmp_path, 'complete = true\n[[case]]\nname = "one"\nexpect = { status = "failure" }\n')
    code, output = run_pytest(tmp_path)
    assert code == 1
    assert "one: status: expected failure, came success" in output
    assert "greet.xml:17: Raise/Sequence/Up: never seen: FAILURE" in output
    assert "Traceback" not in output


def test_a_mistake_in_a_file_is_an_error_of_its_collection(tmp_path: Path) -> None:
    cases(tmp_path, '[[case]]\nname = "one"\nworld = { slip = 1 }\n')
    code, output = run_pytest(tmp_path)
    assert code == 2
    assert "case 'one': world: slip: unknown key. Did you mean 'slips'?" in output


def test_the_fixture_runs_a_tree_in_a_world(tmp_path: Path) -> None:
    (tmp_path / "greet.xml").write_text(TREE)
    (tmp_path / "test_greet.py").write_text(
        "def test_blocked(spot_grasp_tree):\n"
        "    played = spot_grasp_tree('greet.xml', world={'walk_blocked': True})\n"
        "    assert played.status == 'success'\n"
        "    assert played.reports == ('I stay here', 'hello')\n"
        "    assert played.ended('There', 'FAILURE') == 1\n"
        "    assert played.visited('Sorry')\n"
    )
    code, output = run_pytest(tmp_path)
    assert (code, "1 passed" in output) == (0, True), output


def test_the_plugin_imports_nothing_of_ours_before_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("MINE = True\n")
    (tmp_path / "test_mine.py").write_text(
        "import sys\nimport app\n\ndef test_mine():\n    assert app.MINE\n    assert 'trees' not in sys.modules\n"
    )
    code, output = run_pytest(tmp_path)
    assert code == 0, output


def test_packages_of_the_same_name_are_named_where_they_are_in_the_way(tmp_path: Path) -> None:
    cases(tmp_path, GOOD)
    (tmp_path / "conftest.py").write_text("import app\n")
    (tmp_path / "app.py").write_text("MINE = True\n")
    code, output = run_pytest(tmp_path)
    assert code != 0
    assert "spot-grasp cannot run its cases here: the package 'app'" in output
