"""Every adapter keeps the same contract."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from behaviours.contract import CONTRACT, MakeRobot
from behaviours.robots.fake.robot import FakeRobot

names = [check.__name__ for check in CONTRACT]


@pytest.mark.parametrize("check", CONTRACT, ids=names)
def test_fake(check: Callable[[MakeRobot], None]) -> None:
    check(FakeRobot)


@pytest.mark.xdist_group("genesis")
@pytest.mark.skipif(find_spec("genesis") is None, reason="genesis is not installed")
@pytest.mark.parametrize("check", CONTRACT, ids=names)
def test_genesis(check: Callable[[MakeRobot], None]) -> None:
    from simulation.genesis.robot import GenesisRobot

    def make() -> Any:
        return GenesisRobot("bottle", 3)

    check(make)
