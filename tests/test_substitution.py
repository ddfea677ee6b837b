"""Leaves replaced by scripted results, so that a tree is tried without what its leaves need."""

from __future__ import annotations

from pathlib import Path

from py_trees.common import Status

import trees
from tests.trees_leaves import Act
from trees.leaf import Leaf
from trees.ports import Port


class Done(Leaf):
    """Succeeds at once."""

    PORTS: tuple[Port, ...] = ()

    def update(self) -> Status:
        return Status.SUCCESS


def file(folder: Path, xml: str) -> Path:
    path = folder / "tree.xml"
    path.write_text(f'<root BTCPP_format="4" main_tree_to_execute="Main">{xml}</root>')
    return path


def test_the_hook_is_asked_once_for_each_node_without_children(tmp_path: Path) -> None:
    xml = """<BehaviorTree ID="Main"><Sequence><Act name="a" seq="F"/><SubTree ID="Sub"/></Sequence></BehaviorTree>
    <BehaviorTree ID="Sub"><Inverter><AlwaysFailure/></Inverter></BehaviorTree>"""
    asked: list[trees.Place] = []

    def substitute(place: trees.Place) -> Leaf | None:
        asked.append(place)
        return Done(place.name, place.wire(()), None) if place.tag == "Act" else None

    events: list[str] = []
    tree = trees.build(trees.load(file(tmp_path, xml), {"Act": Act}), events, lambda: 0.0, substitute)
    assert tree.tick() == Status.SUCCESS
    assert events == []
    assert [(place.uid, place.tag, place.path) for place in asked] == [
        (2, "Act", "Main/Sequence/a"),
        (5, "AlwaysFailure", "Main/Sequence/Sub/Inverter/AlwaysFailure"),
    ]
    assert tree.nodes()[1].tag == "Act"
    assert asked[1].scope is tree.scopes()[3]
    assert list(tree.scopes()) == [0, 3]
