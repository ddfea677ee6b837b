"""`spot-grasp check`: the problems of files of trees, scenes and cases, and whether a Spot is ready."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.base.arguments import TREE_ID, add_json, add_trees
from app.base.command import Command, Parser
from app.base.interrupts import Interrupts
from app.base.output import tell_json
from app.parts.plugins import detector_name
from app.parts.robots import robot_name
from app.parts.spot import add_target
from perception.base.errors import ConfigError


def add_arguments(parser: Parser) -> None:
    add_trees(parser, several="*")
    parser.add_argument("--tree", dest="main", metavar="ID", help=TREE_ID)
    parser.add_argument("--strict", action="store_true", help="refuse what BehaviorTree.CPP 4.10 refuses, and warnings")
    parser.add_argument("--stub-unknown", action="store_true", help="take nodes that are not known here as stubs")
    parser.add_argument(
        "--robot", type=robot_name, metavar="NAME", help="hold names of cameras and labels to those of a run on it"
    )
    parser.add_argument(
        "--detector", type=detector_name, metavar="NAME|FILE", help="hold labels to those of this one (see run)"
    )
    parser.add_argument(
        "--format",
        dest="form",
        choices=("text", "github"),
        default="text",
        help="github: annotations for GitHub Actions",
    )
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="its [names] are words that labels may be (see run)"
    )
    add_json(parser)
    add_target(parser.add_argument_group("is a Spot ready?"))


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    if not arguments.trees and arguments.hostname is None:
        raise ConfigError("check wants a tree, or --hostname with the name of a Spot, or both")
    facts: dict[str, Any] | None = {"problems": []} if arguments.json else None
    code = 0
    if arguments.trees:
        from app.commands.tree_files.problems import check
        from app.parts.vocabulary import vocabulary_for_check

        robot = arguments.robot or (None if arguments.hostname is None else "spot")
        code = check(
            arguments.trees,
            main=arguments.main,
            together=arguments.together,
            folders=arguments.folders,
            strict=arguments.strict,
            stub_unknown=arguments.stub_unknown,
            known=vocabulary_for_check(arguments.detector, robot, arguments.settings),
            facts=facts,
            github=arguments.form == "github",
        )
    if arguments.hostname is not None:
        from app.commands.tree_files.preflight import check_robot

        code = check_robot(arguments, facts) or code
    if facts is not None:
        tell_json({"ok": code == 0, **facts})
    return code


COMMAND = Command(add_arguments, run)
