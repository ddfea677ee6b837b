"""From a host name to a logged-in robot with its clients. Credentials come from the environment or a prompt only."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from behaviours.robots.spot.link.clock import RobotClock
from behaviours.robots.spot.link.errors import CREDENTIALS, explain, is_transient, missing
from behaviours.robots.spot.link.link import Link, is_bosdyn
from behaviours.robots.spot.link.probe import probe
from perception.base.errors import ConfigError, RobotError
from perception.base.files import read_bytes

CLIENT_NAME: Final = "spot-grasp"
HTTPS_PORT: Final = 443
CERTIFICATE_BYTES: Final = 1_000_000
CONNECT_S: Final = 5.0
"""To reach the robot and greet it, and then to log in."""
SYNC_S: Final = 10.0
CLOSE_S: Final = 2.0
SYNC_EVERY_S: Final = 10.0


@dataclass(frozen=True)
class Target:
    """Which robot. certificate: a PEM file to trust instead of the vendor's own. credentials: (user, password) made by
    this program itself for a simulator; None asks the environment, then the terminal. Never shown. patience: how many
    times longer than a robot's its answers may take, for a simulator on a busy machine."""

    hostname: str
    port: int = HTTPS_PORT
    certificate: Path | None = None
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    patience: float = 1.0


class Connection:
    """A robot that we are logged in to. Reads only; nothing here moves it or takes anything.

    target: which robot. services: names of those that may be used; None for all.
    clock, link: see there. lease, estop, power, command, state, image: bosdyn's clients, made when asked for.
    """

    def __init__(self, target: Target, services: frozenset[str] | None = None) -> None:
        self.target, self._services = target, services
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # a cut connection is told once, by us
        try:
            import bosdyn.client
            from bosdyn.util import now_sec
        except ImportError as error:
            raise missing(error) from error
        self._suspicion: str | None = None
        self.clock = RobotClock(now_sec)
        self.link = Link(target.hostname, self.clock, target.patience)
        self._sdk: Any = bosdyn.client.create_standard_sdk(CLIENT_NAME)
        if target.certificate is not None:
            self._sdk.cert = read_bytes(target.certificate, "certificate", CERTIFICATE_BYTES)
        self.robot: Any = self._sdk.create_robot(target.hostname)
        self.robot.update_secure_channel_port(target.port)
        self.robot.response_processors.append(_Listener(self.clock))

    def open(self) -> None:
        """Reach the robot, log in, synchronise the clocks. RobotError or ConfigError, with what to do."""
        host, port, certificate = self.target.hostname, self.target.port, self.target.certificate
        self._suspicion = probe(host, port, self._sdk.cert, certificate, CONNECT_S)
        self._log_in()
        self._synchronise()

    def _log_in(self) -> None:
        from bosdyn.client.auth import InvalidLoginError, TemporarilyLockedOutError
        from bosdyn.client.util import cli_login_prompt

        host, patience = self.target.hostname, self.target.patience
        if self._credentials() is None and not sys.stdin.isatty():
            raise ConfigError(f"no credentials for {host}: {CREDENTIALS}")
        try:
            self.robot.authenticate(*(self._credentials() or cli_login_prompt()), timeout=CONNECT_S * patience)
        except InvalidLoginError as error:
            raise ConfigError(f"{host} does not accept the user name or password; {CREDENTIALS}") from error
        except TemporarilyLockedOutError as error:
            raise RobotError(f"{host} has locked this user out after wrong passwords; wait a few minutes") from error
        except Exception as error:
            if not is_bosdyn(error):
                raise
            raise self._not_reached(error, "logging in") from error

    def _credentials(self) -> tuple[str, str] | None:
        """User and password that are known without asking for them."""
        user, password = os.environ.get("BOSDYN_CLIENT_USERNAME"), os.environ.get("BOSDYN_CLIENT_PASSWORD")
        return self.target.credentials or ((user, password) if user and password else None)

    def _not_reached(self, error: Exception, doing: str) -> RobotError:
        if self._suspicion is not None and is_transient(error):
            return RobotError(self._suspicion)
        return explain(error, self.target.hostname, doing)

    def _synchronise(self) -> None:
        from bosdyn.client.directory import DirectoryClient
        from bosdyn.client.time_sync import TimeSyncError

        try:
            directory = self.robot.ensure_client(DirectoryClient.default_service_name)
            self.robot.sync_with_services_list(directory.list(timeout=CONNECT_S * self.target.patience))
            self._start_time_sync()
            self.robot.time_sync.wait_for_sync(timeout_sec=SYNC_S)
        except TimeSyncError as error:
            raise RobotError(
                f"the clocks could not be synchronised with {self.target.hostname} within {SYNC_S:.0f} s; "
                "the network may be too slow"
            ) from error
        except Exception as error:
            if not is_bosdyn(error):
                raise
            raise self._not_reached(error, "synchronising the clocks") from error

    def _start_time_sync(self) -> None:
        """With a client of short deadlines: the SDK's own waits half a minute for a silent robot, also when closing."""
        from bosdyn.client.time_sync import TimeSyncClient, TimeSyncThread

        if self.robot._time_sync_thread is None:
            client = self.robot.ensure_client(TimeSyncClient.default_service_name)
            self.robot._time_sync_thread = TimeSyncThread(_Prompt(client))
        self.robot.start_time_sync(SYNC_EVERY_S)

    def keep_synchronised(self) -> None:
        """Start the SDK's time synchronisation again if a lost call has ended it; cheap, may be called at each tick."""
        thread = self.robot._time_sync_thread
        if thread is not None and thread.stopped:
            self.robot.start_time_sync(SYNC_EVERY_S)

    def client(self, name: str) -> Any:
        """bosdyn's client of a service of the robot's directory. RobotError if the robot does not offer it, or it may
        not be used."""
        if self._services is not None and name not in self._services:
            raise RobotError(f"this program only looks at {self.target.hostname} and does not use its service {name!r}")
        from bosdyn.client.robot import UnregisteredServiceError

        try:
            return self.robot.ensure_client(name)
        except UnregisteredServiceError as error:
            raise RobotError(f"{self.target.hostname} offers no service {name!r}") from error
        except Exception as error:
            if not is_bosdyn(error):
                raise
            raise self._not_reached(error, f"looking for the service {name!r}") from error

    @property
    def lease(self) -> Any:
        return self.client("lease")

    @property
    def estop(self) -> Any:
        return self.client("estop")

    @property
    def power(self) -> Any:
        return self.client("power")

    @property
    def command(self) -> Any:
        return self.client("robot-command")

    @property
    def state(self) -> Any:
        return self.client("robot-state")

    @property
    def image(self) -> Any:
        return self.client("image")

    def close(self) -> None:
        """End all background threads and channels. Safe twice."""
        self.robot._shutdown()
        self.robot.shutdown()


class _Prompt:
    """A time-sync client whose calls end soon."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get_time_sync_update(self, **values: Any) -> Any:
        return self._client.get_time_sync_update(timeout=CLOSE_S, **values)


class _Listener:
    """A bosdyn response processor that feeds the clock with every answer."""

    def __init__(self, clock: RobotClock) -> None:
        self._clock = clock

    def mutate(self, response: Any) -> None:
        if getattr(response, "header", None) is not None:
            self._clock.observe(response.header)
