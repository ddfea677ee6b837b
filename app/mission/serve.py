"""`spot-grasp mission serve TREE`: a service in the robot's directory, for Autowalk and the tablet to call."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.spot.errors import explain, missing
from app.spot.link import is_bosdyn
from perception.errors import ConfigError, RobotError

if TYPE_CHECKING:
    from app.mission.parametrised import Parametrised
    from app.mission.servicer import MissionServicer
    from app.spot.connection import Connection, Target
    from perception.models import Detector, HeatmapModel

SERVICE_TYPE: Final = "bosdyn.api.mission.RemoteMissionService"
LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = ("0.0.0.0", "::", "[::]")
REGISTER_EVERY_S: Final = 10.0
WORKERS: Final = 8
LOOK_S: Final = 0.2


@dataclass(frozen=True)
class ServeOptions:
    """name: in the directory; "" makes one of the tree's. listen: address to bind. port: 0 takes a free one. record:
    folder of the run folders, None: runs/."""

    name: str = ""
    listen: str = LOOPBACK
    port: int = 0
    record: Path | None = None


@dataclass(frozen=True)
class Served:
    """A running service. name: in the directory. port: where it listens."""

    name: str
    port: int
    servicer: MissionServicer


def service_name(main: str, wanted: str = "") -> str:
    """A name for the directory: small letters, digits and hyphens. ConfigError for one that is none."""
    if wanted:
        if not all(letter.isalnum() or letter in "-_" for letter in wanted) or not wanted.isascii():
            raise ConfigError(f"{wanted!r} is no service name; use letters, digits, - and _")
        return wanted
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in main.lower())
    return f"spot-grasp-{plain.strip('-') or 'tree'}"


@contextlib.contextmanager
def serving(
    target: Target, tree: Parametrised, options: ServeOptions, detector: Detector, heatmap_model: HeatmapModel
) -> Iterator[Served]:
    """Connect to the robot, serve, register; all of that backwards at the end."""
    from app.mission.guest import Guest
    from app.mission.player import Stage
    from app.mission.servicer import MissionServicer
    from app.spot.robot import SpotRobot
    from behaviours.worker import Worker

    name = service_name(tree.main, options.name)
    guests: list[Guest] = []

    def guest(connection: Connection, asked: Any) -> Guest:
        guests.append(Guest(connection, asked))
        return guests[-1]

    with SpotRobot(target, session=guest) as robot, Worker() as worker:
        stage = Stage(tree, robot, detector, heatmap_model, worker, options.record)
        servicer = MissionServicer(stage, guests[0])
        try:
            with (
                _listening(servicer, options) as port,
                _registered(robot.connection, name, _address(options.listen, target.hostname), port),
            ):
                yield Served(name, port, servicer)
        finally:
            servicer.close()


@contextlib.contextmanager
def _listening(servicer: MissionServicer, options: ServeOptions) -> Iterator[int]:
    try:
        import grpc
        from bosdyn.api.mission import remote_service_pb2_grpc
    except ImportError as error:
        raise missing(error) from error
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="mission")
    server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
    remote_service_pb2_grpc.add_RemoteMissionServiceServicer_to_server(servicer, server)
    try:
        port = int(server.add_insecure_port(f"{options.listen}:{options.port}"))
    except RuntimeError as error:
        raise RobotError(f"cannot listen on {options.listen}:{options.port}; is the port taken?") from error
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=1.0).wait(5.0)
        pool.shutdown(wait=False)


@contextlib.contextmanager
def _registered(connection: Connection, name: str, address: str, port: int) -> Iterator[None]:
    """In the robot's directory, for as long as this lasts; registered again if the robot forgets it."""
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
    """Where the robot finds us: what we listen on, or, if that is everywhere, our address in the robot's network."""
    if listen not in EVERYWHERE:
        return listen
    from bosdyn.client.common import get_self_ip

    return str(get_self_ip(hostname))


def serve(
    target: Target,
    tree: Parametrised,
    options: ServeOptions,
    models: tuple[Detector, HeatmapModel],
    check: Callable[[], None],
) -> int:
    """Serve until `check`, called now and then, raises."""
    with serving(target, tree, options, *models) as served:
        told = f"mission service {served.name!r} of {tree.main!r} listens on {options.listen} port {served.port}"
        sys.stderr.write(f"{told}, registered with {target.hostname}; Ctrl-C ends it\n")
        while True:
            check()
            time.sleep(LOOK_S)
