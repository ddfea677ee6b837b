"""`spot-grasp look`: its arguments. The work is in `sight.py`, which is heavy to import."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import add_json
from app.base.bounded import real, seed
from app.base.command import Command, Parser
from app.base.interrupts import Interrupts
from app.parts.plugins import DETECTOR, detector_name
from app.parts.robots import add_robots, robot_name
from perception.types import APPROACHES

EPILOG = """\
Nothing moves: no lease is taken, no e-stop is registered, no command is sent. Each look is kept in a folder of its own,
a picture to train on: rgb.png, depth_mm.png, meta.json, masks/NN_LABEL.png, detections.png, grasp.png, result.json.
exit codes: 0 something was found that can be gripped, 1 nothing was (the reason is printed), 2 bad usage, 3 robot lost
"""


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--robot", type=robot_name, default="spot", metavar="NAME",
        help="spot (default, with --hostname), genesis, fake, or one of an installed package",
    )  # fmt: skip
    parser.add_argument("--camera", default="hand", metavar="NAME", help="which camera (default hand)")
    parser.add_argument(
        "--label", action="append", metavar="NAME", help="what to look for; repeat for several (default: all it knows)"
    )
    parser.add_argument(
        "--min-score",
        type=real(0.0, 1.0),
        default=0.25,
        metavar="S",
        help="least score to be sure, 0..1 (default 0.25)",
    )
    parser.add_argument(
        "--approach", choices=APPROACHES, default="any", help="from where the hand may come (default any)"
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of a simulated scene (default 0)")
    parser.add_argument("--detector", type=detector_name, metavar="NAME|FILE", help=DETECTOR)
    parser.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="TOML file of numbers and names (see run)")
    parser.add_argument(
        "--out", type=Path, default=Path("looks"), metavar="DIR", help="gets the folder (default looks)"
    )
    parser.add_argument(
        "--as", dest="kept_as", metavar="NAME", help="the label of all masks that are kept, to train on"
    )
    add_json(parser)
    add_robots(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.commands.look.sight import look

    return look(arguments)


COMMAND = Command(add_arguments, run, EPILOG)
