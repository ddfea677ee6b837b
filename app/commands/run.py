"""`spot-grasp run`: its arguments. The run itself is in `app/session`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import TREE_ID, WEB_PORT, add_json, add_trees, one_tree
from app.base.bounded import integer, seconds, seed
from app.base.command import Command, Parser
from app.base.interrupts import Interrupts
from app.parts.plugins import DETECTOR, detector_name
from app.parts.robots import add_robots, robot_name, robot_options
from app.views.model import VIEWS


def add_arguments(parser: Parser) -> None:
    add_trees(parser, several="+")
    parser.add_argument("--tree", dest="tree_id", metavar="ID", help=TREE_ID)
    parser.add_argument(
        "--robot", type=robot_name, default="genesis", metavar="NAME",
        help="genesis (default), fake, spot, or one of an installed package; `--robot NAME --help` has its options",
    )  # fmt: skip
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="fixes scene and noise (default 0)")
    parser.add_argument(
        "--time-limit", dest="time_limit_s", type=seconds, default=600.0, metavar="S", help="robot seconds (600)"
    )
    parser.add_argument("--detector", type=detector_name, metavar="NAME|FILE", help=DETECTOR)
    parser.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
    parser.add_argument("--substitute", type=Path, metavar="FILE", help="JSON file that scripts leaves (simulation)")
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="TOML file of numbers and names that no port gives"
    )
    watch = parser.add_argument_group("what you see and keep")
    watch.add_argument("--view", choices=VIEWS, help="terminal view (default: live on a terminal, else plain)")
    watch.add_argument(
        "--watch", action="append", default=[], metavar="KEY", help="show a blackboard key in the view (repeatable)"
    )
    watch.add_argument("--record", type=Path, metavar="DIR", help="run folder (default runs/TIME-TREE-SEED)")
    add_json(watch, "print the result as one last line of JSON on stdout")
    watch.add_argument(
        "--groot", type=integer(1, 65534), nargs="?", const=1667, metavar="PORT",
        help="let Groot2 watch (default port 1667)",
    )  # fmt: skip
    watch.add_argument("--groot-hooks", action="store_true", help="let Groot2 set breakpoints and results (simulation)")
    watch.add_argument(
        "--web", type=integer(0, 65535), nargs="?", const=WEB_PORT, metavar="PORT",
        help=f"show the run in a browser, on this computer only (default port {WEB_PORT}; 0 takes a free one)",
    )  # fmt: skip
    watch.add_argument(
        "--rerun", nargs="?", const="", metavar="ADDRESS",
        help="show it in rerun: in a viewer that is started, or in one that listens, e.g. at "
        "rerun+http://127.0.0.1:9876/proxy",
    )  # fmt: skip
    add_robots(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.session.options import RunOptions
    from app.session.run import run

    tree, *more = one_tree("run", arguments)
    names = (
        "robot", "seed", "view", "record", "json", "tree_id", "detector", "heatmap", "time_limit_s", "groot",
        "groot_hooks", "rerun", "web", "substitute", "settings",
    )  # fmt: skip
    options = RunOptions(
        tree,
        more=tuple(more),
        folders=tuple(arguments.folders),
        watch=tuple(arguments.watch),
        robot_options=robot_options(arguments),
        **{name: getattr(arguments, name) for name in names},
    )
    return run(options, interrupts)


COMMAND = Command(add_arguments, run)
