"""The cases beside the trees of the library: all come out as expected, and nothing is left unseen without a reason."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path

import pytest

from app.cases.run import run_file
from behaviours.leaves.base import MotionLeaf
from behaviours.registry import LEAVES
from trees.reading.includes import LIBRARY

FILES = sorted(LIBRARY.glob("*.test.toml"))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_cases_of_a_tree_pass_and_see_all_of_it(file: Path) -> None:
    result = run_file(file)
    assert {row.name: row.wrong for row in result.rows if row.wrong} == {}
    assert [(row.origin.path, row.missing) for row in result.coverage.missing] == []
    assert result.coverage.stale == ()
    assert result.file.complete


def test_a_leaf_that_is_said_never_to_fail_has_no_way_to() -> None:
    never = {leaf for leaf in LEAVES.values() if leaf.NEVER_FAILS}
    assert not any(issubclass(leaf, MotionLeaf) for leaf in never)
    for leaf in never:
        names = {
            node.attr
            for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(leaf))))
            if isinstance(node, ast.Attribute)
        }
        assert not names & {"fail", "FAILURE"}, leaf
