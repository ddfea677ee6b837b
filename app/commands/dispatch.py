"""The command line `spot-grasp`: finds the command by its name and runs it.

A command's module is imported when its name is typed. `spot-grasp --help` must be quick and imports none.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from app.base.boundary import failed
from app.base.command import Parser, Table, add_commands
from app.base.exit_codes import SUCCESS, TABLE, UNUSABLE
from app.base.interrupts import Interrupts
from app.base.output import tell

COMMANDS: Final[Table] = {
    "run": ("app.commands.run", "run a tree on a robot"),
    "test": ("app.commands.test", "run trees again and again, with many seeds, and report; or their cases"),
    "check": (
        "app.commands.tree_files.check",
        "list every problem of files of trees, scenes and cases, or: is a Spot ready?",
    ),
    "show": ("app.commands.tree_files.show", "draw the tree of a file, subtrees written out"),
    "nodes": ("app.commands.tree_files.nodes", "list the leaves a tree may use, with their ports"),
    "format": ("app.commands.tree_files.format", "bring tree files into one canonical form, in place"),
    "replay": ("app.commands.replay", "play a run back from its log"),
    "report": ("app.commands.report", "one HTML file about runs: film, attempts, plots, the tree with counts"),
    "export": ("app.commands.export", "write runs for Foxglove, rerun, ROS 2, LeRobot or as tables"),
    "scene": ("app.commands.scene", "what a scene file puts where, as text or as a picture"),
    "simulate": ("app.commands.simulate", "a simulated Spot that speaks the Spot API"),
    "mission": ("app.commands.mission", "missions of the robot (Autowalk, tablet): serve, export"),
    "doctor": ("app.commands.doctor", "what is installed, what is missing, what to type"),
    "contract": (
        "app.commands.contract",
        "does a robot keep the robot protocol? It walks and moves its arm",
    ),
    "look": ("app.commands.look", "what a robot sees now: pictures, detections, a grasp; nothing moves"),
    "perceive": ("app.commands.perceive", "run the whole perception on a saved pair of colour and depth"),
    "dataset": ("app.commands.dataset", "make, look at and check data sets of simulated grasps"),
    "train": ("app.commands.train", "train a network and export it"),
    "evaluate": ("app.commands.evaluate", "measure the heatmap on labelled pixels, or whole grasps in physics"),
    "gif": ("app.commands.gif", "make an animated picture from the video of a run"),
}
"""In the order of the help."""
EXAMPLES: Final = """
examples:
  spot-grasp run grasp_bottle --robot genesis --seed 0 --video
  spot-grasp run my_tree.xml --robot fake --view plain
  spot-grasp test grasp_bottle --robot genesis --seeds 0-19 --workers 2 --html report.html
  spot-grasp check my_tree.xml
"""


def main(argv: Sequence[str], interrupts: Interrupts) -> int:
    """Run one command and return the exit code. SystemExit(0 or 2) from argparse for help and bad usage."""
    arguments = None
    try:
        interrupts.release()
        parser = build_parser(argv)
        arguments = _parse(parser, argv)
        if arguments.version:
            from importlib.metadata import version

            tell(f"spot-grasp {version('spot-grasp')}\n")
            return SUCCESS
        if arguments.command is None:
            parser.print_help()
            return UNUSABLE
        code: int = arguments.run_command(arguments, interrupts)
        return code
    except SystemExit as error:
        if arguments is None:
            raise
        return failed(error, interrupts, debug=arguments.debug)
    except BaseException as error:  # the boundary of the program: whatever happened becomes one line and an exit code
        return failed(error, interrupts, debug=getattr(arguments, "debug", False))


def build_parser(words: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The command line. words: what was typed, so that only that command is imported; None imports all."""
    parser = Parser(
        prog="spot-grasp",
        description="Run a behaviour tree that makes a Spot with an arm find an object, walk to it and pick it up.",
        epilog=TABLE + EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    add_commands(parser.add_subparsers(dest="command", metavar="COMMAND"), COMMANDS, words)
    return parser


def _parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        words = f"unrecognized arguments: {' '.join(unknown)}"
        if "robot" in arguments:
            from app.parts.robots import owner_words

            words += owner_words(unknown)
        getattr(arguments, "command_parser", parser).error(words)
    return arguments
