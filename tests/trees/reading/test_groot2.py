"""What Groot2 makes of a file when it saves it, by the rules of its palette, is read here and means the same."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_trees.common import Status

import trees
from behaviours.registry import LEAVES
from trees.checking.kinds import tag_of
from trees.data.literals import convert, key_of, written
from trees.data.ports import REQUIRED, input_port, output_port
from trees.engine.leaf import Leaf
from trees.reading.elements import Element, Source
from trees.reading.escape import attributes
from trees.reading.markup import parse, read_source

LIBRARY = Path(trees.__path__[0]) / "library"


def palette(leaves: dict[str, type[Leaf]]) -> dict[str, Element]:
    """The models of the palette by ID, read as an editor reads them."""
    (models,) = parse(Source("palette.xml", trees.palette_xml(leaves))).children
    return {model.attributes["ID"]: model for model in models.children}


def saved(element: Element, models: dict[str, Element]) -> str:
    """The element as Groot2 writes it: every port of the model, an empty text for those without a value; no
    main_tree_to_execute; `_autoremap` on every SubTree."""
    given = {name: text for name, text in element.attributes.items() if name != "main_tree_to_execute"}
    if element.tag == "SubTree":
        given.setdefault("_autoremap", "false")
    model = models.get(tag_of(element))
    for port in model.children if model is not None else ():
        given.setdefault(port.attributes["name"], port.attributes.get("default", ""))
    inner = "".join(saved(child, models) for child in element.children if child.tag != "TreeNodesModel")
    return f"<{element.tag}{attributes(given)}>{inner}</{element.tag}>"


def values(file: Path, leaves: dict[str, type[Leaf]]) -> list[tuple[str, str, dict[str, Any]]]:
    """(path, tag, value of every port: a key in braces, or what is fixed) of every leaf of the expanded tree."""
    wired: dict[int, trees.PortAccess] = {}

    def note(place: trees.Place) -> None:
        if place.tag in leaves:
            wired[place.uid] = place.wire(leaves[place.tag].PORTS)

    tree = trees.build(trees.load(file, leaves), None, lambda: 0.0, note)

    def value(node: trees.NodeView, port: trees.Port) -> Any:
        key = key_of(node.ports.get(port.name, ""), port.name)
        if key is not None or port.direction is trees.Direction.OUTPUT:
            return f"{{{key}}}"
        return wired[node.uid].get(port.name)

    return [
        (node.path, node.tag, {port.name: value(node, port) for port in leaves[node.tag].PORTS})
        for node in tree.nodes()
        if node.uid in wired
    ]


@pytest.mark.parametrize("name", sorted(file.stem for file in LIBRARY.glob("*.xml")))
def test_every_task_of_the_library_comes_back_from_groot2(name: str, tmp_path: Path) -> None:
    models = palette(LEAVES)
    for file in (LIBRARY / f"{name}.xml", *(LIBRARY / "parts").glob("*.xml")):
        copy = tmp_path / file.relative_to(LIBRARY)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(saved(parse(read_source(file)), models), encoding="utf-8")
    again = tmp_path / f"{name}.xml"
    assert [problem for problem in trees.problems(again, LEAVES) if not problem.warning] == []
    assert values(again, LEAVES) == values(LIBRARY / f"{name}.xml", LEAVES)


class Thing:
    """Nothing that can be written in a file."""


class Idle(Leaf):
    """A leaf of any ports."""

    def update(self) -> Status:
        return Status.SUCCESS


class Colour(Enum):
    RED = 1
    GREEN = 2


TYPES: tuple[tuple[Any, Any], ...] = (
    (int, 3), (float, 0.25), (bool, True), (bool, False), (str, "a b"), (Colour, Colour.GREEN),
    (tuple[str, ...], ("a", "b")), (tuple[int, ...], ()), (Thing, None), (int, None), (Colour, None),
    (tuple[float, ...], None), (int, REQUIRED), (Thing, REQUIRED),
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(TYPES)))
def test_a_port_of_every_type_comes_back(number: int, tmp_path: Path) -> None:
    kind, default = TYPES[number]
    ports = (input_port("value", kind, default=default), output_port("out", Thing))
    leaf = type("Any", (Idle,), {"PORTS": ports, "__doc__": "One."})
    leaves: dict[str, type[Leaf]] = {
        "Any": leaf,
        "Make": type("Make", (Idle,), {"PORTS": (output_port("out", Thing),)}),
    }
    needed = {int: "7", Thing: "{thing}"}[kind] if default is REQUIRED else None
    given = f' value="{needed}"' if needed else ""
    body = f'<Sequence><Make out="{{thing}}"/><Any out="{{o}}"{given}/></Sequence>'
    file = tmp_path / "tree.xml"
    file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="T">{body}</BehaviorTree></root>', encoding="utf-8")
    before = values(file, leaves)
    file.write_text(saved(parse(read_source(file)), palette(leaves)), encoding="utf-8")
    assert values(file, leaves) == before
    model = palette(leaves)["Any"].children[0]
    assert ("default" in model.attributes) is (default is not REQUIRED)
    assert model.text.startswith("optional") is (default is None)


def test_an_empty_text_where_a_value_is_needed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    for port in ("needed", "fixed"):
        ports = (input_port("needed", int), input_port("fixed", int, default=1))
        leaves: dict[str, type[Leaf]] = {"Any": type("Any", (Idle,), {"PORTS": ports})}
        text = {"needed": "1"} | {port: ""}
        body = f'<BehaviorTree ID="T"><Any{attributes(text)}/></BehaviorTree>'
        file.write_text(f'<root BTCPP_format="4">{body}</root>', encoding="utf-8")
        (problem,) = trees.problems(file, leaves)
        assert f"port '{port}' is '': expected a whole number" in problem.message


@given(
    value=st.one_of(
        st.floats(allow_nan=False, allow_infinity=False),
        st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text(),
        st.sampled_from(Colour), st.lists(st.integers(), min_size=1).map(tuple),
    )
)  # fmt: skip
def test_what_is_written_is_read_back(value: Any) -> None:
    kind = tuple[int, ...] if isinstance(value, tuple) else type(value)
    assert convert(written(value), kind) == value
