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
        "--data", type=Path, action="append", required=True, metavar="FILE|DIR",
        help="data.yaml of a data set, or pictures that `spot-grasp look` has kept; may be repeated",
    )  # fmt: skip
    add_run_arguments(parser)
    add_detector_arguments(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    require("train detector", "train", "torch")
    from app.base.progress_bar import stage_progress
    from training.detector.classes import labels_of
    from training.detector.pictures import gather
    from training.detector.train import NAMES, train

    start: Path | None = arguments.weights
    known = () if start is None else labels_of(start, trust_pickle=arguments.trust_pickle)
    data = gather(arguments.data, arguments.out / "data", known)

    with stage_progress() as progress:
        folder = train(data, arguments.out, progress=progress, **{name: getattr(arguments, name) for name in NAMES})
    tell(f"{folder}; python -m training.export detector --run {folder} --out DIR exports it\n")
    return SUCCESS


COMMAND = Command(add_arguments, run)
