"""JSON that every reader takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from perception.base.plain_json import json_text
from tests.support.places import ROOT

PACKAGES = ("app", "behaviours", "perception", "simulation", "training", "trees")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text() | st.floats(), children) | st.tuples(children),
    max_leaves=10,
)


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


@given(VALUES)
def test_there_is_no_number_that_json_does_not_have(value: object) -> None:
    json.loads(json_text(value), parse_constant=refuse)


def test_what_is_not_finite_is_null_and_the_rest_as_it_was() -> None:
    nan, inf = float("nan"), float("inf")
    assert json_text({"a": [1.5, nan, (inf, -inf)], "b": "NaN"}) == '{"a": [1.5, null, [null, null]], "b": "NaN"}'
    assert json_text({"a": Path("x"), "b": nan}, default=str, indent=1) == '{\n "a": "x",\n "b": null\n}'


def test_nothing_is_written_as_json_in_another_way() -> None:
    """Only where the value is read back at once is the library's own writer used."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "plain_json.py":
                text = path.read_text().replace("json.loads(json.dumps(", "")
                assert not re.search(r"json\.dumps?\(|serializer=json\.", text), path
