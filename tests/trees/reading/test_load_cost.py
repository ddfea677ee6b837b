"""What reading and checking the bottle tree costs, against expat alone in the same run."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Any
from xml.parsers import expat

import trees
from behaviours.registry import LEAVES

FILE = Path(trees.__path__[0]) / "library" / "grasp_bottle.xml"
BOUND = 1000.0
"""Far above the 230 or so of a quiet machine."""


def expat_alone() -> None:
    """The least that any reader must do."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: found.append((tag, attributes))
    parser.Parse(FILE.read_bytes(), True)


def cpu_s(work: Any) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def test_loading_and_checking_the_bottle_tree() -> None:
    """Processor time of `trees.load` to that of expat, median of pairs taken in turns; `pytest -s` prints it."""
    ratios = []
    for _ in range(20):
        plain = cpu_s(lambda: [expat_alone() for _ in range(20)]) / 20
        ratios.append(cpu_s(lambda: trees.load(FILE, LEAVES)) / plain)
    print(f"loading takes {median(ratios):.0f} times what expat takes alone")
    assert median(ratios) < BOUND
    assert trees.load(FILE, LEAVES).main == "GraspBottle"
