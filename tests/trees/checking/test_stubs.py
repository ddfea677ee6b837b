"""Files of other projects: stubs for what is not known here, scripted by a function."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from py_trees.common import Status

import trees
from behaviours.registry import LEAVES
from perception.base.errors import ContractError
from tests.support.places import ROOT

THEIRS = """<root BTCPP_format="4">
  <BehaviorTree ID="Theirs">
    <TheirControl speed="{s}">
      <Condition ID="IsFine" name="fine"/>
      <TheirDecorator><OpenGripper/></TheirDecorator>
      <SubTree ID="Elsewhere" name="other"/>
      <Modelled/>
    </TheirControl>
  </BehaviorTree>
  <TreeNodesModel><Condition ID="Modelled"/></TreeNodesModel>
</root>"""


def theirs(folder: Path, text: str = THEIRS) -> Path:
    file = folder / "theirs.xml"
    file.write_text(text)
    return file


def test_what_is_not_known_becomes_stubs(tmp_path: Path) -> None:
    document = trees.load(theirs(tmp_path), LEAVES, stub_unknown=True)
    assert document.nodes() == [
        (1, "Control", "TheirControl", "TheirControl", "TheirControl::1"),
        (2, "Condition", "IsFine", "fine", "fine"),
        (3, "Decorator", "TheirDecorator", "TheirDecorator", "TheirDecorator::3"),
        (4, "Action", "OpenGripper", "OpenGripper", "OpenGripper::4"),
        (5, "SubTree", "SubTree", "other", "other"),
        (6, "Action", "AlwaysSuccess", "AlwaysSuccess", "other/AlwaysSuccess::6"),
        (7, "Condition", "Modelled", "Modelled", "Modelled::7"),
    ]
    assert document.tick_exactly_once() == "SUCCESS"
    assert document.events() == ["2S", "4S", "7S"]  # OpenGripper too: there is no robot
    warnings = [str(problem).split(": ", 2)[2] for problem in document.problems if problem.warning]
    assert [text.split("'")[1] for text in warnings] == ["max_torque_nm", "Elsewhere"]


def test_a_function_says_what_stubs_return(tmp_path: Path) -> None:
    asked: list[trees.StubCall] = []

    def script(call: trees.StubCall) -> Status:
        asked.append(call)
        return Status.RUNNING if call.path == "OpenGripper::4" and call.count < 2 else Status.SUCCESS

    text = THEIRS.replace("TheirControl", "ReactiveSequence").replace(' speed="{s}"', "")
    document = trees.load(theirs(tmp_path, text), stub_unknown=True, stub=script)
    statuses = [document.tick_exactly_once() for _ in range(3)]
    assert statuses == ["RUNNING", "RUNNING", "SUCCESS"]
    assert document.events() == ["2S", "4S", "7S"]
    assert asked[1] == trees.StubCall(4, "OpenGripper::4", "OpenGripper", "Action", 0)
    assert [call.count for call in asked if call.uid == 4] == [0, 1, 2]


def test_halts_and_skips_are_seen(tmp_path: Path) -> None:
    body = "<WhileDoElse><C/><A/><B/></WhileDoElse>"
    text = f'<root BTCPP_format="4"><BehaviorTree ID="T">{body}</BehaviorTree></root>'
    turns = iter("SF")

    def script(call: trees.StubCall) -> Status:
        if call.tag == "C":
            return Status.SUCCESS if next(turns) == "S" else Status.FAILURE
        return Status.RUNNING

    document = trees.load(theirs(tmp_path, text), stub_unknown=True, stub=script)
    document.tick_exactly_once()
    document.tick_exactly_once()
    assert document.events() == ["2F", "h3", "4R"]
    skipped = trees.load(
        theirs(tmp_path, text.replace("<WhileDoElse>", "<WhileDoElse _skipIf='true'>")), stub_unknown=True
    )
    assert skipped.tick_exactly_once() == "SKIPPED"


def test_what_the_real_library_finds_at_the_tick_is_an_exception_at_the_tick(tmp_path: Path) -> None:
    text = '<root BTCPP_format="4"><BehaviorTree ID="T">\n<IfThenElse><A/></IfThenElse></BehaviorTree></root>'
    file = theirs(tmp_path, text)
    document = trees.load(file, stub_unknown=True)
    assert [str(problem) for problem in document.problems] == [
        f"{file}:2:1: warning: <IfThenElse> has 1 children, expected 2 to 3"
    ]
    with pytest.raises(ContractError, match="has 1 children, expected 2 to 3"):
        document.tick_exactly_once()
    assert trees.problems(file, {**LEAVES})[0].warning is False


def test_only_documents_with_stubs_tick_by_themselves(tmp_path: Path) -> None:
    file = theirs(tmp_path, '<root BTCPP_format="4"><BehaviorTree ID="T"><AlwaysSuccess/></BehaviorTree></root>')
    document = trees.load(file, LEAVES)
    assert document.events() == []
    with pytest.raises(ValueError, match="stub_unknown=True"):
        document.tick_exactly_once()


def test_a_tag_used_with_and_without_children_is_a_control_node(tmp_path: Path) -> None:
    text = '<root BTCPP_format="4"><BehaviorTree ID="T"><M><M/><A/></M></BehaviorTree></root>'
    with pytest.raises(trees.TreeProblems, match="<M> has 0 children, expected at least 1"):
        trees.load(theirs(tmp_path, text), stub_unknown=True)


def test_the_code_in_the_documentation_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "checking.md").read_text(encoding="utf-8"), re.DOTALL)
    theirs(tmp_path, THEIRS.replace('ID="Theirs"', 'ID="MainTree"'))
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", "\n".join(blocks)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "SUCCESS ['2S', '4S', '7S']"
