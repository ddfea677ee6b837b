"""Trees drawn: as text, as a picture in which nothing overlaps, and as a page in which nothing of a tree is obeyed."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trees
from app.base.interrupts import Interrupts
from app.commands.dispatch import main
from app.drawing.layout import LONGEST, boxes
from app.drawing.outline import outline
from app.drawing.svg import svg
from behaviours.registry import LEAVES
from tests.support.html_tags import HOSTILE, obeys_nothing_of
from trees.data.preorder import parents

TREE = """<root BTCPP_format="4" main_tree_to_execute="Main">
<BehaviorTree ID="Main"><Sequence name="top"><OpenGripper opening="1.0" max_torque_nm="3.0"/><SubTree ID="Sub"/>
<Fallback><VerifyGrasp hold_s="1.0"/><AlwaysFailure name="give up"/></Fallback></Sequence></BehaviorTree>
<BehaviorTree ID="Sub">
<Inverter><MoveArm name="rest" pose="stow" max_joint_speed_radps="1.0"/></Inverter></BehaviorTree>
</root>"""
TEXT = """\
top (Sequence)
├─ OpenGripper  opening=1.0  max_torque_nm=3.0
├─ Sub (SubTree)
│  └─ Inverter
│     └─ rest (MoveArm)  pose=stow  max_joint_speed_radps=1.0
└─ Fallback
   ├─ VerifyGrasp  hold_s=1.0
   └─ give up (AlwaysFailure)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "tree.xml"
    path.write_text(TREE)
    return path


def node(uid: int, depth: int, name: str = "n", tag: str = "Act", **ports: str) -> trees.NodeView:
    return trees.NodeView(uid, f"Main/{name}", name, tag, "Action", depth, "IDLE", "", ports)


def test_the_text_has_a_line_a_node(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(tree)], Interrupts()) == 0
    assert capsys.readouterr().out == TEXT


def test_another_tree_of_the_file_can_be_shown(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(tree), "--tree", "Sub"], Interrupts()) == 0
    assert capsys.readouterr().out.startswith("Inverter\n└─ rest")


@pytest.mark.parametrize(
    ("arguments", "begin"),
    [
        (["--out", "x.svg"], "<svg "),
        (["--out", "x.HTML"], "<!DOCTYPE html>"),
        (["--out", "x.txt"], "top (Sequence)"),
        (["--out", "x.txt", "--format", "svg"], "<svg "),
    ],
)
def test_the_ending_decides_unless_a_format_is_given(
    tree: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], begin: str
) -> None:
    out = tree.parent / arguments[1]
    assert main(["show", str(tree), "--out", str(out), *arguments[2:]], Interrupts()) == 0
    assert out.read_text().startswith(begin)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["x.png", "x.pdf", "x.dot"])
def test_an_ending_without_a_form_is_refused(tree: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    out = tree.with_name(name)
    assert main(["show", str(tree), "--out", str(out)], Interrupts()) == 2
    assert "text, svg, html" in capsys.readouterr().err
    assert not out.exists()
    assert main(["show", str(tree), "--out", str(out), "--format", "text"], Interrupts()) == 0
    assert out.read_text() == TEXT


def test_what_cannot_be_read_or_written_is_exit_2(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(tree.parent / "no.xml")], Interrupts()) == 2
    assert main(["show", str(tree), "--out", str(tree / "x.svg")], Interrupts()) == 2
    assert f"cannot write {tree}/x.svg: Not a directory" in capsys.readouterr().err


def test_the_picture_has_each_name_and_port_once_and_an_edge_to_each_child(tree: Path) -> None:
    nodes = trees.build(trees.load(tree, LEAVES), None, lambda: 0.0).nodes()
    root = ElementTree.fromstring(svg(nodes, "Main"))
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f".//{space}rect")) == len(nodes) == 8
    assert len(root.findall(f"{space}path")) == 7
    texts = [text.text for text in root.iter(f"{space}text")]
    assert texts[:4] == ["top", "(Sequence)", "OpenGripper", "opening = 1.0"]
    assert "rest" in texts
    fills = {rect.get("fill") for rect in root.iter(f"{space}rect")}
    assert len(fills) == 5  # one for each kind


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 12), st.text(max_size=60)), max_size=40))
def test_no_box_overlaps_another_and_none_leaves_the_picture(steps: list[tuple[int, int, str]]) -> None:
    nodes = [node(1, 0)]
    for depth, ports, name in steps:
        depth = min(depth, nodes[-1].depth + 1)
        nodes.append(node(len(nodes) + 1, depth, name, **{f"p{i}": "x" * i for i in range(ports)}))
    placed = boxes(nodes)
    assert [box.parent for box in placed] == parents([n.depth for n in nodes])
    for index, box in enumerate(placed):
        assert box.left >= 0
        assert box.top >= -1e-9
        assert max(len(text) for text in box.lines) <= LONGEST
        for other in placed[:index]:
            apart = (
                other.left + other.width <= box.left or box.left + box.width <= other.left
                or other.top + other.height <= box.top + 1e-6 or box.top + box.height <= other.top + 1e-6
            )  # fmt: skip
            assert apart
    root = ElementTree.fromstring(svg(nodes, "t"))
    left, top, width, height = (float(part) for part in root.attrib["viewBox"].split())
    assert left <= min(box.left for box in placed)
    assert top <= min(box.top for box in placed)
    assert left + width >= max(box.left + box.width for box in placed)
    assert top + height >= max(box.top + box.height for box in placed)
    assert outline(nodes).count("\n") == len(nodes)


def test_nothing_of_a_tree_becomes_markup() -> None:
    hostile = trees.NodeView(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 0, "IDLE", HOSTILE, {HOSTILE: HOSTILE}, {})
    picture = svg([hostile], HOSTILE)
    ElementTree.fromstring(picture)
    assert not {"script", "img"} & obeys_nothing_of(picture).names
    assert "\x1b" not in outline([hostile])


def test_the_page_has_every_node_with_its_ports(tree: Path) -> None:
    out = tree.parent / "x.html"
    assert main(["show", str(tree), "--out", str(out)], Interrupts()) == 0
    text = out.read_text()
    assert text.count('role="treeitem"') == 8 + text.split("<script>")[1].count('role="treeitem"')
    assert "<dt>opening</dt><dd>1.0</dd><dt>max_torque_nm</dt><dd>3.0</dd>" in text
