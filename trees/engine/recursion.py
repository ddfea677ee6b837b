"""Python's recursion limit, for trees that are deeper than it allows.

A process-wide setting: py_trees ticks a child inside its parent's generator, so each level of a tree takes Python
frames. It can go when a tick is a loop over the nodes.
"""

from __future__ import annotations

import sys

_FRAMES_A_LEVEL = 12
"""Python frames that a tick needs for each level: five, seven with conditions, a few more with a monitor's hooks."""
_FRAMES_ELSEWHERE = 1000


def allow_recursion(levels: int) -> None:
    """Raise the limit, so that a tree of that many levels can be built, ticked and halted. It is never lowered."""
    needed = _FRAMES_ELSEWHERE + _FRAMES_A_LEVEL * levels
    if sys.getrecursionlimit() < needed:
        sys.setrecursionlimit(needed)
