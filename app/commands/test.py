"""`spot-grasp test`: its arguments. The work is in `app/trials`."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from app.base.arguments import TREE, add_folders, add_json
from app.base.bounded import real, seconds, seeds
from app.base.command import Command, Parser
from app.base.interrupts import Interrupts
from app.base.output import hurry
from app.base.workers import add_workers, workers_of
from app.parts.plugins import DETECTOR, detector_name
from app.parts.robots import add_robots, robot_name, robot_options


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "trees", nargs="+", metavar="TREE",
        help=f"{TREE}; or a file of cases. Without --robot and --seeds: its cases, TREE.test.toml, if it has any",
    )  # fmt: skip
    parser.add_argument(
        "--robot", type=robot_name, metavar="NAME",
        help="genesis (default), fake, spot with --hostname sim, or one of an installed package",
    )  # fmt: skip
    parser.add_argument("--seeds", type=seeds, metavar="LIST", help="e.g. 0-39 or 3,7,10-12 (default 0)")
    add_workers(parser, workers=1)
    parser.add_argument(
        "--at-least", type=real(0, 1), default=1.0, metavar="SHARE",
        help="exit code 1 if a tree succeeds in a smaller share of its trials (default 1.0)",
    )  # fmt: skip
    add_folders(parser)
    parser.add_argument(
        "--time-limit", dest="time_limit_s", type=seconds, default=600.0, metavar="S", help="robot seconds (600)"
    )
    parser.add_argument("--detector", type=detector_name, metavar="NAME|FILE", help=DETECTOR)
    parser.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
    parser.add_argument("--substitute", type=Path, metavar="FILE", help="JSON file that scripts leaves (simulation)")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="TOML file of numbers that no port gives")
    reports = parser.add_argument_group("what you get")
    reports.add_argument("--record", type=Path, metavar="DIR", help="folder of the test (default runs/TIME-test)")
    reports.add_argument("--keep", action="store_true", help="keep the run folders of successes, too")
    reports.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML, for CI")
    reports.add_argument(
        "--coverage", type=Path, metavar="FILE", help="draw what the cases saw of the tree (.svg, .html)"
    )
    reports.add_argument("--html", type=Path, metavar="FILE", help="write the report as a page")
    reports.add_argument(
        "--compare",
        type=Path,
        metavar="OLD",
        help="results of an earlier test: what changed, and is it more than chance?",
    )
    add_json(reports, "print the results as one last line of JSON on stdout")
    add_robots(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.cases.command import case_files, run_cases

    if files := case_files(arguments):
        return run_cases(files, coverage=arguments.coverage, junit=arguments.junit, as_json=arguments.json)
    arguments.robot, arguments.seeds = arguments.robot or "genesis", arguments.seeds or (0,)
    from app.session.options import RunOptions
    from app.trials.plan import plan
    from app.trials.run import Reports, test
    from behaviours.recording.folder import RUNS, new_folder

    hurry()
    names = ("robot", "detector", "heatmap", "substitute", "settings", "time_limit_s")
    options = RunOptions(
        "", folders=tuple(arguments.folders), robot_options=robot_options(arguments),
        **{name: getattr(arguments, name) for name in names},
    )  # fmt: skip
    where = arguments.record or RUNS / f"{datetime.now():%Y%m%d-%H%M%S}-test"
    trials = plan(arguments.trees, arguments.seeds, options, where, keep=arguments.keep)
    with workers_of(arguments) as mapper:
        reports = Reports(
            new_folder(where, "", 0, datetime.now()), arguments.junit, arguments.html, arguments.compare, arguments.json
        )
        return test(trials, mapper, reports, arguments.at_least)


COMMAND = Command(add_arguments, run)
