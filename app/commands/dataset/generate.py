"""`spot-grasp dataset generate`: make a data set, or go on with one."""

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
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--preset", default="robot", help="robot (default), hemisphere, or paper")
    parser.add_argument(
        "--objects", dest="per_family", type=integer(1, 100_000), metavar="N", help="objects of each family"
    )
    parser.add_argument("--scenes", type=integer(1, 100_000), metavar="N", help="how many scenes")
    parser.add_argument("--views", type=integer(1, 100), metavar="N", help="pictures of each scene")
    parser.add_argument("--samples", type=integer(1, 100_000), metavar="N", help="grasps tried on each object")
    parser.add_argument("--seed", type=seed, metavar="N", help="of everything random (default 0)")
    parser.add_argument("--split", choices=("train", "val", "test"), help="only these objects of the catalogue")
    add_families(parser)
    parser.add_argument(
        "--skip", type=integer(0, 100_000), metavar="N", help="leave out the first N objects of each family"
    )
    parser.add_argument("--mesh", action="append", default=[], metavar="FILE", help="an object of your own; may repeat")
    add_mapper(parser, workers=2)
    add_json(parser, "print what was made as one line of JSON")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.base.progress_bar import stage_progress
    from training.dataset.generate import generate
    from training.dataset.plan import plan_for

    names = ("per_family", "scenes", "views", "samples", "seed", "split", "skip")
    meshes = tuple(str(Path(mesh).resolve()) for mesh in arguments.mesh)
    options = {name: getattr(arguments, name) for name in names}
    plan = plan_for(arguments.preset, meshes=meshes or None, families=tuple(arguments.family) or None, **options)
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        summary = generate(plan, arguments.out, mapper, progress, arguments.device)
    counts = summary["counts"]
    pixels = counts["good"] + counts["bad"]
    text = f"{arguments.out}: {counts['objects']} objects, {counts['views']} views, {pixels} labelled pixels\n"
    tell_result(summary, text, as_json=arguments.json)
    return SUCCESS


COMMAND = Command(add_arguments, run)
