"""Whatever ends a start, motor power is as it was found. SPOT_GRASP_EXHAUSTIVE=1 spoils each RPC in each way."""

# ruff: noqa: PT012  (the robot is left by the error that is expected, and that is part of what is tested)

from __future__ import annotations

import itertools
import os
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.api import power_pb2
from bosdyn.client.common import BaseClient
from bosdyn.client.exceptions import InternalServerError, TimedOutError
from bosdyn.client.power import PowerClient

from app.commands.tree_files import preflight
from behaviours.robots.spot.link.errors import LostRobotError
from perception.base.errors import RobotError
from simulation.spot_api import SpotServer
from simulation.spot_api.body.machine import FALL, OFF
from tests.behaviours.spot.test_session import commands_of, holder, nothing_moved
from tests.support.spot_api import connect, spot, wait_for
from tests.support.spot_robot import adapter, target_of

pytestmark = pytest.mark.slow

WAYS = ("lost", "answer lost", "lost for good", "answers lost for good", "refused", "bug", "signal", "signal after")
RPCS = 30
"""The rest of a start repeats the last two of them, until the robot stands."""
EVERY = [(way, number) for way in WAYS for number in range(1, RPCS)]
FEW = random.Random(3).sample(EVERY, 8)
CASES = EVERY if os.environ.get("SPOT_GRASP_EXHAUSTIVE") else FEW


class BugError(Exception):
    """An error that nobody has foreseen."""


class Spoiler:
    """Spoils the nth call that this thread makes, and for some ways all later ones of the same kind."""

    def __init__(self, way: str, number: int) -> None:
        self._way, self._left = way, number
        self._thread, self._original = threading.current_thread(), BaseClient.call
        self._method: Any = None
        self.hit = ""

    def call(self, client: Any, method: Any, *arguments: Any, **named: Any) -> Any:
        def go() -> Any:
            return self._original(client, method, *arguments, **named)

        if threading.current_thread() is not self._thread:
            return go()
        self._left -= 1
        name = method._method
        if self._left == 0:
            self.hit = str(name)
        elif not (self.hit == name and "for good" in self._way):
            return go()
        if self._way in ("answer lost", "answers lost for good", "signal after"):
            go()
        match self._way:
            case "refused":
                raise InternalServerError(None, "spoilt")
            case "bug":
                raise BugError
            case "signal" | "signal after":
                raise KeyboardInterrupt
        raise TimedOutError(None, "spoilt")


def power(server: SpotServer) -> int:
    return int(server.machine.motors)


@pytest.mark.parametrize("found_on", [False, True])
@pytest.mark.parametrize(("way", "number"), CASES)
def test_a_start_that_is_spoilt_leaves_power_as_it_was(
    way: str, number: int, found_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("behaviours.robots.spot.link.link.LOST_AFTER_S", 0.3)
    with spot(lease_stale_s=60.0) as server:
        if found_on:
            with adapter(server, at_end="stand"):
                pass
        before = power(server)
        spoiler = Spoiler(way, number)
        with monkeypatch.context() as patch:
            patch.setattr(BaseClient, "call", lambda *given, **named: spoiler.call(*given, **named))
            try:
                with adapter(server):
                    patch.undo()  # the start is over
            except (RobotError, BugError, KeyboardInterrupt):
                pass
        wait_for(lambda: power(server) == before)


def late(server: SpotServer, act: Callable[[], Any], rpc: str = "RobotCommand") -> None:
    """Let something happen when the server receives an RPC for the first time."""
    seen, gate = itertools.count(), server.disturb

    def disturb(method: str, remaining_s: float | None) -> None:
        if method.endswith(f".{rpc}") and next(seen) == 0:
            act()
        gate(method, remaining_s)

    server.disturb = disturb  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (lambda server: server.machine.add_fault(FALL), "behaviour fault"),
        (lambda server: setattr(server.machine, "docked", True), "dock"),
        (lambda server: server.machine.cut(), "motors"),
        (lambda server: setattr(server.estop, "pressed", True), "motors|e-stop|stand up"),
        (lambda server: server.leases.steal("thief"), "thief"),
    ],
    ids=["fault", "dock", "cut", "e-stop", "thief"],
)
def test_what_happens_at_the_first_command_leaves_power_as_it_was(
    event: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("behaviours.robots.spot.control.session.STAND_S", 4.0)
    with spot(lease_stale_s=1.0) as server:
        late(server, lambda: event(server))
        with pytest.raises(RobotError, match=words), adapter(server):
            pass
        wait_for(lambda: power(server) == OFF)


def test_a_fault_in_the_middle_leaves_power_as_it_was_found() -> None:
    with spot() as server:
        with pytest.raises(LostRobotError, match="CAUSE_FALL"), adapter(server) as robot:
            server.machine.add_fault(FALL)
            robot.sleep(1.0)
        assert power(server) == OFF
        assert commands_of(server)[-1] == "safe_power_off"


def test_a_power_on_that_fails_later_tells_the_robots_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        PowerClient, "power_command_feedback", lambda *_, timeout: power_pb2.STATUS_KEEPALIVE_MOTORS_OFF
    )
    with spot() as server:
        monkeypatch.setattr(server.machine, "power_on", lambda: None)
        with pytest.raises(RobotError, match=r"did not come on: STATUS_KEEPALIVE_MOTORS_OFF"), adapter(server):
            pass


# the dock


def dock(server: SpotServer) -> None:
    """Motors off, on the dock."""
    server.machine.docked = True


def test_on_its_dock_a_run_is_refused_before_the_motors_go_on() -> None:
    with spot() as server:
        dock(server)
        with pytest.raises(RobotError, match=r"stands on its dock.*--undock"), adapter(server):
            pass
        assert nothing_moved(server)
        assert holder(server) == ""
        (row,) = [row for row in preflight.preflight(target_of(server)) if row.what == "dock"]
        assert row.verdict == "fail"
        assert "--undock" in row.words


def test_asked_to_it_undocks_and_then_stands_ahead_of_the_dock() -> None:
    with spot() as server:
        dock(server)
        start = server.world.snapshot.body.position_m.copy()
        with adapter(server, undock=True):
            assert not server.machine.docked
            assert server.machine.posture() == "standing"
        assert len(server.log.of("DockingCommand")) == 1
        assert power(server) == OFF
        assert abs(server.world.snapshot.body.position_m - start)[:2].max() < 1.0
        with adapter(server, undock=True):  # no longer on the dock: nothing to do
            pass
        assert len(server.log.of("DockingCommand")) == 1


def test_an_undocking_that_fails_says_why_and_leaves_power_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("behaviours.robots.spot.control.dock.UNDOCK_S", 0.5)
    with spot() as server:
        dock(server)
        with pytest.raises(RobotError, match=r"did not get off its dock"), adapter(server, undock=True):
            pass
        assert power(server) == OFF


def test_a_robot_without_a_docking_service_stands_on_no_dock() -> None:
    with spot() as server:
        server.directory.remove("docking")
        (row,) = [row for row in preflight.preflight(target_of(server)) if row.what == "dock"]
        assert row.verdict == "ok"
        with adapter(server, undock=True):
            assert connect(server, "looker", sync=False)
