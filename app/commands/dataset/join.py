"""`spot-grasp dataset join`: the training arrays of several folders in one."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.base.command import Command, Parser
from app.base.exit_codes import SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell
from perception.base.errors import ConfigError, WriteError


def add_arguments(parser: Parser) -> None:
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="arrays, or data sets that have them")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the joined arrays")
    parser.add_argument("--overwrite", action="store_true", help="replace the arrays in --out")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from training.dataset.array_folder import check_join, join
    from training.heatmap.arrays import training_arrays

    check_join(arguments.folders, arguments.out, overwrite=arguments.overwrite)
    try:
        folders = [training_arrays(folder, "lift") for folder in arguments.folders]
        manifest = join(folders, arguments.out, overwrite=arguments.overwrite)
    except (OSError, WriteError) as error:
        raise ConfigError(
            f"cannot write {arguments.out}: {error.strerror or error}; make room and try again"
        ) from error
    tell(f"{arguments.out}: {manifest['objects']} objects, {manifest['count']} samples\n")
    return SUCCESS


COMMAND = Command(add_arguments, run)
