"""What a document becomes when every SubTree is replaced by its tree: that it ends, and stays small enough to run."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from trees.reading.elements import Element, Problem

MAX_NODES = 65_535
"""Nodes are numbered with 16 bits in BehaviorTree.CPP's monitoring and logs."""
MAX_NESTING = 256
"""Depth of the expanded tree, as in 4.10."""
_FRAMES_A_LEVEL = 12
"""Python frames that a tick needs for a level: five, with conditions seven, with a watcher's hooks a few more."""
_FRAMES_ELSEWHERE = 1000


def allow_depth(levels: int) -> None:
    """Let Python nest calls deep enough to build, tick and halt a tree of that many levels; it stops at 1000 else."""
    wanted = _FRAMES_ELSEWHERE + _FRAMES_A_LEVEL * levels
    if sys.getrecursionlimit() < wanted:
        sys.setrecursionlimit(wanted)


def check_expansion(trees: Mapping[str, Element], measured: dict[str, tuple[int, int]]) -> list[Problem]:
    """One problem for each SubTree that leads back into its own tree, and for each tree that is too big or too deep.

    measured: gets (nodes, levels) of every tree, those that a tree uses before it. Takes time
    proportional to the file, whatever the expanded size: nothing is expanded.
    """
    found: list[Problem] = []
    for start in trees:
        stack = [start]
        entered: dict[str, None] = {}  # the path of trees from `start` to the one looked at
        while stack:
            name = stack[-1]
            if name in measured:
                stack.pop()
            elif name in entered:
                entered.pop(name)
                stack.pop()
                size = _measure(trees[name], measured)
                problems = _too_big(name, trees[name], size)
                measured[name] = (1, 1) if problems else size  # reported once, not again for all that use it
                found.extend(problems)
            else:
                entered[name] = None
                for element in subtrees(trees[name]):
                    wanted = element.attributes.get("ID", "")
                    if wanted in entered:
                        message = f"tree '{wanted}' contains itself through <SubTree ID=\"{wanted}\">"
                        found.append(element.problem(message))
                    elif wanted in trees and wanted not in measured:
                        stack.append(wanted)
    return found


def subtrees(tree: Element) -> list[Element]:
    """The SubTree elements of one tree."""
    return [element for element in tree.walk() if element.tag == "SubTree"]


def _measure(element: Element, measured: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """(nodes, levels) of an element with all that it stands for; trees within themselves count as nothing."""
    below = [_measure(child, measured) for child in element.children]
    if element.tag == "SubTree":
        below.append(measured.get(element.attributes.get("ID", ""), (0, 0)))
    return 1 + sum(nodes for nodes, _ in below), 1 + max((levels for _, levels in below), default=0)


def _too_big(name: str, tree: Element, size: tuple[int, int]) -> list[Problem]:
    nodes, levels = size
    if nodes > MAX_NODES:
        return [tree.problem(f"tree '{name}' has more than {MAX_NODES} nodes with its subtrees")]
    if levels > MAX_NESTING:
        return [tree.problem(f"tree '{name}' is {levels} levels deep with its subtrees; at most {MAX_NESTING}")]
    return []
