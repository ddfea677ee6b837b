"""`spot-grasp dataset picks`: grasps as a run would propose them in random pictures, tried in physics."""

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
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the picks")
    for option, least, default, text in (
        ("--objects", 1, 40, "objects of each family"),
        ("--skip", 0, 0, "leave out the first N objects of each family"),
        ("--rests", 1, 4, "ways to lie on the floor, at most"),
        ("--scenes", 1, 2, "scenes about each of them"),
        ("--views", 1, 2, "pictures of a scene"),
    ):
        bounds = integer(least, 100_000)
        parser.add_argument(option, type=bounds, default=default, metavar="N", help=f"{text} (default {default})")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of everything random (default 0)")
    add_families(parser)
    parser.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network that proposes (.onnx)")
    parser.add_argument("--ways", type=Path, metavar="FILE", help="network of the ways that proposes (.onnx)")
    add_mapper(parser, workers=2)
    add_json(parser, "print what was made as one line of JSON")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.base.progress_bar import stage_progress
    from perception.quality.heatmap import DEFAULT_WEIGHTS as HEATMAP
    from perception.quality.way_maps import DEFAULT_WEIGHTS as WAYS
    from training.judge.picks import make_picks, plan_for

    heatmap, ways = arguments.heatmap or HEATMAP, arguments.ways or WAYS
    names = ("skip", "rests", "scenes", "views", "seed")
    options = {name: getattr(arguments, name) for name in names}
    plan = plan_for(heatmap, ways, per_family=arguments.objects, families=tuple(arguments.family), **options)
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        summary = make_picks(plan, heatmap, ways, arguments.out, mapper, progress, arguments.device)
    counts = summary["counts"]
    text = f"{arguments.out}: {counts['objects']} objects, {counts['good']} of {counts['picks']} grasps hold"
    next_step = f"spot-grasp train judge --data {arguments.out} learns from it"
    tell_result(summary, f"{text}; {next_step}\n", as_json=arguments.json)
    return SUCCESS


COMMAND = Command(add_arguments, run)
