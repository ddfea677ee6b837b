"""From a host name to a logged-in robot with its clients. Credentials come from the environment or a prompt only."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.spot.clock import RobotClock
from app.spot.errors import CREDENTIALS, explain, missing, words
from app.spot.link import Link, is_bosdyn
from perception.errors import ConfigError, RobotError

CLIENT_NAME: Final = "spot-grasp"
HTTPS_PORT: Final = 443
CONNECT_S: Final = 5.0
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

    clock, link: see there. lease, estop, power, command, state, image: bosdyn's clients, made when asked for.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # a cut connection is told once, by us
        try:
            import bosdyn.client
            from bosdyn.util import now_sec
        except ImportError as error:
            raise missing(error) from error
        if target.certificate is not None and not target.certificate.is_file():
            raise ConfigError(f"{target.certificate}: no such file; --certificate wants the PEM file to trust")
        self.clock = RobotClock(now_sec)
        self.link = Link(target.hostname, self.clock, target.patience)
        certificate = None if target.certificate is None else str(target.certificate)
        self._sdk: Any = bosdyn.client.create_standard_sdk(CLIENT_NAME, cert_resource_glob=certificate)
        self.robot: Any = self._sdk.create_robot(target.hostname)
        self.robot.update_secure_channel_port(target.port)
        self.robot.response_processors.append(_Listener(self.clock))

    def open(self) -> None:
        """Reach the robot, log in, synchronise the clocks. RobotError or ConfigError, with what to do."""
        self._reach()
        self._log_in()
        self._synchronise()

    def _reach(self) -> None:
        """A quick look whether anybody answers there: gRPC would say much less about a wrong name."""
        host, port = self.target.hostname, self.target.port
        try:
            socket.create_connection((host, port), CONNECT_S).close()
        except socket.gaierror as error:
            raise RobotError(
                f"no robot named {host!r}: the name does not resolve; check --hostname and the network"
            ) from error
        except OSError as error:
            raise RobotError(
                f"nothing answers at {host} port {port} ({error.strerror or error}); is the robot on, "
                "and is this computer in its network?"
            ) from error

    def _log_in(self) -> None:
        from bosdyn.client.auth import InvalidLoginError, TemporarilyLockedOutError
        from bosdyn.client.util import authenticate

        host = self.target.hostname
        given = bool(os.environ.get("BOSDYN_CLIENT_USERNAME") and os.environ.get("BOSDYN_CLIENT_PASSWORD"))
        if self.target.credentials is None and not given and not sys.stdin.isatty():
            raise ConfigError(f"no credentials for {host}: {CREDENTIALS}")
        try:
            if self.target.credentials is not None:
                self.robot.authenticate(*self.target.credentials, timeout=CONNECT_S)
            else:
                authenticate(self.robot)
        except InvalidLoginError as error:
            raise ConfigError(f"{host} does not accept the user name or password; {CREDENTIALS}") from error
        except TemporarilyLockedOutError as error:
            raise RobotError(f"{host} has locked this user out after wrong passwords; wait a few minutes") from error
        except Exception as error:
            if not is_bosdyn(error):
                raise
            raise self._not_reached(error, "logging in") from error

    def _not_reached(self, error: Exception, doing: str) -> RobotError:
        said = words(error)
        if "CERTIFICATE_VERIFY_FAILED" in said or "certificate" in said.lower():
            return RobotError(
                f"the certificate of {self.target.hostname} is not trusted; for a simulator give --certificate FILE"
            )
        return explain(error, self.target.hostname, doing)

    def _synchronise(self) -> None:
        from bosdyn.client.time_sync import TimeSyncError

        try:
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
        """bosdyn's client of a service of the robot's directory. RobotError if the robot does not offer it."""
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
