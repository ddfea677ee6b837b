"""The tree view: a nested list that says what a diagram shows, in which nothing of a tree is obeyed."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.drawing.chart import Bar, lines, time_line
from app.drawing.page import asset
from app.drawing.tree_view import Note, tree_page, tree_view
from tests.support.html_tags import HOSTILE, Tags, obeys_nothing_of
from trees import NodeView
from trees.data.preorder import parents


def node(uid: int, depth: int, name: str = "n", tag: str = "Act", kind: str = "Action", **ports: str) -> NodeView:
    return NodeView(uid, f"Main/{name}", name, tag, kind, depth, "IDLE", "", ports)


@given(st.lists(st.integers(1, 6), max_size=60))
def test_items_lie_within_each_other_as_the_nodes_do(steps: list[int]) -> None:
    nodes = [node(1, 0)]
    for depth in steps:
        nodes.append(node(len(nodes) + 1, min(depth, nodes[-1].depth + 1), name=f"n{len(nodes)}"))
    text = tree_view(nodes, "t")
    level, levels = 0, []
    for tag in re.findall(r"<(/?ul|li)", text):
        level += {"ul": 1, "/ul": -1, "li": 0}[tag]
        if tag == "li":
            levels.append(level)
    assert level == 0
    assert text.count("<li") == text.count("</li>") == len(nodes)
    assert levels == [node.depth + 1 for node in nodes]
    above = parents([node.depth for node in nodes])
    items = [attributes for name, attributes in Tags(text).tags if name == "li"]
    for index, item in enumerate(items):
        siblings = [other for other, parent in enumerate(above) if parent == above[index]]
        assert item["aria-level"] == str(nodes[index].depth + 1)
        assert (item["aria-setsize"], item["aria-posinset"]) == (str(len(siblings)), str(siblings.index(index) + 1))
        assert ("aria-expanded" in item) is (index in above)


def test_a_node_says_its_name_tag_status_ports_and_words() -> None:
    notes = {0: Note("3 of 3", time="1.50 s", status="FAILURE"), 1: Note("half seen", hue="#b07f1c")}
    text = tree_view([node(1, 0, "Try", "Retry", num_attempts="3"), node(2, 1)], "t", notes=notes)
    items = [attributes for name, attributes in Tags(text).tags if name == "li"]
    assert items[0]["aria-label"] == "Try (Retry), failure, 1.50 s, 3 of 3"
    assert items[0]["data-status"] == "FAILURE"
    assert "<dt>num_attempts</dt><dd>3</dd>" in text
    assert items[1]["style"] == "--hue:#b07f1c"
    assert "✗" in text


def test_nothing_of_a_tree_is_obeyed() -> None:
    hostile = NodeView(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 0, "IDLE", HOSTILE, {HOSTILE: HOSTILE}, {})
    read = obeys_nothing_of(tree_page([hostile], HOSTILE, notes={0: Note(HOSTILE, time=HOSTILE)}))
    assert read.scripts == [asset("tree.js")]
    assert "img" not in read.names
    assert not {"src", "href"} & read.attributes


def test_the_policy_of_a_page_lets_its_own_script_run_and_nothing_else() -> None:
    text = tree_page([node(1, 0)], "t")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    digest = base64.b64encode(hashlib.sha256(asset("tree.js").encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy
    assert "http" not in policy


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e3, 1e3)), min_size=1, max_size=50).map(sorted),
)
def test_a_line_stays_within_its_chart(points: list[tuple[float, float]]) -> None:
    text = lines("Torque", points, "torque", most=6.0, unit="N·m")
    (path,) = re.findall(r'points="([^"]*)"', text)
    places = [tuple(map(float, pair.split(","))) for pair in path.split()]
    assert len(places) == len(points)
    assert all(0 <= x <= 760 for x, _ in places)


@pytest.mark.parametrize("span", [(0.0, 0.0), (0.0, 1e-9), (3.0, 11.7), (0.0, 1e7)])
def test_a_time_line_of_any_length_has_its_bars_and_escapes_their_names(span: tuple[float, float]) -> None:
    text = time_line("t", [Bar(HOSTILE, [(*span, "SUCCESS"), (*span, HOSTILE)])], *span)
    read = obeys_nothing_of(text)
    assert [attributes["class"] for name, attributes in read.tags if name == "rect"] == ["SUCCESS", "RUNNING"]
