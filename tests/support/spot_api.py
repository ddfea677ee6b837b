"""A simulated Spot with the fake robot in it, and the vendor's own client connected to it, for the tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import bosdyn.client
from bosdyn.client.estop import EstopClient
from bosdyn.client.lease import LeaseClient, LeaseKeepAlive
from bosdyn.client.robot_command import RobotCommandBuilder, RobotCommandClient
from bosdyn.client.robot_state import RobotStateClient

from behaviours.robots.fake.robot import FakeRobot
from simulation.spot_api import SpotServer

SPEED = 10.0
"""Simulated seconds for one of the wall: waiting for motions would be most of the tests."""


@dataclass
class Client:
    """A connected client. command: RobotCommandClient. state(): RobotState now."""

    robot: Any
    command: Any = field(init=False)

    def __post_init__(self) -> None:
        self.command = self.robot.ensure_client(RobotCommandClient.default_service_name)

    def state(self) -> Any:
        return self.robot.ensure_client(RobotStateClient.default_service_name).get_robot_state()

    def send(self, command: Any, end_s: float | None = None) -> int:
        """Send a command that may last `end_s` seconds on the robot's clock; its number."""
        end = None if end_s is None else self.robot_now() + end_s
        return int(self.command.robot_command(command, end_time_secs=end))

    def robot_now(self) -> float:
        return time.time()

    def feedback(self, number: int) -> Any:
        return self.command.robot_command_feedback(number).feedback

    @property
    def leases(self) -> Any:
        return self.robot.ensure_client(LeaseClient.default_service_name)

    @property
    def estop(self) -> Any:
        return self.robot.ensure_client(EstopClient.default_service_name)

    def power_on_and_stand(self) -> None:
        self.robot.power_on(timeout_sec=60)
        number = self.send(RobotCommandBuilder.synchro_stand_command())
        wait_for(lambda: self.mobility(number).stand_feedback.status == 1)

    def mobility(self, number: int) -> Any:
        return self.feedback(number).synchronized_feedback.mobility_command_feedback

    def arm(self, number: int) -> Any:
        return self.feedback(number).synchronized_feedback.arm_command_feedback

    def claw(self, number: int) -> Any:
        return self.feedback(number).synchronized_feedback.gripper_command_feedback


def wait_for(condition: Callable[[], Any], limit_s: float = 60.0) -> Any:
    """Poll until it is true; AssertionError after the limit, which is long because machines are busy."""
    end = time.monotonic() + limit_s
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return value


def connect(server: SpotServer, name: str = "test", *, sync: bool = True) -> Client:
    """A client of its own, authenticated and synchronised."""
    sdk = bosdyn.client.create_standard_sdk(name, cert_resource_glob=str(server.ca_file))
    robot = sdk.create_robot("127.0.0.1")
    robot.update_secure_channel_port(server.port)
    robot.authenticate(server.username, server.password)
    if sync:
        robot.start_time_sync(0.5)
        robot.time_sync.wait_for_sync(timeout_sec=60)
    return Client(robot)


@contextmanager
def spot(robot: Any = None, **options: Any) -> Iterator[SpotServer]:
    """A running simulator."""
    with SpotServer(robot or FakeRobot(), speed=options.pop("speed", SPEED), **options) as server:
        yield server
        assert server.log.errors == []


@contextmanager
def standing(**options: Any) -> Iterator[tuple[SpotServer, Client]]:
    """A simulator and a client that has the lease, motor power, and the robot standing. options: those of `spot`."""
    with spot(**options) as server:
        client = connect(server)
        with LeaseKeepAlive(client.leases, must_acquire=True, return_at_exit=True):
            client.power_on_and_stand()
            yield server, client
