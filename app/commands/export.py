"""`spot-grasp export`: its arguments. The work is in `app/export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell


def add_arguments(parser: Parser) -> None:
    from app.export.formats import FORMATS

    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a run folder, or its log.jsonl")
    parser.add_argument(
        "--format", required=True, choices=FORMATS,
        help="mcap for Foxglove, rrd for rerun, rosbag2 for ROS 2, csv for tables; lerobot makes one data set of all",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="PATH",
        help="the file or folder; of several runs, the folder for them (default: beside each run)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.export.formats import export

    for path in export(arguments.runs, arguments.format, arguments.out):
        tell(f"{path}\n")
    return SUCCESS


COMMAND = Command(add_arguments, run)
