"""`spot-grasp mission serve`: its arguments. The service is in `app/mission`."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path

from app.base.arguments import TREE, TREE_ID, add_folders
from app.base.bounded import integer, real
from app.base.command import Command, Parser
from app.base.interrupts import Interrupts
from app.parts.plugins import DETECTOR, detector_name
from app.parts.spot import add_target, target_of
from trees.library import find_tree


def add_arguments(parser: Parser) -> None:
    parser.add_argument("tree", metavar="TREE", help=TREE)
    parser.add_argument("--tree", dest="tree_id", metavar="ID", help=TREE_ID)
    add_folders(parser)
    parser.add_argument("--detector", type=detector_name, metavar="NAME|FILE", help=DETECTOR)
    parser.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
    parser.add_argument("--record", type=Path, metavar="DIR", help="folder of the run folders (default runs)")
    add_target(parser.add_argument_group("which Spot"), required=True)
    service = parser.add_argument_group("who may call, and how")
    service.add_argument("--name", default="", help="name in the robot's directory (default: after the tree)")
    service.add_argument(
        "--listen", default="127.0.0.1", metavar="ADDRESS", help="where to be called (default loopback)"
    )
    service.add_argument("--listen-port", type=integer(0, 65535), default=0, metavar="P", help="default: a free one")
    service.add_argument(
        "--allow-from", type=_address, action="append", default=[], metavar="IP", help="who may call, besides the robot"
    )
    service.add_argument(
        "--tls", nargs=3, type=Path, metavar=("KEY", "CERT", "CLIENT_CA"), help="PEM files: callers need a certificate"
    )
    service.add_argument(
        "--silence",
        type=real(0.2, 60.0),
        default=2.0,
        metavar="S",
        help="stop the robot after S seconds without Tick (2)",
    )


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.mission.parametrised import read
    from app.mission.serve import ServeOptions, serve
    from app.mission.server import Tls
    from app.parts.networks import networks
    from app.parts.vocabulary import vocabulary

    file = find_tree(arguments.tree)
    models = networks(arguments.detector, arguments.heatmap)[:2]
    known = vocabulary(models[0], arguments.detector, "spot")
    tree = read(file, arguments.tree_id, known, arguments.folders)
    options = ServeOptions(
        arguments.name,
        arguments.listen,
        arguments.listen_port,
        arguments.record,
        arguments.silence,
        tuple(arguments.allow_from),
        None if arguments.tls is None else Tls(*arguments.tls),
    )
    return serve(target_of(arguments), tree, options, models, interrupts)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IP address, such as 192.168.80.3") from error


COMMAND = Command(add_arguments, run)
