"""`spot-grasp dataset show`: a sheet of pictures with labels."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.bounded import integer
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell


def add_arguments(parser: Parser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the .png to write")
    parser.add_argument("--count", type=integer(1, 1000), default=24, metavar="N", help="pictures (default 24)")
    parser.add_argument("--columns", type=integer(1, 100), default=6, metavar="N", help="pictures in a row (default 6)")
    parser.add_argument("--width", type=integer(16, 4096), default=240, metavar="PX", help="width of one (default 240)")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    import cv2

    from training.dataset.folder import save
    from training.dataset.verify import sheet

    picture = sheet(arguments.folder, arguments.count, arguments.columns, arguments.width)
    good, content = cv2.imencode(".png", picture[..., ::-1])
    assert good
    save(arguments.out, content.tobytes())
    tell(f"{arguments.out}\n")
    return SUCCESS


COMMAND = Command(add_arguments, run)
