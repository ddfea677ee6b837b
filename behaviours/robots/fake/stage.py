"""A fake world from a list of objects and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from behaviours.robots.fake.world import FakeShape, FakeWorld

Top = tuple[float, float, float, float]
"""x, y and z of the middle of a table's top, and half its width, metres."""
BURIED: Final = (0.0, 0.0, -100.0)
"""Below the floor, where nothing sees or reaches it: a world has at least one object and one table."""


@dataclass(frozen=True)
class FakeItem:
    """An object. foot_m: x, y, z of the middle of its foot; the robot starts at the origin, on the floor."""

    foot_m: tuple[float, float, float]
    shape: FakeShape = field(default_factory=FakeShape)


def stage(items: Sequence[FakeItem] | None = None, tables: Sequence[Top] | None = None) -> FakeWorld:
    """The world with these objects and tables; None leaves the usual ones."""
    world = FakeWorld()
    if tables is not None:
        first, *others = tables or [(*BURIED, 0.0)]
        world.table_m, world.table_half_m, world.other_tables = first[:3], first[3], tuple(others)
    if items is not None:
        feet = [np.array(item.foot_m) for item in items] or [np.array(BURIED)]
        world.bottle_m, world.others_m = feet[0], feet[1:]
        world.shapes = tuple(item.shape for item in items)
    return world
