"""`spot-grasp mission export`: its arguments. The compiler is in `app/mission`."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import TREE, TREE_ID, add_folders
from app.base.command import Command, Parser
from app.base.interrupts import Interrupts
from trees.library import find_tree


def add_arguments(parser: Parser) -> None:
    parser.add_argument("tree", metavar="TREE", help=TREE)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".node (binary) or .txtpb (text)")
    parser.add_argument("--tree", dest="tree_id", metavar="ID", help=TREE_ID)
    add_folders(parser)
    parser.add_argument("--remote", nargs="?", const="", metavar="NAME", help="one node that calls the served tree")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from app.mission.export import export

    return export(
        find_tree(arguments.tree),
        arguments.out,
        tree_id=arguments.tree_id,
        folders=arguments.folders,
        remote_service=arguments.remote,
    )


COMMAND = Command(add_arguments, run)
