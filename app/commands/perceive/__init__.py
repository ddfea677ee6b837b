"""`spot-grasp perceive`: its arguments. The work is in `files.py`, which is heavy to import."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import add_json
from app.base.command import Command, Parser
from app.base.interrupts import Interrupts
from app.parts.plugins import DETECTOR, detector_name
from perception.types import APPROACHES

EPILOG = """\
Positions and the quaternion are in the camera's optical frame: x right, y down, z forward.
exit codes: 0 a grasp was found, 1 none was (the reason is printed), 2 a file or an option cannot be used
"""


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--rgb", type=Path, required=True, metavar="FILE", help="colour picture (png, jpg)")
    parser.add_argument("--depth", type=Path, required=True, metavar="FILE", help="depth, .npy or 16-bit .png")
    parser.add_argument(
        "--depth-scale", type=float, default=0.001, metavar="M", help="metres per unit of the depth (default 0.001)"
    )
    parser.add_argument("--intrinsics", required=True, metavar="FX,FY,CX,CY", help="of the colour camera, pixels")
    parser.add_argument(
        "--label",
        action="append",
        metavar="NAME",
        help="object to find, any for whatever stands there; repeat for several (bottle)",
    )
    parser.add_argument("--min-score", type=float, default=0.25, metavar="S", help="least score, 0..1 (default 0.25)")
    parser.add_argument("--mask", type=Path, metavar="FILE", help="the object's mask (png), instead of the detector")
    parser.add_argument(
        "--tilt", type=float, default=0.0, metavar="DEG", help="how far the camera looks down, degrees (default 0)"
    )
    parser.add_argument(
        "--approach", choices=APPROACHES, default="side", help="from where the hand may come (default side)"
    )
    parser.add_argument("--registered", action="store_true", help="depth and colour fit pixel for pixel; move neither")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write mask, normals, heatmap and overlay there")
    parser.add_argument("--detector", type=detector_name, metavar="NAME|FILE", help=DETECTOR)
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="TOML file; its [grasp], [judging] and [names] (see run)"
    )
    parser.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
    add_json(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.commands.perceive.files import perceive_files

    return perceive_files(arguments)


COMMAND = Command(add_arguments, run, EPILOG)
