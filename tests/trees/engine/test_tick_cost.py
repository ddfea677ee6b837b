"""What a tick costs beside py_trees' own composites: trees of one shape over leaves that do nothing, in one run.

`pytest -s` prints the ratio: the median over turns, each of which measures both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import py_trees
import pytest
from py_trees.common import Status

import trees
from trees.engine.leaf import Leaf

TURNS = 25


class Idle(Leaf):
    """SUCCESS, at once."""

    def update(self) -> Status:
        return Status.SUCCESS


class Raw(py_trees.behaviour.Behaviour):
    """The same for py_trees."""

    def update(self) -> Status:
        return Status.SUCCESS


def groups(nodes: int) -> list[int]:
    """The sizes of the groups of leaves under a root, so that there are that many nodes in all."""
    left, found = nodes - 1, []
    while left > 0:
        found.append(min(9, left - 1) if left > 1 else 0)
        left -= found[-1] + 1
    return [size for size in found if size]


def ours(folder: Path, nodes: int, listen: bool, *, reactive: bool) -> Callable[[], object]:
    flow = "ReactiveSequence" if reactive else "Sequence"
    body = "".join(
        f"<{flow}>{'<Idle/>' * size}</{flow}>" if number % 2 else f"<Fallback>{'<Idle/>' * size}</Fallback>"
        for number, size in enumerate(groups(nodes))
    )
    file = folder / "tree.xml"
    file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="T"><{flow}>{body}</{flow}></BehaviorTree></root>')
    tree = trees.build(trees.load(file, {"Idle": Idle}), None, lambda: 0.0)
    if listen:
        tree.on_transition(lambda *_: None)
    return tree.tick


def raw(nodes: int, *, reactive: bool) -> Callable[[], object]:
    children: list[py_trees.behaviour.Behaviour] = []
    for number, size in enumerate(groups(nodes)):
        leaves = [Raw(f"leaf {k}") for k in range(size)]
        group = py_trees.composites.Sequence if number % 2 else py_trees.composites.Selector
        children.append(group(f"group {number}", memory=not reactive, children=leaves))
    root = py_trees.composites.Sequence("root", memory=not reactive, children=children)

    def tick() -> None:
        for _ in root.tick():
            pass

    return tick


def seconds(tick: Callable[[], object], times: int) -> float:
    begin = time.thread_time()
    for _ in range(times):
        tick()
    return time.thread_time() - begin


@pytest.mark.slow
@pytest.mark.parametrize("listen", [False, True], ids=["alone", "listened to"])
@pytest.mark.parametrize("reactive", [False, True], ids=["plain", "reactive"])
@pytest.mark.parametrize("nodes", [50, 500])
def test_a_tick(tmp_path: Path, nodes: int, reactive: bool, listen: bool) -> None:
    tick, reference = ours(tmp_path, nodes, listen, reactive=reactive), raw(nodes, reactive=reactive)
    times = 2000 // nodes
    ratios = [seconds(tick, times) / seconds(reference, times) for _ in range(TURNS)]
    print(f"{nodes} nodes: a tick takes {median(ratios):.2f} times py_trees' own")
    assert median(ratios) < 1.0
