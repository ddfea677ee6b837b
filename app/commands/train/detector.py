"""`spot-grasp train detector`: train the detector."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell
from perception.base.extras import require
from training.detector.arguments import add_detector_arguments
from training.heatmap.recipe_arguments import add_run_arguments


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FILE", help="data.yaml of training.detector.rendered.composite"
    )
    add_run_arguments(parser)
    add_detector_arguments(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    require("train detector", "train", "torch")
    from app.base.progress_bar import stage_progress
    from training.detector.train import NAMES, train

    with stage_progress() as progress:
        folder = train(
            arguments.data, arguments.out, progress=progress, **{name: getattr(arguments, name) for name in NAMES}
        )
    tell(f"{folder}; python -m training.export detector --run {folder} --out DIR exports it\n")
    return SUCCESS


COMMAND = Command(add_arguments, run)
