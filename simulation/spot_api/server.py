"""The server of the simulated Spot: it builds world, machine, services and TLS, and starts and stops them."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc

from perception.base.errors import RobotError
from perception.base.files import write_atomic
from simulation.spot_api.access.auth import Auth
from simulation.spot_api.access.certificate import make_certificate
from simulation.spot_api.access.directory import Directory, Proxy
from simulation.spot_api.body.estop import Estop
from simulation.spot_api.body.lease import STALE_S, Leases
from simulation.spot_api.body.machine import COMMAND_FAILURE, FALL, HARDWARE, LEASE_TIMEOUT, Machine
from simulation.spot_api.body.steering import Disturbs, Steerable
from simulation.spot_api.body.world import World
from simulation.spot_api.commands.command import Commander
from simulation.spot_api.commands.settings import WalkSettings
from simulation.spot_api.faults.inject import Faults
from simulation.spot_api.faults.spec import FaultSpec, require_legs
from simulation.spot_api.rpc.received import ReceivedLog
from simulation.spot_api.rpc.serve import Call, handler_of
from simulation.spot_api.services import Parts, build_services

WORKERS = 24
MAX_RECEIVED_BYTES, MAX_SENT_BYTES = 4 * 1024**2, 100 * 1024**2
STOP_LIMIT_S = 5.0
WARM_UP_S = 0.6
"""Simulated seconds before clients may connect: the robot sits down, and all kernels are compiled."""
CAUSES = {"fall": FALL, "hardware": HARDWARE, "lease_timeout": LEASE_TIMEOUT}


class SpotServer:
    """A Spot on this machine, for any client of the Spot API. Use it as a context manager.

    robot: the simulated robot; the server enters and steps it on its own thread. port: 0 takes a free port. host:
    address to listen on. speed: simulated seconds per wall-clock second, None for as fast as possible. username,
    password: what a client must present; None makes a random password. operator_estop: a released e-stop is configured
    from the start. lease_stale_s: wall seconds until an unused lease is stale. log: a structlog logger for received
    requests, or None. faults: faults from the start. lens: camera model of all cameras, one of `lens.LENSES`. walk:
    settings of mobility commands. RobotError if the port cannot be opened.

    Attributes: `port`, `ca_file` (PEM that the client must trust), `username`, `password`, `log` (received requests).
    The robot's state is in `faults`, `leases`, `estop`, `machine` and `world`. `on_target_seen` is called with the
    pixel of the target's middle in a picture.
    """

    commander: Commander
    ca_file: Path

    def __init__(
        self,
        robot: Steerable,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        speed: float | None = 1.0,
        username: str = "user",
        password: str | None = None,
        operator_estop: bool = True,
        lease_stale_s: float = STALE_S,
        log: Any | None = None,
        faults: Iterable[FaultSpec] = (),
        lens: str = "pinhole",
        walk: WalkSettings | None = None,
    ) -> None:
        self.host, self.port = host, port
        self.username, self.password = username, password or secrets.token_urlsafe(12)
        self.log, self.lens, self._walk = ReceivedLog(log), lens, walk or WalkSettings()
        self.world = World(robot, speed, self.trouble)
        self.auth = Auth(self.username, self.password)
        self.directory = Directory(self.world.clock)
        self.machine = Machine(self.world, self._estop_level, self._end_all)
        self.estop = Estop(self.machine.motors_on, self.machine.cut, operator=operator_estop)
        self.leases = Leases(self.machine.lease_lost, lease_stale_s)
        self.world.on_step.append(lambda _robot: self.leases.look())
        self.faults = Faults(self.world, self._act)
        self._faults_at_start = tuple(faults)
        require_legs(self._faults_at_start, on_legs=robot.on_legs)
        self.on_target_seen: Callable[[tuple[float, float]], None] = lambda pixel_uv: None
        self._certificate = make_certificate()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._grpc: Any = None
        self._cut_lock = threading.Lock()
        self._closing = threading.Event()

    # start and stop

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="spot-grasp-sim-")
        self.ca_file = Path(self._folder.name) / "ca.pem"
        write_atomic(self.ca_file, self._certificate.ca, sync=False)
        try:
            self.world.__enter__()
            self.world.call(self.machine.warm_up)
            self.world.call(self.machine.sit_down)
            self.world.run_until(WARM_UP_S)
            self.world.clock.set_to_wall()
            self.commander, self.services = build_services(self._parts())
            self._listen()
            for spec in self._faults_at_start:
                self.faults.add(spec)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._closing.set()
        with self._cut_lock:
            self._hang_up(grace_s=0.2)
        self.directory.close()
        self.world.__exit__()
        if self._folder is not None:
            self._folder.cleanup()

    def _listen(self) -> None:
        options = [
            ("grpc.max_receive_message_length", MAX_RECEIVED_BYTES),
            ("grpc.max_send_message_length", MAX_SENT_BYTES),
            ("grpc.so_reuseport", 0),
            ("grpc.http2.min_ping_interval_without_data_ms", 1000),
            ("grpc.keepalive_permit_without_calls", 1),
        ]
        server = grpc.server(ThreadPoolExecutor(WORKERS, thread_name_prefix="rpc"), options=options)
        handlers = [handler_of(service, servicer, self, self.world.clock) for service, servicer in self.services]
        server.add_generic_rpc_handlers((*handlers, Proxy(self.directory, self)))
        pair = [(self._certificate.key, self._certificate.chain)]
        try:
            self.port = server.add_secure_port(f"{self.host}:{self.port}", grpc.ssl_server_credentials(pair))
        except RuntimeError as error:
            raise RobotError(f"cannot listen on {self.host}:{self.port}: {error}; is the port taken?") from error
        server.start()
        self._grpc = server

    def _hang_up(self, grace_s: float | None) -> None:
        if self._grpc is not None:
            self._grpc.stop(grace_s).wait(STOP_LIMIT_S)
            self._grpc = None

    def _parts(self) -> Parts:
        return Parts(
            self.world,
            self.machine,
            self.leases,
            self.estop,
            self.auth,
            self.directory,
            self.faults,
            self.log,
            self.lens,
            lambda pixel_uv: self.on_target_seen(pixel_uv),
            self._walk,
        )

    # for tests and for the command line

    def now(self) -> float:
        """The robot's clock, seconds since 1970."""
        return self.world.clock.now()

    def cut_connection(self) -> None:
        """Drop all connections and refuse new ones, until `restore_connection`."""
        with self._cut_lock:
            self._hang_up(grace_s=None)

    def restore_connection(self) -> None:
        """Listen again, on the same port."""
        with self._cut_lock:
            if self._grpc is None and not self._closing.is_set():
                self._listen()

    def reboot(self) -> None:
        """The state after a restart of the robot: motors off, all tokens and leases invalid."""
        self.machine.cut("the robot reboots")
        self.auth.forget_all()
        self.leases.reboot()

    # the gate that every RPC passes

    def admit(self, method: str, token: str) -> str:
        return self.auth.user_of(method, token)

    def disturb(self, method: str, remaining_s: float | None) -> None:
        self.faults.disturb(method, remaining_s)

    def received(self, call: Call, request: Any) -> None:
        self.log.note(self.now(), call, request)

    def refused(self, call: Call, reason: str) -> None:
        self.log.note_refused(call, reason)

    def failed(self, call: Call, error: Exception) -> None:
        self.log.note_error(call.method, error)

    def trouble(self, error: Exception) -> None:
        """Report a failed simulation step: the robot ends its commands and has a fault; the world continues."""
        if not any(fault.cause == COMMAND_FAILURE for fault in self.machine.faults()):  # one fault, not one per step
            self.log.note_error("a step of the simulation", error)
            self.machine.add_fault(COMMAND_FAILURE)

    # between the parts

    def _estop_level(self) -> int:
        return self.estop.level()

    def _end_all(self, reason: str) -> None:
        self.log.event("the robot ends all commands", reason=reason)
        self.commander.end_all(reason)

    def _act(self, spec: FaultSpec, begins: bool) -> None:
        """The effect of a fault when it begins and ends. All other code asks `Faults` whether it is active."""
        self.log.event("fault begins" if begins else "fault ends", kind=spec.kind)
        match spec.kind:
            case "connection_cut":
                threading.Thread(target=self._cut, args=(spec, begins), name="connection", daemon=True).start()
            case "lease_stolen" if begins:
                self.leases.steal(spec.by)
            case "estop_pressed":
                self.estop.pressed = begins
            case "estop_check_ins_lost":
                self.estop.deaf = begins
            case "motors_off" if begins:
                self.machine.cut("fault script: motors off")
            case "behavior_fault" if begins:
                self.machine.add_fault(CAUSES[spec.cause], clearable=spec.clearable)
            case "clock_skew":
                self.world.clock.disturb(skew_s=spec.seconds if begins else 0.0)
            case "clock_drift":
                self.world.clock.disturb(drift=spec.rate if begins else 0.0)
            case "object_bumped" if begins:
                self.world.call(lambda robot: robot.push_object(spec.offset_m))
            case "object_slips" if begins:
                self.world.call(lambda robot: robot.loosen_grip())
            case "body_pushed" if begins:
                self._disturb(lambda it: it.push(spec.impulse_ns))
            case "hand_loaded":
                self._disturb(lambda it: it.load(spec.load_kg if begins else 0.0))
            case "foot_slips":
                self._disturb(lambda it: it.slip(spec.foot, begins))
            case "foot_sinks":
                self._disturb(lambda it: it.sink(spec.foot, begins))

    def _disturb(self, work: Callable[[Disturbs], None]) -> None:
        def disturb(robot: Steerable) -> None:
            if robot.disturbance is not None:
                work(robot.disturbance)

        self.world.call(disturb)

    def _cut(self, spec: FaultSpec, begins: bool) -> None:
        if begins:
            self.cut_connection()
        else:
            self.restore_connection()
