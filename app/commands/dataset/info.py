"""`spot-grasp dataset info`: what a data set holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import add_json
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell_json


def add_arguments(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    add_json(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from training.dataset.verify import info

    content = info(arguments.folder)
    tell_json(content, indent=None if arguments.json else 1)
    return SUCCESS


COMMAND = Command(add_arguments, run)
