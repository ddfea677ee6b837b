"""Options of commands with many jobs: `--workers` processes of this machine, or a Ray cluster."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.base.bounded import integer
from perception.base.extras import require
from simulation.genesis.devices import DEVICES, check_device

if TYPE_CHECKING:
    from training.common.mapping import Mapper


def add_mapper(command: argparse.ArgumentParser, *, workers: int) -> None:
    """--device, --workers and --ray. workers: the default number of processes."""
    command.add_argument("--device", choices=DEVICES, default="cpu", help="what the physics computes on (default cpu)")
    add_workers(command, workers=workers)


def add_workers(command: argparse.ArgumentParser, *, workers: int) -> None:
    """--workers and --ray. workers: the default number of processes."""
    command.add_argument(
        "--workers", type=integer(1, 256), default=workers, metavar="N", help=f"processes (default {workers})"
    )
    command.add_argument(
        "--ray", nargs="?", const="", metavar="ADDRESS", help="over Ray; without address on this machine"
    )


def add_families(command: argparse.ArgumentParser) -> None:
    """--family, as `family`: a list."""
    command.add_argument("--family", action="append", default=[], metavar="F", help="only this family; may repeat")


@contextmanager
def mapper_of(arguments: argparse.Namespace) -> Iterator[Mapper]:
    """The mapper that the arguments of `add_mapper` ask for, for jobs with physics; see `workers_of`.

    ConfigError, before any process starts, if the simulation or the device is missing.
    """
    require("the physics simulation", "sim")
    check_device(arguments.device)
    with workers_of(arguments) as mapper:
        yield mapper


@contextmanager
def workers_of(arguments: argparse.Namespace) -> Iterator[Mapper]:
    """The mapper that the arguments of `add_workers` ask for; Ray is disconnected at the end."""
    from training.common.mapping import LocalMapper, RayMapper

    if arguments.ray is None:
        yield LocalMapper(arguments.workers)
        return
    ray = RayMapper(arguments.ray or None, arguments.workers)
    try:
        yield ray
    finally:
        ray.close()
