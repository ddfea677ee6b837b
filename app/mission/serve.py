"""`spot-grasp mission serve TREE`: a service in the robot's directory, for Autowalk and the tablet to call."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.base.interrupts import Interrupts
from app.base.output import hurry, note
from app.mission.server import Callers, Server, Tls, addresses_of
from app.mission.servicer import SILENCE_S
from behaviours.robots.spot.link.errors import explain, missing
from behaviours.robots.spot.link.link import is_bosdyn
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from app.mission.parametrised import ParametrisedTree
    from app.mission.servicer import MissionServicer
    from behaviours.robots.spot.link.connection import Connection, Target
    from perception.networks.protocols import Detector, HeatmapModel

SERVICE_TYPE: Final = "bosdyn.api.mission.RemoteMissionService"
LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = ("0.0.0.0", "::", "[::]")
REGISTER_EVERY_S: Final = 10.0
LOOK_S: Final = 0.2


@dataclass(frozen=True)
class ServeOptions:
    """name: in the directory; "" derives one from the tree's. listen: address to bind. port: 0 takes a free one.
    record: folder of the run folders, None: runs/. silence_s: wall seconds without a Tick after which the robot is
    stopped. allow_from: addresses that may call besides the robot's. tls: callers present a certificate instead."""

    name: str = ""
    listen: str = LOOPBACK
    port: int = 0
    record: Path | None = None
    silence_s: float = SILENCE_S
    allow_from: tuple[str, ...] = field(default=())
    tls: Tls | None = None

    def callers(self, hostname: str) -> list[str] | None:
        """The addresses that may call; None allows everybody with a certificate. ConfigError for an unknown host."""
        if self.tls is not None:
            return list(self.allow_from) or None
        return [*addresses_of(hostname), *self.allow_from]


@dataclass(frozen=True)
class Served:
    """A running service. name: in the directory. port: where it listens. callers: addresses that may call, None:
    everybody with a certificate. stop: stops the robot, from any thread."""

    name: str
    port: int
    servicer: MissionServicer
    callers: list[str] | None
    stop: Callable[[], None]


def service_name(main: str, requested: str = "") -> str:
    """The name for the directory. main: ID of the tree, for the default name. ConfigError for an invalid request."""
    if requested:
        if not all(letter.isalnum() or letter in "-_" for letter in requested) or not requested.isascii():
            raise ConfigError(f"{requested!r} is no service name; use letters, digits, - and _")
        return requested
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in main.lower())
    return f"spot-grasp-{plain.strip('-') or 'tree'}"


@contextlib.contextmanager
def serving(
    target: Target, tree: ParametrisedTree, options: ServeOptions, detector: Detector, heatmap_model: HeatmapModel
) -> Iterator[Served]:
    """Connect to the robot, serve and register; undone in reverse order at the end."""
    from app.mission.mission_run import MissionParts
    from app.mission.servicer import MissionServicer
    from app.mission.sublease import SubleaseSession
    from behaviours.robots.spot.robot import SpotRobot
    from behaviours.worker import Worker

    name, callers = service_name(tree.main, options.name), options.callers(target.hostname)
    sessions: list[SubleaseSession] = []

    def session(connection: Connection, spot_options: Any) -> SubleaseSession:
        sessions.append(SubleaseSession(connection, spot_options))
        return sessions[-1]

    with SpotRobot(target, session=session) as robot, Worker() as worker:
        parts = MissionParts(tree, robot, detector, heatmap_model, worker, options.record)
        servicer = MissionServicer(parts, sessions[0], options.silence_s)
        try:
            with (
                _listening(servicer, options, Callers(callers)) as port,
                _registered(robot.connection, name, _address(options.listen, target.hostname), port),
            ):
                yield Served(name, port, servicer, callers, robot.stop)
        finally:
            servicer.close()


@contextlib.contextmanager
def _listening(servicer: MissionServicer, options: ServeOptions, callers: Callers) -> Iterator[int]:
    try:
        from bosdyn.api.mission import remote_service_pb2_grpc as service
    except ImportError as error:
        raise missing(error) from error

    def add(server: Any) -> None:
        service.add_RemoteMissionServiceServicer_to_server(servicer, server)

    server = Server(add, callers, options.tls)
    try:
        yield server.start(options.listen, options.port)
    finally:
        server.stop()


@contextlib.contextmanager
def _registered(connection: Connection, name: str, address: str, port: int) -> Iterator[None]:
    """An entry in the robot's directory while this context lasts, renewed if the robot restarts."""
    from bosdyn.client.directory_registration import DirectoryRegistrationClient, DirectoryRegistrationKeepAlive

    host = connection.target.hostname
    client = connection.client(DirectoryRegistrationClient.default_service_name)
    keeper: Any = DirectoryRegistrationKeepAlive(client, rpc_timeout_seconds=5.0, rpc_interval_seconds=REGISTER_EVERY_S)
    try:
        keeper.start(name, SERVICE_TYPE, f"{name}.spot.robot", address, port)
    except Exception as error:
        if not is_bosdyn(error):
            raise
        raise explain(error, host, f"registering the service {name!r}") from error
    try:
        yield
    finally:
        keeper.shutdown()
        connection.link.last(lambda timeout: client.unregister(name, timeout=timeout))


def _address(listen: str, hostname: str) -> str:
    """The address for the directory: the one that we listen on, or, if that is all, ours in the robot's network."""
    if listen not in EVERYWHERE:
        return listen
    from bosdyn.client.common import get_self_ip

    return str(get_self_ip(hostname))


def serve(
    target: Target,
    tree: ParametrisedTree,
    options: ServeOptions,
    models: tuple[Detector, HeatmapModel],
    interrupts: Interrupts,
) -> int:
    """Serve until a signal arrives."""
    services: list[Served] = []

    def stop() -> None:
        for service in services:
            service.stop()

    hurry()
    with interrupts.guarding(stop, lambda: None), serving(target, tree, options, *models) as served:
        services.append(served)
        interrupts.between_ticks()
        callers = "callers with a certificate" if served.callers is None else ", ".join(served.callers)
        where = f"mission service {served.name!r} of {tree.main!r} listens on {options.listen} port {served.port}"
        note(f"{where} for {callers}, registered with {target.hostname}; Ctrl-C ends it\n")
        while True:
            interrupts.check()
            time.sleep(LOOK_S)
