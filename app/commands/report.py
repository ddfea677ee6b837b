"""`spot-grasp report`: one HTML file about one or several runs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Final

from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell
from perception.base.errors import ConfigError
from perception.base.files import write_atomic

FILE: Final = "report.html"
MOST_RUNS: Final = 200


def add_arguments(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run folder; several make an index")
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help=f"where to write it (default {FILE} in the run folder; for several, in the folder that holds them)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.report.page import report
    from app.report.story import read_story

    runs: list[Path] = arguments.runs
    if len(runs) > MOST_RUNS:
        raise ConfigError(f"report: {len(runs)} runs are too many for one page, at most {MOST_RUNS}")
    stories = [read_story(run) for run in runs]
    out = arguments.out
    if out is None:
        folders = [story.folder for story in stories]
        out = (
            folders[0] if len(folders) == 1 else Path(os.path.commonpath([f.absolute().parent for f in folders]))
        ) / FILE
    write_atomic(out, report(stories).encode())
    tell(f"{out}\n")
    return SUCCESS


COMMAND = Command(add_arguments, run)
