"""What changed between two trees: one drawing that holds both."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.drawing import diff
from app.drawing.diff import difference
from tests.support.html_tags import HOSTILE, obeys_nothing_of
from trees import NodeView

OLD = """<root BTCPP_format="4" main_tree_to_execute="Main">
<BehaviorTree ID="Main"><Sequence name="top"><OpenGripper opening="1.0" max_torque_nm="3.0"/><SubTree ID="Sub"/>
<Fallback><VerifyGrasp hold_s="1.0"/><AlwaysFailure name="give up"/></Fallback></Sequence></BehaviorTree>
<BehaviorTree ID="Sub">
<Inverter><MoveArm name="rest" pose="stow" max_joint_speed_radps="1.0"/></Inverter></BehaviorTree>
</root>"""
NEW = """<root BTCPP_format="4" main_tree_to_execute="Main">
<BehaviorTree ID="Main"><Sequence name="top"><OpenGripper opening="0.8" max_torque_nm="3.0"/><SubTree ID="Sub"/>
<RetryUntilSuccessful num_attempts="3"><Fallback><VerifyGrasp hold_s="1.0"/><AlwaysSuccess name="fine"/></Fallback>
</RetryUntilSuccessful></Sequence></BehaviorTree>
<BehaviorTree ID="Sub"><MoveArm name="rest" pose="ready" max_joint_speed_radps="1.0"/></BehaviorTree>
</root>"""
TEXT = """\
  top (Sequence)
~ ├─ OpenGripper  opening=0.8  max_torque_nm=3.0  [opening 1.0 → 0.8]
  ├─ Sub (SubTree)
- │  └─ Inverter
~ │     └─ rest (MoveArm)  pose=ready  max_joint_speed_radps=1.0  [pose stow → ready]
+ └─ RetryUntilSuccessful  num_attempts=3
     └─ Fallback
        ├─ VerifyGrasp  hold_s=1.0
-       ├─ give up (AlwaysFailure)
+       └─ fine (AlwaysSuccess)
"""


@st.composite
def drawn_trees(draw: st.DrawFn) -> list[NodeView]:
    nodes: list[NodeView] = []
    for step in range(draw(st.integers(1, 25))):
        depth = 0 if not nodes else min(draw(st.integers(1, 5)), nodes[-1].depth + 1)
        name, tag = draw(st.sampled_from("xyz")), draw(st.sampled_from("ABC"))
        ports = {"p": draw(st.sampled_from("12"))}
        nodes.append(NodeView(step + 1, name, name, tag, "Control", depth, "IDLE", "", ports))
    return nodes


def key(node: NodeView) -> tuple[str, str, str]:
    return node.tag, node.name, node.ports["p"]


def check(old: list[NodeView], new: list[NodeView]) -> None:
    both = difference(old, new)
    status = {index: note.status for index, note in both.notes.items()}
    of_new = [node for index, node in enumerate(both.nodes) if status.get(index) != "removed"]
    of_old = [node for index, node in enumerate(both.nodes) if status.get(index) != "added"]
    assert [key(node) for node in of_new] == [key(node) for node in new]
    assert [node.tag for node in of_old] == [node.tag for node in old]
    for index, (was, node) in enumerate(zip(old, of_old, strict=True)):
        place = both.nodes.index(node)
        if place not in status:
            assert key(was) == key(node), index
    depths = [node.depth for node in both.nodes]
    assert all(later <= before + 1 for before, later in pairwise(depths))
    assert [node.uid for node in both.nodes] == list(range(1, len(both.nodes) + 1))


@given(drawn_trees(), drawn_trees())
def test_without_what_was_removed_it_is_the_new_and_without_what_was_added_the_old(
    old: list[NodeView], new: list[NodeView]
) -> None:
    check(old, new)


@given(drawn_trees(), drawn_trees())
def test_also_where_no_more_pairs_are_compared(old: list[NodeView], new: list[NodeView]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "MOST_PAIRS", 3)
        check(old, new)


@given(drawn_trees())
def test_a_tree_does_not_differ_from_itself(tree: list[NodeView]) -> None:
    both = difference(tree, tree)
    assert not both.notes
    assert both.words == "no node differs"


@given(drawn_trees(), st.data())
def test_one_changed_port_is_the_one_change(tree: list[NodeView], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(tree) - 1))
    changed = [replace(node, ports={"p": "new"}) if index == at else node for index, node in enumerate(tree)]
    both = difference(tree, changed)
    assert both.words == "1 changed"
    assert both.notes[at].words == f"p {tree[at].ports['p']} → new"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "old.xml").write_text(OLD)
    (tmp_path / "new.xml").write_text(NEW)
    return str(tmp_path / "old.xml"), str(tmp_path / "new.xml")


def test_a_node_around_a_branch_leaves_the_branch(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--diff", *files], Interrupts()) == 0
    first, _, rest = capsys.readouterr().out.partition("\n")
    assert first.endswith("new.xml: 2 changed, 2 added, 2 removed")
    assert rest == TEXT


@pytest.mark.parametrize("form", ["svg", "html"])
def test_it_is_drawn_in_each_form(files: tuple[str, str], form: str, tmp_path: Path) -> None:
    out = tmp_path / f"d.{form}"
    assert main(["show", "--diff", *files, "--out", str(out)], Interrupts()) == 0
    text = out.read_text()
    assert "opening 1.0 → 0.8" in text
    assert text.count('stroke="#b03030"' if form == "svg" else ' data-status="removed" data-find') == 2


def test_it_takes_two_files(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([files[0]], [*files, files[0]], [*files, "--together"]):
        assert main(["show", "--diff", *words], Interrupts()) == 2
        assert "show --diff OLD NEW" in capsys.readouterr().err


def test_nothing_of_a_tree_is_obeyed() -> None:
    from app.commands.tree_files.show import render_difference

    was = NodeView(1, HOSTILE, HOSTILE, "A", HOSTILE, 0, "IDLE", "", {HOSTILE: HOSTILE}, {})
    both = difference([was], [replace(was, ports={HOSTILE: "x"})])
    for form in ("text", "svg", "html"):
        text = render_difference(both, HOSTILE, form)  # type: ignore[arg-type]
        assert "\x1b" not in text
        if form != "text":
            obeys_nothing_of(text)
