"""A `SpotRobot` in front of a simulated Spot with the fake robot in it, for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from behaviours.robots.spot.link.connection import Target
from behaviours.robots.spot.options import SpotOptions
from behaviours.robots.spot.robot import SpotRobot
from simulation.spot_api import SpotServer
from tests.support.spot_api import spot


def target_of(server: SpotServer) -> Target:
    return Target("127.0.0.1", server.port, server.ca_file, (server.username, server.password))


def adapter(server: SpotServer, **options: Any) -> SpotRobot:
    """A fresh adapter, not yet entered."""
    return SpotRobot(target_of(server), SpotOptions(**options))


@contextmanager
def working(speed: float = 8.0, **options: Any) -> Iterator[tuple[SpotServer, SpotRobot]]:
    """A simulated Spot and an adapter that has entered it."""
    with spot(speed=speed) as server, adapter(server, **options) as robot:
        yield server, robot
