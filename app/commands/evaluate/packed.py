"""`spot-grasp evaluate packed`: five objects close together, taken away one by one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.bounded import whole
from app.base.command import Command, Parser
from app.base.workers import mapper_of
from app.commands.evaluate.common import add_study, full_path, names_in, say

if TYPE_CHECKING:
    from app.base.interrupts import Interrupts


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--rounds", type=whole(1, 100_000), default=20, metavar="N", help="tables, each cleared by every method (20)"
    )
    parser.add_argument("--methods", default="heatmap,centroid", metavar="LIST", help="heatmap and rules, as for grasp")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="rounds, result.json, table.md")
    add_study(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.base.progress_bar import stage_progress
    from training.evaluation.packed import PackedStudy, evaluate_packed, packed_table

    study = PackedStudy(
        rounds=arguments.rounds,
        methods=names_in(arguments.methods),
        seed=arguments.seed,
        split=arguments.split,
        heatmap=full_path(arguments.heatmap),
    )
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        result = evaluate_packed(study, arguments.out, mapper, progress, arguments.device)
    return say(result, packed_table(result), as_json=arguments.json)


COMMAND = Command(add_arguments, run)
