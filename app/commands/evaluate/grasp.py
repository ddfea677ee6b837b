"""`spot-grasp evaluate grasp`: whole trials, from a noisy picture to the lifted object."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.bounded import integer
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell_result
from app.base.workers import mapper_of
from app.commands.evaluate.common import add_methods, add_study, full_path, names_in
from perception.base.extras import require

TRIALS, PICTURES = 400, 6
"""Pictures of the catalogue's objects together, and of each way that a --mesh lies."""


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--trials",
        type=integer(1, 1_000_000),
        metavar="N",
        help="pictures, tried by every method (400; with --mesh 6 of each way to lie)",
    )
    mesh = "an object of your own, URDF or mesh, in its ways to lie, instead of the catalogue; may be repeated"
    parser.add_argument("--mesh", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help=mesh)
    rests = "how many ways to lie of a --mesh, the likeliest (3)"
    parser.add_argument("--rests", type=integer(1, 20), default=3, metavar="N", help=rests)
    add_methods(parser, "heatmap,height,centroid,random,top,antipodal", ",oracle")
    files = "trials, result.json, table.md, plot.png"
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=files)
    parser.add_argument("--masks", default="rendered", help="rendered (default) or detector")
    parser.add_argument(
        "--labels", type=Path, metavar="DIR", help="label files for the oracle, else the family of grasps is tried"
    )
    parser.add_argument(
        "--objects", type=integer(1, 100_000), default=10, metavar="N", help="catalogue size a family (10)"
    )
    add_study(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    require("evaluate grasp", "train", "matplotlib")
    from app.base.progress_bar import stage_progress
    from training.dataset.folder import save
    from training.evaluation.grasp import Study, evaluate
    from training.evaluation.placements import placements
    from training.evaluation.report import families_table, plot, table

    meshes = placements([str(path.resolve()) for path in arguments.mesh], arguments.rests)
    study = Study(
        trials=arguments.trials or PICTURES * len(meshes) or TRIALS,
        methods=names_in(arguments.methods),
        seed=arguments.seed,
        split=arguments.split,
        per_family=arguments.objects,
        masks=arguments.masks,
        heatmap=full_path(arguments.heatmap),
        ways=full_path(arguments.ways),
        paper=full_path(arguments.paper_run),
        labels=full_path(arguments.labels),
        meshes=meshes,
    )
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        result = evaluate(study, arguments.out, mapper, progress, arguments.device)
    tables = f"{table(result)}\n{families_table(result)}"
    save(arguments.out / "table.md", tables.encode())
    save(arguments.out / "plot.png", plot(result))
    tell_result(result, tables, as_json=arguments.json)
    return SUCCESS


COMMAND = Command(add_arguments, run)
