"""`spot-grasp check` and `spot-grasp nodes`: what can be said about trees and leaves without a robot."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.library import find_tree


def check(files: Sequence[str]) -> int:
    """Print every problem of every file, warnings too; 2 if one is an error, else 0."""
    import trees
    from behaviours.registry import LEAVES

    lacking = 0
    for text in files:
        file = find_tree(text)
        problems = trees.problems(file, LEAVES)
        for problem in problems:
            sys.stdout.write(f"{problem}\n")
        lacking += sum(not problem.warning for problem in problems)
        if not problems:
            sys.stdout.write(f"{file}: no problem found\n")
    return 2 if lacking else 0


def nodes(*, as_xml: bool) -> int:
    """Print the leaves with their ports: a table for people, or a TreeNodesModel for Groot2."""
    import trees
    from behaviours.registry import LEAVES

    if as_xml:
        sys.stdout.write(trees.palette_xml(LEAVES))
        return 0
    for row in trees.table(LEAVES):
        sys.stdout.write(f"{row}\n")
    return 0
