"""`spot-grasp dataset verify`: check every file of a data set."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import add_json
from app.base.command import Command, Parser
from app.base.exit_codes import FAILURE, SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell_result


def add_arguments(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    add_json(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from training.dataset.verify import verify

    faults = verify(arguments.folder)
    text = "".join(f"{fault}\n" for fault in faults) or f"{arguments.folder}: every file is whole\n"
    tell_result({"ok": not faults, "faults": faults}, text, as_json=arguments.json)
    return FAILURE if faults else SUCCESS


COMMAND = Command(add_arguments, run)
