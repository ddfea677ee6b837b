"""Arguments that several commands have."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from perception.base.errors import ConfigError

TREE = "a file, or the name of a tree in the library, e.g. grasp_bottle"
WEB_PORT = 8765
"""Of the pages of a run, unless another is given."""
TREE_ID = "which tree of the file (default: its main tree)"


def add_json(parser: argparse._ActionsContainer, words: str = "print one line of JSON instead") -> None:
    """--json"""
    parser.add_argument("--json", action="store_true", help=words)


def add_folders(parser: argparse.ArgumentParser) -> None:
    """--folder, as `folders`."""
    parser.add_argument(
        "--folder",
        dest="folders",
        action="append",
        default=[],
        metavar="DIR",
        help="where included files may lie, beside the folder of the file; may be repeated",
    )


def add_trees(parser: argparse.ArgumentParser, *, several: str) -> None:
    """The tree files, --together and --folder. several: nargs; "*" may be none."""
    parser.add_argument("trees", nargs=several, metavar="TREE", help=f"{TREE}; several with --together")
    parser.add_argument("--together", action="store_true", help="read the files as one: trees of one may use another's")
    add_folders(parser)


def one_tree(command: str, arguments: argparse.Namespace) -> Sequence[str]:
    """The files of one tree. ConfigError if several are given that are not to be read as one."""
    files: list[str] = arguments.trees
    if len(files) > 1 and not arguments.together:
        raise ConfigError(f"{command} takes one tree, not {len(files)}; --together reads the files as one")
    return files
