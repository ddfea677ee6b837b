"""Leaves that move the robot and can run at the same time: in a parallel node, or when a reactive node starts one leaf
before it halts the other. This may be intended, so these are warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final

from trees.checking.kinds import Kinds, tag_of
from trees.engine.leaf import Leaf
from trees.reading.elements import Element, Problem
from trees.reading.outline import Outline

TOGETHER: Final = frozenset({"Parallel", "ParallelAll", "PipelineSequence"})
REACTIVE: Final = frozenset({"ReactiveSequence", "ReactiveFallback"})
MAX_WARNINGS: Final = 20

_Movers = dict[str, Element]
"""What can move below a node: robot part -> the first leaf that moves it."""


def check_actuators(outline: Outline, kinds: Kinds, order: Iterable[str]) -> list[Problem]:
    """One warning for each node with two children that can move the robot at the same time, up to MAX_WARNINGS nodes.

    order: all trees, each after the trees it uses; none may contain itself. Each element is visited once.
    """
    known: dict[str, _Movers] = {}
    problems: list[Problem] = []

    def movers(element: Element) -> _Movers:
        if element.tag == "SubTree":
            return known.get(element.attributes.get("ID", ""), {})
        kind = kinds.classes.get(tag_of(element))
        if kind is not None and issubclass(kind, Leaf):
            return dict.fromkeys(sorted(kind.ACTUATORS), element)
        below = [movers(child) for child in element.children]
        if len(problems) < MAX_WARNINGS:
            problems.extend(_together(element, below))
        total: _Movers = {}
        for each in below:
            for part, leaf in each.items():
                total.setdefault(part, leaf)
        return total

    for name in order:
        known[name] = movers(outline.trees[name])
    return problems


def _together(element: Element, below: list[_Movers]) -> Iterator[Problem]:
    tag = tag_of(element)
    if tag not in TOGETHER and tag not in REACTIVE:
        return
    moving = [each for each in below if each]
    for first, second in combinations(moving[:MAX_WARNINGS], 2):
        shared = sorted(first.keys() & second.keys())
        first_leaf = first[shared[0]] if shared else next(iter(first.values()))
        second_leaf = second[shared[0]] if shared else next(iter(second.values()))
        what = f"both move the {shared[0]}" if shared else f"move the {next(iter(first))} and the {next(iter(second))}"
        when = "at the same time" if tag in TOGETHER else "for one tick, as the new one starts before the old is halted"
        leaves = " and ".join(f"<{tag_of(leaf)}> ({leaf.seen_from(element)})" for leaf in (first_leaf, second_leaf))
        yield element.problem(f"below <{tag}>, {leaves} {what}; they can run {when}", warning=True)
        return
