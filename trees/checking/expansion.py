"""The size of the tree in which every SubTree is replaced by its content: finite, and small enough to run."""

from __future__ import annotations

from collections.abc import Mapping

from trees.reading.elements import Element, Problem

MAX_NODES = 65_535
"""BehaviorTree.CPP's monitoring and logs number nodes with 16 bits."""
MAX_NESTING = 256
"""Depth of the expanded tree, as in 4.10."""


def check_expansion(trees: Mapping[str, Element], measured: dict[str, tuple[int, int]]) -> list[Problem]:
    """One problem for each SubTree that leads back into its own tree, and for each tree that is too big or too deep.

    measured: gets (nodes, levels) of every tree, each after the trees it uses. Nothing is expanded, so the time is
    proportional to the size of the files.
    """
    problems: list[Problem] = []
    for start in trees:
        stack = [start]
        entered: dict[str, None] = {}  # the trees on the way from `start` to this one
        while stack:
            name = stack[-1]
            if name in measured:
                stack.pop()
            elif name in entered:
                entered.pop(name)
                stack.pop()
                size = _measure(trees[name], measured)
                too_big = _too_big(name, trees[name], size)
                measured[name] = (1, 1) if too_big else size  # reported once, not for every tree that uses it
                problems.extend(too_big)
            else:
                entered[name] = None
                for element in trees[name].subtrees():
                    tree_id = element.attributes.get("ID", "")
                    if tree_id in entered:
                        message = f"tree '{tree_id}' contains itself through <SubTree ID=\"{tree_id}\">"
                        problems.append(element.problem(message))
                    elif tree_id in trees and tree_id not in measured:
                        stack.append(tree_id)
    return problems


def _measure(element: Element, measured: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """(nodes, levels) of an element and its expanded SubTrees; a tree inside itself counts as nothing."""
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
