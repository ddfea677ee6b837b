"""No number that is no limit, and no name that nobody knows, gets as far as the robot."""

from __future__ import annotations

import math

import pytest

from behaviours.registry import LEAVES
from trees.nodes import CONTROL_NODES
from trees.ports import FINITE, Direction, Port

NUMBERS = (int, float)
KINDS = {**CONTROL_NODES, **LEAVES}
COUNTED = {("Parallel", "success_count"), ("Parallel", "failure_count"), ("ParallelAll", "max_failures")}
"""Any whole number means something: below 0 it counts from the end."""
NUMERIC = [
    pytest.param(port, id=f"{tag}-{port.name}")
    for tag, kind in KINDS.items()
    for port in kind.PORTS
    if port.type in NUMBERS
    and (tag, port.name) not in COUNTED
    and not (tag in CONTROL_NODES and port.direction is Direction.OUTPUT)
]


@pytest.mark.parametrize("port", NUMERIC)
def test_every_number_declares_bounds_that_hold_its_default(port: Port) -> None:
    assert port.bounds != FINITE
    assert port.limits
    assert port.required or port.refusal(port.default) == ""
    low, high = port.bounds.minimum, port.bounds.maximum
    for value in (math.nan, math.inf, -math.inf, high + 1, low - 1, *([low] if port.bounds.above else [])):
        assert port.refusal(value)
