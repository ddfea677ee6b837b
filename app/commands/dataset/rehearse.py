"""`spot-grasp dataset rehearse`: training arrays of grasps that perception computes and physics tries."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import add_json
from app.base.bounded import integer, seed
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell_result
from app.base.workers import add_families, add_mapper, mapper_of


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the arrays")
    for option, words in (
        ("--objects", "catalogue size, per family; its training and validation objects are used (default 20)"),
        ("--pictures", "of each object (default 10)"),
        ("--pixels", "grasps tried in each picture (default 25)"),
    ):
        parser.add_argument(option, type=integer(1, 100_000), metavar="N", help=words)
    parser.add_argument("--seed", type=seed, metavar="N", help="of everything random (default 0)")
    add_families(parser)
    parser.add_argument("--heatmap", type=Path, metavar="FILE", help="network that proposes half of the pixels (.onnx)")
    add_mapper(parser, workers=2)
    add_json(parser, "print what was made as one line of JSON")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.base.progress_bar import stage_progress
    from training.evaluation.rehearse import Rehearsal, rehearse

    options = {
        "per_family": arguments.objects,
        **{key: getattr(arguments, key) for key in ("pictures", "pixels", "seed")},
    }
    heatmap = None if arguments.heatmap is None else str(arguments.heatmap.resolve())
    options = {key: value for key, value in options.items() if value is not None}
    plan = Rehearsal(**options, heatmap=heatmap, families=tuple(arguments.family))
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        manifest = rehearse(plan, arguments.out, mapper, progress, arguments.device)
    facts = {key: value for key, value in manifest.items() if key != "samples"}
    text = f"{facts['objects']} objects, {facts['count']} pictures"
    next_step = f"spot-grasp train heatmap --data {arguments.out} learns from it"
    tell_result(facts, f"{arguments.out}: {text}; {next_step}\n", as_json=arguments.json)
    return SUCCESS


COMMAND = Command(add_arguments, run)
