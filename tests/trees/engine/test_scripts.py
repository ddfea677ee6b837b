"""The script language against BehaviorTree.CPP 4.10.0's results, and laws that hold for every script."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perception.base.errors import ContractError
from tests.support.places import GOLDEN
from trees.data.blackboard import Blackboard
from trees.script import ScriptError, compile_script

CASES: list[dict[str, Any]] = [
    case
    for name in ("scripts", "random_scripts")
    for case in json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
]
ENUMS = {"RED": 1, "GREEN": 2, "BLUE": 3}
LENIENT = 'x:="dq"'
"""Texts in double quotes, which 4.8 read and 4.10 does not, are read here."""
INFINITE = {"x:=1/0": {"x": math.inf}}
"""JSON has no word for it."""
NO_SCRIPT = ""
"""The node Script does nothing where its code is empty; as a condition an empty text is an error."""


def run(text: str, **entries: Any) -> dict[str, Any]:
    board = Blackboard()
    for key, value in entries.items():
        board.set(key, value)
    compile_script(text).run(board, ENUMS)
    return board.items()


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["script"] not in (LENIENT, NO_SCRIPT)], ids=lambda c: c["script"]
)
def test_golden(case: dict[str, Any]) -> None:
    board = Blackboard()
    try:
        script = compile_script(case["script"])
    except ScriptError:
        assert "load_error" in case
        return
    assert "load_error" not in case
    if "exception" in case:
        with pytest.raises(ContractError):
            script.run(board, ENUMS)
    else:
        script.run(board, ENUMS)
    expected = INFINITE.get(
        case["script"], {key: value for key, value in (case["bb"] or {}).items() if value is not None}
    )
    assert board.items() == expected
    assert {key: type(value) for key, value in board.items().items()} == {k: type(v) for k, v in expected.items()}


def test_what_is_not_tried_above() -> None:
    assert run(LENIENT) == {"x": "dq"}
    with pytest.raises(ScriptError):
        compile_script(NO_SCRIPT)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("x := 1 + 2 * 3 - -1", 8.0),
        ("x := (1 + 2) * 3", 9.0),
        ("x := 2 - 3 - 4", -5.0),
        ("x := 7 & 3 | 8 ^ 1", 10.0),
        ("x := 1 < 2 < 2", 0.0),
        ("x := 1 ? 0 ? 1 : 2 : 3", 2),
        ("x := 'a' < 'b' && 'b' >= 'b'", 1.0),
        ("x := 'GREEN' == 2", 1.0),
        ("x := '2abc' == 2", 1.0),
        ("x := 'n' .. 2.5 .. 'm'", "n2.500000m"),
        ("x := 0x1F", 31),
        ("RED := 5; x := RED", 1.0),
        ("x := 0/0 < 1", 1.0),
        ("x := 1/0 == 1/0", 0.0),
        ("x := - 2 * 3", -6.0),
        ("x := !1 == 0", 1.0),
        ("x := 1; x += 2; x *= 4; x -= 2; x /= 5", 2),
        ("x := 'a'; x += 'b'", "ab"),
        ("a := x := 2", 2),
    ],
)
def test_what_a_script_leaves(script: str, expected: Any) -> None:
    found = run(script)["x"]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    "script",
    [
        "x := y", "x = 1", "x += 1", "x := 5 && 1", "x := 'a' - 1", "x := 1 .. 2", "x := ~'a'", "x := 'x' ? 1 : 2",
        "x := x + 1", "a := 1; a = 1.5", "a := 1; a += 'b'", "a := 'b'; a += 1", "x := 9007199254740993 + 1",
        "x := ~1e300", "x := -1 || 1", "x := 0.0 && -0.5", "x := 9007199254740993 & 1", "x := 1.5 | 1", "x := 'a' < 1",
    ],
)  # fmt: skip
def test_what_cannot_go_on_says_so(script: str) -> None:
    with pytest.raises(ContractError, match=r"script \[") as caught:
        run(script)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("script", "position"),
    [
        ("  ", 0),
        ("x := ", 5), ("x := (1", 7), ("x := 1)", 6), ("'abc", 0), ("1 ? 2", 5), ("5 := 1", 2), ("1 +* 2", 3),
        ("x := 1 $ 2", 7), ("x := 1abc", 5), ("x := 99999999999999999999", 5), ("x := 1e", 5), ("x := 1.5.2", 5),
        ("x := ä", 5), ("; x := 1", 0), ("x := [1]", 5), ("x := 0x1f..'a'", 5), ("f(1)", -1),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_where(script: str, position: int) -> None:
    if position < 0:  # two statements: a name, and a value in parentheses
        assert len(compile_script(script).statements) == 2
        return
    with pytest.raises(ScriptError, match=rf"at position {position}$"):
        compile_script(script)


def test_both_sides_of_a_logical_operator_are_looked_at() -> None:
    assert run("x := 1 || (a := 5.0); b := a; y := 0 && (a := 7.0)", a=0.0) == {"x": 1.0, "a": 7.0, "b": 5.0, "y": 0.0}


def test_an_entry_keeps_its_type() -> None:
    assert run("n = 4.0; f = 1; t = '2.5'; b = 1", n=1, f=0.5, t="", b=False) == {
        "n": 4,
        "f": 1.0,
        "t": "2.5",
        "b": True,
    }
    assert run("n = '7'", n=1)["n"] == 7.0
    for script in ("n = 1.5", "b = 2", "t = 3"):
        with pytest.raises(ContractError):
            run(script, n=1, b=True, t="")


def test_values_that_are_neither_number_nor_text_can_be_copied_only() -> None:
    thing = object()
    assert run("x := thing", thing=thing)["x"] is thing
    for script in ("x := thing + 1", "x := thing == thing", "x := -thing", "x := thing ? 1 : 2", "thing = 'a'"):
        with pytest.raises(ContractError):
            run(script, thing=thing)


@pytest.mark.parametrize("text", ["(" * 5000, "-" * 5000 + "1", "1?" * 5000, "a:=" * 5000 + "1", "!(" * 3000])
def test_nesting_has_a_limit(text: str) -> None:
    with pytest.raises(ScriptError, match="levels"):
        compile_script(text)


def test_a_long_chain_is_no_nesting() -> None:
    assert run("x := " + " + ".join(["1"] * 20_000))["x"] == 20_000.0


@settings(max_examples=300)
@given(st.text(max_size=60) | st.text("ab_@019.xXeE'\" \t;:=+-*/&|^~!<>?()", max_size=60))
def test_reading_ends_in_a_script_or_a_script_error(text: str) -> None:
    try:
        script = compile_script(text)
    except ScriptError as error:
        place = error.position
    else:
        place = 0
        with suppress(ContractError):
            script.run(Blackboard(), ENUMS)
    assert 0 <= place <= len(text)


NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 3)) | st.integers(-1000, 1000)


@st.composite
def arithmetic(draw: st.DrawFn, depth: int = 3) -> str:
    """An expression in `+ - *` and parentheses, also an expression of Python."""
    if depth == 0 or draw(st.booleans()):
        return f"{abs(draw(NUMBERS)):.3f}"
    left, right = draw(arithmetic(depth - 1)), draw(arithmetic(depth - 1))
    text = f"{left} {draw(st.sampled_from('+-*'))} {right}"
    return draw(st.sampled_from([text, f"({text})", f"-({text})"]))


@settings(max_examples=200)
@given(arithmetic())
def test_arithmetic_is_that_of_pythons_floats(text: str) -> None:
    assert run(f"x := {text}")["x"] == eval(text)


@settings(max_examples=200)
@given(NUMBERS, NUMBERS)
def test_division_and_order_are_those_of_floats(a: float, b: float) -> None:
    found = run("q := a / b; less := a < b; same := a == b", a=float(a), b=float(b))
    if b != 0:
        assert found["q"] == a / b
    else:
        assert math.isinf(found["q"]) if a != 0 else math.isnan(found["q"])
    assert found["less"] == float(a < b)
    assert found["same"] == float(abs(a - b) <= 2.0**-23)
