"""`spot-grasp replay`: its arguments. The player is in `app/replay`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.bounded import real, speed
from app.base.command import Command, Parser
from app.base.interrupts import Interrupts


def add_arguments(parser: Parser) -> None:
    second = real(-1e9, 1e9)
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder, or its log.jsonl")
    parser.add_argument(
        "--speed", type=speed, metavar="X", help="robot seconds a second, negative backwards (1; at once in a pipe)"
    )
    parser.add_argument("--from", dest="from_s", type=second, metavar="T", help="begin at this second of the run")
    parser.add_argument("--to", dest="to_s", type=second, metavar="T", help="end there")
    parser.add_argument(
        "--watch", action="append", default=[], metavar="KEY", help="show a blackboard key (repeatable)"
    )
    parser.add_argument("--plain", action="store_true", help="a line for each transition, also on a terminal")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.replay.player import replay

    return replay(
        arguments.run,
        speed=arguments.speed,
        from_s=arguments.from_s,
        to_s=arguments.to_s,
        watch=arguments.watch,
        plain=arguments.plain,
    )


COMMAND = Command(add_arguments, run)
