"""Leaves that move the robot and can run at the same time: in a parallel node, or where a reactive node starts one
before it halts the other. It may be meant, so these are warnings."""

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
MAX_TOLD: Final = 20

_Movers = dict[str, Element]
"""What may move below a node: robot part -> the first leaf that moves it."""


def check_actuators(out: Outline, kinds: Kinds, order: Iterable[str]) -> list[Problem]:
    """One warning for each node with two children that can move the robot at once; none for more than a few.

    order: all trees, which must not contain themselves, each after those it uses. Each element is looked at once.
    """
    known: dict[str, _Movers] = {}
    found: list[Problem] = []

    def movers(element: Element) -> _Movers:
        if element.tag == "SubTree":
            return known.get(element.attributes.get("ID", ""), {})
        kind = kinds.classes.get(tag_of(element))
        if kind is not None and issubclass(kind, Leaf):
            return dict.fromkeys(sorted(kind.ACTUATORS), element)
        below = [movers(child) for child in element.children]
        if len(found) < MAX_TOLD:
            found.extend(_together(element, below))
        total: _Movers = {}
        for each in below:
            for part, leaf in each.items():
                total.setdefault(part, leaf)
        return total

    for name in order:
        known[name] = movers(out.trees[name])
    return found


def _together(element: Element, below: list[_Movers]) -> Iterator[Problem]:
    tag = tag_of(element)
    if tag not in TOGETHER and tag not in REACTIVE:
        return
    moving = [each for each in below if each]
    for first, second in combinations(moving[:MAX_TOLD], 2):
        shared = sorted(first.keys() & second.keys())
        one = first[shared[0]] if shared else next(iter(first.values()))
        other = second[shared[0]] if shared else next(iter(second.values()))
        what = f"both move the {shared[0]}" if shared else f"move the {next(iter(first))} and the {next(iter(second))}"
        when = "at the same time" if tag in TOGETHER else "for one tick, as the new one starts before the old is halted"
        leaves = " and ".join(f"<{tag_of(leaf)}> ({leaf.seen_from(element)})" for leaf in (one, other))
        yield element.problem(f"below <{tag}>, {leaves} {what}; they can run {when}", warning=True)
        return
