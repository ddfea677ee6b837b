"""`spot-grasp replay`: its arguments. The player is in `app/replay`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import WEB_PORT
from app.base.bounded import integer, real, speed
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
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
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--plain", action="store_true", help="a line for each transition, also on a terminal")
    how.add_argument(
        "--web", type=integer(0, 65535), nargs="?", const=WEB_PORT, metavar="PORT",
        help=f"play it in a browser, on this computer only (default port {WEB_PORT}; 0 takes a free one)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    if arguments.web is not None:
        return _serve(arguments, interrupts)
    from app.replay.player import replay

    return replay(
        arguments.run,
        speed=arguments.speed,
        from_s=arguments.from_s,
        to_s=arguments.to_s,
        watch=arguments.watch,
        plain=arguments.plain,
    )


def _serve(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.replay.deck import Deck
    from app.replay.web import serve
    from behaviours.recording.recording import read_recording

    recording = read_recording(arguments.run)
    deck = Deck(
        recording,
        speed=arguments.speed or 1.0,
        from_s=arguments.from_s,
        to_s=arguments.to_s,
        watch=arguments.watch,
    )
    serve(recording, deck, arguments.web, interrupts)
    return SUCCESS


COMMAND = Command(add_arguments, run)
