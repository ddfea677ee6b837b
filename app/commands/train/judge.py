"""`spot-grasp train judge`: train the judge of single grasps."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.bounded import integer, seed
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell, tell_json
from perception.base.extras import require


def add_arguments(parser: Parser) -> None:
    help_ = "folders of dataset picks, finished or not"
    parser.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR", help=help_)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    parser.add_argument("--overwrite", action="store_true", help="replace the run in --out")
    parser.add_argument("--epochs", type=integer(1, 100_000), metavar="N")
    parser.add_argument("--batch", type=integer(1, 100_000), metavar="N")
    parser.add_argument("--seed", type=seed, metavar="N")
    parser.add_argument("--rate", type=float, dest="max_rate", metavar="X", help="highest learning rate (2e-3)")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    require("train judge", "train", "torch")
    from app.base.progress_bar import stage_progress
    from training.judge.train import JudgeRecipe, train

    options = {name: getattr(arguments, name) for name in ("epochs", "batch", "seed", "max_rate")}
    recipe = JudgeRecipe(**{name: value for name, value in options.items() if value is not None})
    with stage_progress() as progress:
        best = train(arguments.data, arguments.out, recipe, overwrite=arguments.overwrite, progress=progress)
    tell_json({"best": {key: round(value, 4) for key, value in best.items()}})
    tell(f"{arguments.out}; python -m training.export judge --run {arguments.out} --out DIR exports it\n")
    return SUCCESS


COMMAND = Command(add_arguments, run)
