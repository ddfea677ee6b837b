"""`--json` of the commands that look: one line, with the fields that the docs name, and the exit code as without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from tests.support.places import ROOT

DOCS = ROOT / "docs"
BAD = """<root BTCPP_format="4" main_tree_to_execute="T"><BehaviorTree ID="T"><Sequence>
  <OpenGripper opening="2"/>
  <NoSuchLeaf/>
</Sequence></BehaviorTree></root>
"""


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, Any], int]:
    """The one line, and the exit code, which is that of the same command without --json."""
    plain = main(words, Interrupts())
    capsys.readouterr()
    code = main([*words, "--json"], Interrupts())
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line)
    assert code == plain
    assert found["ok"] == (code == 0)
    return found, code


def test_check_tells_where_how_bad_and_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(BAD)
    found, code = told(capsys, "check", str(file), "nothing", "grasp_bottle")
    assert code == 2
    assert {(problem["file"], problem["line"], problem["severity"]) for problem in found["problems"]} >= {
        (str(file), 2, "error"), (str(file), 3, "error"), ("nothing", 1, "error"),
    }  # fmt: skip
    for problem in found["problems"]:
        assert set(problem) == {"file", "line", "column", "severity", "message"}
        assert problem["column"] >= 1
    assert told(capsys, "check", "grasp_bottle") == ({"ok": True, "problems": []}, 0)


@pytest.mark.slow
def test_check_tells_of_the_robot_too(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("bosdyn.client")
    found, _ = told(capsys, "check", "grasp_bottle", "--hostname", "sim")
    assert found["problems"] == []
    assert {tuple(row) for row in found["robot"]} == {("what", "verdict", "words")}
    assert {"e-stop", "lease"} <= {row["what"] for row in found["robot"]}


def test_nodes_tells_every_leaf_and_port(capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = told(capsys, "nodes")
    leaves = {leaf["id"]: {port["name"]: port for port in leaf["ports"]} for leaf in found["nodes"]}
    assert leaves["CloseGripper"]["max_torque_nm"]["unit"] == "N·m"
    assert (leaves["CloseGripper"]["max_torque_nm"]["minimum"], leaves["CloseGripper"]["max_torque_nm"]["maximum"]) == (
        0.001,
        15.32,
    )
    assert all(port["type"] and port["direction"] for ports in leaves.values() for port in ports.values())


@pytest.mark.parametrize(
    ("command", "docs"), [("doctor", "install.md"), ("nodes", "trees.md"), ("check", "checking.md")]
)
def test_the_docs_name_every_field(capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str, docs: str) -> None:
    (tmp_path / "tree.xml").write_text(BAD)
    found, _ = told(capsys, command, *([str(tmp_path / "tree.xml")] if command == "check" else []))

    def fields(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(fields, value))
        return set(value).union(*map(fields, value.values())) if isinstance(value, dict) else set()

    text = (DOCS / docs).read_text()
    purposes = {"genesis", "spot", "training"}
    assert {
        field for field in fields(found) - purposes if f"`{field}`" not in text and f'"{field}"' not in text
    } == set()
