"""The adapter contract, through the real protobuf services over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("bosdyn.client")

from behaviours.contract import CONTRACT, MakeRobot
from simulation.spot_api import SpotServer
from tests.support.spot_api import spot
from tests.support.spot_robot import adapter

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[SpotServer]:
    """A robot that stands."""
    with spot(speed=4.0) as server:
        with adapter(server, at_end="stand"):
            pass
        yield server


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_the_contract_holds_over_grpc(check: Callable[[MakeRobot], None], server: SpotServer) -> None:
    check(lambda: adapter(server))
