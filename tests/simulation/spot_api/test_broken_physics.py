"""Physics that fails: of one command alone, in every step, or for good."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("bosdyn.client")

from bosdyn.client.lease import LeaseKeepAlive

from behaviours.robot import CommandState
from behaviours.robots.fake.robot import FakeRobot
from perception.base.errors import RobotError
from simulation.spot_api import SpotServer
from tests.simulation.spot_api.test_nonsense import STAND
from tests.support.spot_api import connect, wait_for


def test_a_motion_that_cannot_be_computed_is_a_fault_of_that_command_alone() -> None:
    """With a law that raises, one that leads nowhere, and a step that raises: what no request does any more."""

    def raises(_time_s: float) -> Any:
        raise ZeroDivisionError("a bug in a law")

    def nowhere(_time_s: float) -> Any:
        return np.full(6, np.nan), np.zeros(6)

    with SpotServer(FakeRobot(), speed=20.0) as server:
        client = connect(server)
        with LeaseKeepAlive(client.leases, must_acquire=True, return_at_exit=True):
            for law in (raises, nowhere):
                client.power_on_and_stand()
                command = server.world.call(lambda robot: robot.follow_arm(law))  # noqa: B023
                wait_for(lambda: client.state().behavior_fault_state.faults)
                assert command.poll().state is CommandState.FAILED
                [fault] = client.state().behavior_fault_state.faults
                assert fault.cause == fault.CAUSE_COMMAND_FAILURE
                client.command.clear_behavior_fault(fault.behavior_fault_id)
                client.send(STAND)
        assert ["ZeroDivisionError" in server.log.errors[0], len(server.log.errors)] == [True, 2]


def test_what_raises_in_every_step_is_told_once_and_others_go_on() -> None:
    with SpotServer(FakeRobot(), speed=20.0) as server:
        client = connect(server)

        def broken(_robot: Any) -> None:
            raise KeyError("a bug in a service")

        server.world.on_step.append(broken)
        before = server.world.snapshot.simulated_s
        wait_for(lambda: server.world.snapshot.simulated_s > before + 1.0)
        assert len(server.log.errors) == 1
        assert len(client.state().behavior_fault_state.faults) == 1


class Dead(FakeRobot):
    """Its physics fails at every step from a moment on."""

    dead = False

    def sleep(self, seconds: float) -> None:
        if self.dead:
            raise ArithmeticError("the physics has blown up")
        super().sleep(seconds)


def test_physics_that_fails_for_good_ends_and_says_so() -> None:
    robot = Dead()
    with SpotServer(robot, speed=20.0) as server:
        robot.dead = True

        def ended() -> bool:
            try:
                return server.world.snapshot is None
            except RobotError as error:
                return "the physics has blown up" in str(error)

        wait_for(ended)
