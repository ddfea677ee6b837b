"""`spot-grasp nodes`: the leaves that a tree may use, with their ports."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.arguments import add_json
from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS, UNUSABLE
from app.base.interrupts import Interrupts
from app.base.known_leaves import known_leaves
from app.base.output import tell, tell_json, warn
from perception.base.files import write_atomic
from trees.errors import TreeError


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--groot", metavar="FILE", help="write them as a palette that Groot2 imports; - prints it")
    add_json(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    """A table for people, a palette or a line of JSON. A plug-in that cannot be used is told on stderr; 2 if one is."""
    import trees

    every = known_leaves()
    leaves, broken = {}, 0
    for tag in every:
        try:
            leaves[tag] = every[tag]
        except TreeError as error:
            warn(f"<{tag}>: {error}")
            broken += 1
    if arguments.json:
        tell_json({"ok": not broken, "nodes": trees.facts(leaves)})
    elif arguments.groot is not None:
        write_atomic(Path(arguments.groot), trees.palette_xml(leaves).encode())
    else:
        for row in trees.table(leaves):
            tell(f"{row}\n")
    return UNUSABLE if broken else SUCCESS


COMMAND = Command(add_arguments, run)
