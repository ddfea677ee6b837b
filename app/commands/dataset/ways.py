"""`spot-grasp dataset ways`: label objects with the whole family of grasps, by physics."""

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
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the labels")
    for option, least, default, text in (
        ("--objects", 0, 10, "objects of each family; 0 for those of --mesh alone"),
        ("--skip", 0, 0, "leave out the first N objects of each family"),
        ("--rests", 1, 3, "ways to lie on the floor, at most"),
        ("--samples", 1, 300, "places on the surface, in each of them"),
    ):
        bounds = integer(least, 100_000)
        parser.add_argument(option, type=bounds, default=default, metavar="N", help=f"{text} (default {default})")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of everything random (default 0)")
    parser.add_argument("--split", choices=("train", "val", "test"), help="only these objects of the catalogue")
    add_families(parser)
    parser.add_argument(
        "--mesh", action="append", default=[], metavar="FILE", help="an object of your own, URDF or mesh; may repeat"
    )
    add_mapper(parser, workers=2)
    add_json(parser, "print what was made as one line of JSON")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.base.progress_bar import stage_progress
    from training.dataset.ways.catalogue import WayPlan, label_catalogue

    meshes = tuple(str(Path(mesh).resolve()) for mesh in arguments.mesh)
    of_all = arguments.objects, tuple(arguments.family), arguments.skip
    plan = WayPlan(*of_all, meshes, arguments.split, arguments.rests, arguments.samples, arguments.seed)
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        summary = label_catalogue(plan, arguments.out, mapper, progress, arguments.device)
    counts = summary["counts"]
    text = f"{arguments.out}: {counts['objects']} objects, {counts['held']} of {counts['tried']} grasps hold\n"
    tell_result(summary, text, as_json=arguments.json)
    return SUCCESS


COMMAND = Command(add_arguments, run)
