"""What blackboards make of values: types that entries keep, types that ports want, constants, scopes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from py_trees.common import Status

from perception.base.errors import ContractError
from tests.support.trees_leaves import Run
from trees.data.blackboard import Blackboard, typed_constant
from trees.data.ports import Port, input_port
from trees.engine.leaf import Leaf


class Reads(Leaf):
    """Writes down what its ports give it."""

    PORTS: tuple[Port, ...] = (
        input_port("i", int, default=0), input_port("f", float, default=0.0), input_port("s", str, default=""),
        input_port("b", bool, default=False), input_port("l", tuple[str, ...], default=()),
    )  # fmt: skip

    def update(self) -> Status:
        self.context.append(repr(tuple(self.get(port.name) for port in self.PORTS)))
        return Status.SUCCESS


def test_a_value_is_read_as_the_port_wants_it(tmp_path: Path) -> None:
    body = '<Sequence><Script code="{}"/><Reads i="{{i}}" f="{{f}}" s="{{s}}" b="{{b}}" l="{{l}}"/></Sequence>'
    script = "i := 2.0; f := '1.5'; s := 3; b := 1; l := 'x;y'"
    run = Run(tmp_path, body.format(script), {"Reads": Reads})
    assert run.tick() == ["SUCCESS", "(2, 1.5, '3', True, ('x', 'y'))"]
    for key, value in (("i", "'x'"), ("b", "'maybe'"), ("f", "''")):
        run = Run(
            tmp_path, body.format(f"{script.replace(f'{key} :=', '_ :=', 1)}; {key} := {value}"), {"Reads": Reads}
        )
        with pytest.raises(ContractError):
            run.tick()


def test_an_entry_keeps_its_type_when_a_leaf_writes(tmp_path: Path) -> None:
    run = Run(tmp_path, '<Sequence><ReadInt name="r" in="{k}"/></Sequence>')
    board = run.tree.blackboard
    board.set("k", "42")
    assert board.items() == {"k": 42}
    with pytest.raises(ContractError, match=r"{k} is of type int: expected a whole number"):
        board.set("k", "many")
    with pytest.raises(ContractError, match=r"{k} is of type int: 1.5 is not a whole number"):
        board.set("k", 1.5)


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("-3", -3), ("1.50", 1.5), ("2e3", 2000.0), (".5", 0.5), ("1;2", "1;2"), ("", ""), (" 7", " 7"),
     ("+7", "+7"), ("1_0", "1_0"), ("1e999", "1e999"), ("0x1f", "0x1f"), ("9" * 19, float("9" * 19)), ("true", "true"),
     ("nan", "nan")],
)  # fmt: skip
def test_constants_of_a_subtree_have_the_type_that_they_look_like(text: str, value: Any) -> None:
    found = typed_constant(text)
    assert (found, type(found)) == (value, type(value))


def test_only_a_scopes_own_entries_are_removed() -> None:
    main = Blackboard()
    inner = Blackboard(main, remap={"a": "b"}, autoremap=True)
    inner.set("a", 1)
    inner.set("c", 2)
    inner.set("_d", 3)
    assert (main.items(), inner.items()) == ({"b": 1, "c": 2}, {"_d": 3})
    for key in ("a", "c", "_d", "none"):
        inner.unset(key)
    assert (main.items(), inner.items()) == ({"b": 1, "c": 2}, {})
    with pytest.raises(ContractError, match=r"leaf reads \{_d\}, which nobody has written yet"):
        inner.get("_d", "leaf")
