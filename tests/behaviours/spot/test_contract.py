"""The adapter contract, through the real protobuf services over TLS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("bosdyn.client")

from behaviours.contract import CONTRACT, MakeRobot
from tests.support.spot_api import spot
from tests.support.spot_robot import adapter

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_the_contract_holds_over_grpc(check: Callable[[MakeRobot], None]) -> None:
    with spot(speed=4.0) as server:
        check(lambda: adapter(server))
