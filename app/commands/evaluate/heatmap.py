"""`spot-grasp evaluate heatmap`: the network on the labelled pixels of held-out objects."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell_result
from app.commands.evaluate.common import add_split


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a data set, or its arrays")
    parser.add_argument("--network", type=Path, metavar="FILE", help="heatmap network (.onnx; default the shipped)")
    add_split(parser)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from perception.quality.heatmap import DEFAULT_WEIGHTS
    from training.evaluation.heatmap import evaluate_network, table

    result = evaluate_network(arguments.network or DEFAULT_WEIGHTS, arguments.data, arguments.split)
    tell_result(result, table(result), as_json=arguments.json)
    return SUCCESS


COMMAND = Command(add_arguments, run)
