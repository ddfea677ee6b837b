"""`spot-grasp test` on cases: what it prints, writes and returns."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from tests.app.cases.test_cases import GOOD, cases

POOR = 'complete = true\n[[case]]\nname = "one"\nexpect = { attempts = 1 }\n'


def run(*words: str) -> int:
    return main(["test", *words], Interrupts())


def test_cases_are_found_beside_a_tree_and_each_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = cases(tmp_path, f"complete = true\n{GOOD}")
    assert run(str(tmp_path / "greet.xml")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("  ok    all goes well: 4.0 s on the robot, ")
    assert lines[-2] == "  seen: 16 of 16 outcomes of 11 nodes"
    assert lines[-1].startswith(f"{file}: 4 cases, 0 failed; ")


def test_what_fails_and_what_was_not_seen_is_told_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, page, xml = cases(tmp_path, POOR), tmp_path / "seen.html", tmp_path / "out.xml"
    assert run(str(file), "--coverage", str(page), "--junit", str(xml)) == 1
    text = capsys.readouterr().out
    assert "  FAIL  one: " in text
    assert "          attempts: expected 1, came 0\n" in text
    assert f"{tmp_path / 'greet.xml'}:17: Raise/Sequence/Up: never seen: FAILURE\n" in text
    assert "1 cases, 1 failed, and not all of the tree was seen; " in text
    drawn = page.read_text()
    assert "never ticked; never seen: SUCCESS" in drawn
    assert 'style="--hue:#b03030"' in drawn
    suite = ElementTree.parse(xml).getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    assert [case.get("name") for case in suite] == ["one", "all of the tree is seen"]


def test_programs_get_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = cases(tmp_path, POOR)
    assert run(str(file), "--json") == 1
    (result,) = json.loads(capsys.readouterr().out)["files"]
    assert result["cases"][0]["wrong"] == ["attempts: expected 1, came 0"]
    assert {
        "file": str(tmp_path / "greet.xml"),
        "line": 17,
        "node": "Raise/Sequence/Up",
        "outcomes": ["FAILURE"],
    } in result["unseen"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["greet.test.toml", "--robot", "fake"], "cases are played on the fake robot; leave out --robot and --seeds"),
        (["greet.test.toml", "bare.xml"], "bare.xml: has no cases beside it"),
        (["greet.test.toml", "--coverage", "seen.png"], "name it .svg or .html"),
        (["none.test.toml"], "none.test.toml: no such file"),
    ],
)
def test_what_cannot_be_asked_for_is_told(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cases(tmp_path, GOOD)
    (tmp_path / "bare.xml").write_text((tmp_path / "greet.xml").read_text())
    monkeypatch.chdir(tmp_path)
    assert run(*words) == 2
    assert told in capsys.readouterr().err
