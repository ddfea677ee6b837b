"""The command line of `spot-grasp mission`; light, for the parser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.spot_arguments import add_target

if TYPE_CHECKING:
    from app.base.interrupts import Interrupts


def add_mission(parser: argparse.ArgumentParser, debug: argparse.ArgumentParser) -> None:
    """Both subcommands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    serve = actions.add_parser("serve", parents=[debug], help="offer a tree to missions of the robot")
    serve.add_argument("tree", metavar="TREE", help="a file, or the name of a tree in the library")
    add_target(serve, required=True)
    serve.add_argument("--name", default="", help="name in the robot's directory (default: after the tree)")
    serve.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS", help="where to be called (default loopback)")
    serve.add_argument("--listen-port", type=_port, default=0, metavar="P", help="default: a free one")
    serve.add_argument(
        "--allow-from", type=_address, action="append", default=[], metavar="IP", help="who may call, besides the robot"
    )
    serve.add_argument(
        "--tls", nargs=3, type=Path, metavar=("KEY", "CERT", "CLIENT_CA"), help="PEM files: callers need a certificate"
    )
    serve.add_argument(
        "--silence", type=_seconds, default=2.0, metavar="S", help="stop the robot after S seconds without Tick (2)"
    )
    serve.add_argument("--record", type=Path, metavar="DIR", help="folder of the run folders (default runs)")
    serve.add_argument("--detector", type=Path, metavar="FILE", help="detector network (.onnx)")
    serve.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
    serve.add_argument("--tree", dest="tree_id", metavar="ID", help="which tree of the file (default: its main tree)")
    export = actions.add_parser("export", parents=[debug], help="write a tree as nodes of a mission")
    export.add_argument("tree", metavar="TREE", help="a file, or the name of a tree in the library")
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help=".node (binary) or .txtpb (text)")
    export.add_argument("--tree", dest="tree_id", metavar="ID", help="which tree of the file (default: its main tree)")
    export.add_argument("--remote", nargs="?", const="", metavar="NAME", help="one node that calls the served tree")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0, any free one, to 65535")
    return int(text)


def _address(text: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IP address, such as 192.168.80.3") from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.2 <= seconds <= 60.0:
        raise argparse.ArgumentTypeError(f"{text!r}: give seconds from 0.2 to 60")
    return seconds


def mission(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    """Run a subcommand."""
    from trees.library_files import find_tree

    file = find_tree(arguments.tree)
    if arguments.action == "export":
        from app.mission.export import export

        return export(file, arguments.out, tree_id=arguments.tree_id, remote_service=arguments.remote)
    return _serve(file, arguments, interrupts)


def _serve(file: Path, arguments: Any, interrupts: Interrupts) -> int:
    from app.base.vocabulary import vocabulary
    from app.mission.parametrised import read
    from app.mission.serve import ServeOptions, serve
    from app.mission.server import Tls
    from app.session.compose import networks
    from behaviours.robots.spot.link.connection import HTTPS_PORT, Target

    models = networks(arguments.detector, arguments.heatmap)[:2]
    tree = read(file, arguments.tree_id, vocabulary(models[0], arguments.detector, "spot"))
    target = Target(arguments.hostname, arguments.port or HTTPS_PORT, arguments.certificate)
    options = ServeOptions(
        arguments.name,
        arguments.listen,
        arguments.listen_port,
        arguments.record,
        arguments.silence,
        tuple(arguments.allow_from),
        None if arguments.tls is None else Tls(*arguments.tls),
    )
    return serve(target, tree, options, models, interrupts)
