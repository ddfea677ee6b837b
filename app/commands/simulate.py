"""`spot-grasp simulate`: a simulated Spot on this machine, for any program that is written for one."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from app.base.bounded import integer, seed
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import hurry, tell
from app.parts.genesis import DEFAULT_SCENE, BaseKind, add_base, policy_of
from perception.base.errors import ConfigError
from perception.base.extras import require
from perception.base.files import open_append, write_atomic
from perception.base.plain_json import json_text
from simulation.genesis.devices import DEVICES, check_device

if TYPE_CHECKING:
    from simulation.spot_api.body.steering import Steerable
    from simulation.spot_api.server import SpotServer

LOOK_S: Final = 0.2
LENSES: Final = ("pinhole", "pinhole_brown_conrady", "kannala_brandt")
SPEEDS: Final = (0.001, 1000.0)
SimulatedRobot = Literal["genesis", "fake"]


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--robot", choices=("genesis", "fake"), default="genesis", help="what moves (default genesis)")
    parser.add_argument("--scene", metavar="S", help="name or TOML file of a scene (genesis; default bottle)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="fixes scene and noise (default 0)")
    parser.add_argument("--device", choices=DEVICES, help="what the physics computes on (genesis; default cpu)")
    add_base(parser)
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default 127.0.0.1)")
    parser.add_argument("--port", type=integer(0, 65535), default=0, metavar="P", help="port (a free one, printed)")
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="simulated seconds a second; 0 as fast as possible (1)"
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="what shall go wrong, as TOML or JSON")
    parser.add_argument(
        "--lens", choices=LENSES, default="pinhole", help="camera model of all cameras (default pinhole)"
    )
    parser.add_argument(
        "--no-operator-estop", dest="operator_estop", action="store_false",
        help="no released e-stop is there from the start",
    )  # fmt: skip
    parser.add_argument("--log", type=Path, metavar="FILE", help="append what is received as JSON lines (stderr)")
    programs = parser.add_argument_group("programs to run against it")
    programs.add_argument(
        "--exec", dest="programs", action="append", default=[], metavar="CMD",
        help="run a program against the simulator, then end with its exit code; may be given again",
    )  # fmt: skip
    programs.add_argument(
        "--wall-clock", action="store_true", help="programs keep the wall clock, not the simulated one"
    )
    programs.add_argument("--click", action="store_true", help="click on the target where a program waits for a click")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    values = {field.name: getattr(arguments, field.name) for field in fields(SimulateOptions)}
    return simulate(SimulateOptions(**values | {"programs": tuple(arguments.programs)}), interrupts)


@dataclass(frozen=True)
class SimulateOptions:
    """What to simulate. robot: what stands behind the services. scene, device, base, gait, seed: for Genesis. speed:
    simulated seconds for one of the wall, 0 as fast as possible. faults: a fault script. programs: commands to run
    against the simulator, one after the other; without any it serves until it is interrupted. log: file for what is
    received, as JSON lines. wall_clock: programs keep the wall clock. click: programs that wait for a click get one.
    operator_estop: a released e-stop is there from the start. lens: the camera model of all cameras.
    """

    robot: SimulatedRobot = "genesis"
    scene: str | None = None
    device: str | None = None
    base: BaseKind | None = None
    gait: str | None = None
    seed: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    speed: float = 1.0
    faults: Path | None = None
    programs: tuple[str, ...] = ()
    log: Path | None = None
    wall_clock: bool = False
    click: bool = False
    operator_estop: bool = True
    lens: str = "pinhole"


def simulate(options: SimulateOptions, interrupts: Interrupts) -> int:
    """Serve until it is interrupted. With programs: the exit code of the first that fails, else 0.

    ConfigError for a scene, fault script or package that cannot be used; RobotError if the port is taken.
    """
    require("simulate", "spot")
    from simulation.spot_api.client.program import program_words
    from simulation.spot_api.faults.spec import read_faults
    from simulation.spot_api.server import SpotServer

    if options.speed != 0 and not SPEEDS[0] <= options.speed <= SPEEDS[1]:
        raise ConfigError(f"--speed {options.speed} must be 0 (as fast as possible) or {SPEEDS[0]} to {SPEEDS[1]:g}")
    faults = read_faults(options.faults) if options.faults is not None else []
    if leaf := next((spec.leaf for spec in faults if spec.leaf), ""):
        raise ConfigError(f"{options.faults}: leaf = {leaf!r}: no tree is known here; use run --hostname sim --faults")
    programs = [program_words(command) for command in options.programs]
    robot = steerable_robot(options)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spot-grasp-client-")))
        stack.enter_context(interrupts.guarding(None, lambda: _clear(folder)))
        log = _logger(stack, options.log)
        server = SpotServer(
            robot,
            options.port,
            host=options.host,
            speed=options.speed or None,
            username=os.environ.get("BOSDYN_CLIENT_USERNAME", "user"),
            password=os.environ.get("BOSDYN_CLIENT_PASSWORD"),
            operator_estop=options.operator_estop,
            faults=faults,
            lens=options.lens,
            log=log,
        )
        stack.enter_context(server)
        _tell(server, folder)
        hurry()
        if programs:
            return _run_programs(server, folder, options, programs)
        interrupts.between_ticks()
        while True:
            time.sleep(LOOK_S)
            interrupts.check()
            _ = server.world.snapshot  # RobotError if the physics has died


def _clear(folder: Path) -> None:
    """End the programs and remove the folder with the password."""
    from simulation.spot_api.client.program import end_programs

    end_programs(leave_s=0.5)
    shutil.rmtree(folder, ignore_errors=True)


def _run_programs(server: SpotServer, folder: Path, options: SimulateOptions, programs: list[list[str]]) -> int:
    from simulation.spot_api.client.program import client_environment, run_program

    environment = client_environment(
        server, folder, os.environ, simulated_clock=not options.wall_clock, click=options.click
    )
    for words in programs:
        code = run_program(words, environment)
        if code:
            return code if code > 0 else 128 - code
    return SUCCESS


def steerable_robot(options: SimulateOptions) -> Steerable:
    if options.robot == "fake":
        for option in ("scene", "device", "base", "gait"):
            if getattr(options, option) is not None:
                raise ConfigError(f"--{option}: not for --robot fake; leave it out or take --robot genesis")
        from behaviours.robots.fake.robot import FakeRobot
        from behaviours.robots.fake.world import FakeWorld

        return FakeRobot(world=FakeWorld(shaded=True))
    require("simulate --robot genesis", "sim")
    check_device(options.device or "cpu")
    from simulation.genesis.robot import GenesisRobot

    return GenesisRobot(
        options.scene or DEFAULT_SCENE,
        options.seed,
        device=options.device or "cpu",
        base=options.base,
        gait=policy_of(options.gait),
    )


def _tell(server: SpotServer, folder: Path) -> None:
    """Print where it listens and how to log in. The password is in a file that only its owner can read."""
    secrets = folder / "environment"
    secrets.touch(mode=0o600)
    lines = {"BOSDYN_CLIENT_USERNAME": server.username, "BOSDYN_CLIENT_PASSWORD": server.password}
    text = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in lines.items())
    write_atomic(secrets, text.encode(), sync=False)
    tell(
        f"a simulated Spot listens on {server.host}:{server.port}\n"
        f"trust this authority:  {server.ca_file}\n"
        f"user and password:     source {secrets}\n"
    )


def _logger(stack: ExitStack, file: Path | None) -> Any:
    """A structlog logger that writes JSON lines into the file, or onto stderr."""
    import structlog

    if file is None:
        stream: Any = sys.stderr
    else:
        binary = io.BufferedWriter(open_append(file))
        stream = stack.enter_context(io.TextIOWrapper(binary, "utf-8", line_buffering=True))
    return structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(serializer=json_text, ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.BoundLogger,
    )


COMMAND = Command(add_arguments, run)
