"""What `evaluate packed` and `evaluate pile` share: the field's benchmark of grasping among other objects."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.base.bounded import integer, real
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell_result
from app.base.workers import mapper_of
from app.commands.evaluate.common import add_methods, add_study, full_path, names_in

if TYPE_CHECKING:
    from training.evaluation.clutter_names import Kind


def _add_arguments(parser: Parser, *, kind: Kind) -> None:
    from training.evaluation.clutter_names import NOISES, SCALES, VIEWS

    low, high = SCALES[kind]
    objects = "folder of URDF files, or else OBJ, STL, PLY or GLB files (default the project's own objects of --split)"
    parser.add_argument("--objects", type=Path, metavar="DIR", help=objects)
    parser.add_argument(
        "--rounds", type=integer(1, 100_000), default=20, metavar="N", help="scenes, each cleared by every method (20)"
    )
    add_methods(parser, "heatmap,centroid,top,antipodal")
    parser.add_argument("--view", choices=VIEWS, default="side", help="where the camera stands (default side)")
    noise = "of the depth: dex, the benchmark's (default); spot, the hand camera's; none"
    parser.add_argument("--noise", choices=NOISES, default="dex", help=noise)
    known = "the table's height is known; every method gets the depth scaled to it"
    parser.add_argument("--known-table", action="store_true", help=known)
    parser.add_argument("--count", type=integer(1, 12), default=5, metavar="N", help="objects of a scene (5)")
    parser.add_argument(
        "--failures", type=integer(1, 100), default=2, metavar="N", help="failures in a row that end a round (2)"
    )
    parser.add_argument(
        "--scale",
        type=real(0.01, 100.0),
        nargs=2,
        metavar=("LOW", "HIGH"),
        help=f"of the objects, drawn evenly ({low:g} to {high:g})",
    )
    files = "rounds, pictures, result.json, table.md, failures.png"
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=files)
    add_study(parser)


def _run(arguments: argparse.Namespace, interrupts: Interrupts, *, kind: Kind) -> int:
    from app.base.progress_bar import stage_progress
    from training.evaluation.clutter import evaluate_clutter, study_of
    from training.evaluation.clutter_report import table, times_table

    study = study_of(
        kind,
        arguments.objects,
        None if arguments.scale is None else (min(arguments.scale), max(arguments.scale)),
        rounds=arguments.rounds,
        methods=names_in(arguments.methods),
        count=arguments.count,
        failures=arguments.failures,
        view=arguments.view,
        noise=arguments.noise,
        known_table=arguments.known_table,
        seed=arguments.seed,
        split=arguments.split,
        heatmap=full_path(arguments.heatmap),
        ways=full_path(arguments.ways),
        paper=full_path(arguments.paper_run),
    )
    with mapper_of(arguments) as mapper, stage_progress() as progress:
        result, times = evaluate_clutter(study, arguments.out, mapper, progress, arguments.device)
    tell_result(result, f"{table(result)}\n{times_table(times)}", as_json=arguments.json)
    return SUCCESS


def clutter_command(kind: Kind) -> Command:
    """The command of a kind of scene."""
    return Command(partial(_add_arguments, kind=kind), partial(_run, kind=kind))
