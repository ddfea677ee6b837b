"""Descendants and parents of nodes, from the depths of all nodes in pre-order."""

from __future__ import annotations

from collections.abc import Sequence


def ends(depths: Sequence[int]) -> list[int]:
    """For each node the index after its last descendant."""
    after = [len(depths)] * len(depths)
    path: list[int] = []
    for index, depth in enumerate(depths):
        while path and depths[path[-1]] >= depth:
            after[path.pop()] = index
        path.append(index)
    return after


def parents(depths: Sequence[int]) -> list[int]:
    """For each node the index of its parent, -1 for the root."""
    above: list[int] = []
    path: list[int] = []
    for index, depth in enumerate(depths):
        while path and depths[path[-1]] >= depth:
            path.pop()
        above.append(path[-1] if path else -1)
        path.append(index)
    return above
