"""Every command and option of `spot-grasp`. Only light imports here: `spot-grasp --help` must be quick."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final, NoReturn

from app.base.bounded import real, seconds, seed, speed, whole
from app.base.output import printable
from app.base.plugins import detector_name, robot_name
from app.commands import contract as contract_cli
from app.commands import dataset as dataset_cli
from app.commands import evaluate as evaluate_cli
from app.commands import perceive as perceive_cli
from app.commands import train as train_cli
from app.commands.spot_arguments import add_control, add_target
from app.mission.arguments import add_mission
from app.session.options import LENSES, PURPOSES, VIEWS
from simulation.genesis.devices import DEVICES

JSON: Final = "print one line of JSON instead"
ROBOT: Final = "genesis (default), fake, spot, or one that an installed package offers"
DETECTOR: Final = "a network (.onnx), or the name of a detector that an installed package offers"

EPILOG: Final = """\
exit codes:
  0 the tree succeeded      1 the tree failed      2 bad usage, tree or configuration
  3 broken contract or robot lost                  130 interrupted by a signal

examples:
  spot-grasp run grasp_bottle --robot genesis --seed 0 --video
  spot-grasp run my_tree.xml --robot fake --view plain
  spot-grasp check my_tree.xml
"""


class Parser(argparse.ArgumentParser):
    """One whose complaints hold no characters that a terminal would obey: what was typed may be a stranger's."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    debug = Parser(add_help=False)
    debug.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser = Parser(
        prog="spot-grasp",
        description="Run a behaviour tree that makes a Spot with an arm find an object, walk to it and pick it up.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_run(commands.add_parser("run", parents=[debug], help="run a tree on a robot"))
    check = commands.add_parser("check", parents=[debug], help="list every problem of tree files, or: is a Spot ready?")
    _add_check(check)
    add_target(check)
    show = commands.add_parser("show", parents=[debug], help="draw the tree of a file, subtrees written out")
    show.add_argument("trees", nargs="+", metavar="TREE", help="a file, or a name in the library; several: --together")
    _add_files(show)
    show.add_argument("--format", dest="form", choices=("text", "svg", "html"), help="default: by the ending of --out")
    show.add_argument("--out", type=Path, metavar="FILE", help="write it there (default: print it)")
    show.add_argument("--tree", dest="tree_id", metavar="ID", help="which tree of the file (default: its main tree)")
    nodes = commands.add_parser("nodes", parents=[debug], help="list the leaves a tree may use, with their ports")
    nodes.add_argument("--groot", metavar="FILE", help="write them as a palette that Groot2 imports; - prints it")
    nodes.add_argument("--xml", action="store_true", help="the same as --groot -")
    nodes.add_argument("--json", action="store_true", help=JSON)
    form = commands.add_parser("format", parents=[debug], help="bring tree files into one canonical form, in place")
    form.add_argument("files", nargs="+", metavar="FILE", help="a tree file; - is from stdin to stdout")
    form.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file would change")
    form.add_argument("--diff", action="store_true", help="write nothing; show what would change")
    _add_replay(commands.add_parser("replay", parents=[debug], help="play a run back from its log"))
    _add_simulate(commands.add_parser("simulate", parents=[debug], help="a simulated Spot that speaks the Spot API"))
    add_mission(commands.add_parser("mission", help="missions of the robot (Autowalk, tablet): serve, export"), debug)
    doctor = commands.add_parser("doctor", parents=[debug], help="what is installed, what is missing, what to type")
    doctor.add_argument(
        "--for", dest="purpose", choices=PURPOSES, help="look at what this needs only (default: at all)"
    )
    doctor.add_argument("--json", action="store_true", help=JSON)
    for module in (contract_cli, perceive_cli, dataset_cli, train_cli, evaluate_cli):
        module.register(commands, [debug])
    gif = commands.add_parser("gif", parents=[debug], help="make an animated picture from the video of a run")
    gif.add_argument("video", type=Path, metavar="VIDEO", help="video.mp4 of a run folder")
    gif.add_argument("out", type=Path, metavar="OUT", help="the .gif file to write")
    gif.add_argument("--width", type=int, default=480, help="pixels (default 480)")
    gif.add_argument("--fps", type=int, default=10, help="pictures a second (default 10)")
    gif.add_argument("--speed", type=float, default=2.0, help="how many times faster than the video (default 2)")
    return parser


def _add_files(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--together", action="store_true", help="read the files as one: trees of one may use another's"
    )
    command.add_argument(
        "--folder",
        dest="folders",
        action="append",
        default=[],
        metavar="DIR",
        help="where included files may lie, beside the folder of the file; may be repeated",
    )


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("trees", nargs="*", metavar="TREE", help="a file, or the name of a tree in the library")
    _add_files(check)
    check.add_argument("--tree", dest="main", metavar="ID", help="which tree is the main one (default: its main tree)")
    check.add_argument("--strict", action="store_true", help="refuse what BehaviorTree.CPP 4.10 refuses, and warnings")
    check.add_argument("--json", action="store_true", help=JSON)
    check.add_argument("--stub-unknown", action="store_true", help="take nodes that are not known here as stubs")
    check.add_argument(
        "--robot", type=robot_name, metavar="NAME", help="hold names of cameras and labels to those of a run on it"
    )
    check.add_argument(
        "--detector", type=detector_name, metavar="NAME|FILE", help="hold labels to those of this one (see run)"
    )


def _add_run(run: argparse.ArgumentParser) -> None:
    what = "a file, or the name of a tree in the library, e.g. grasp_bottle"
    run.add_argument("trees", nargs="+", metavar="TREE", help=f"{what}; several with --together")
    _add_files(run)
    run.add_argument("--robot", type=robot_name, default="genesis", metavar="NAME", help=ROBOT)
    run.add_argument("--scene", metavar="S", help="name or TOML file of a scene (genesis; default bottle)")
    run.add_argument("--seed", type=seed, default=0, metavar="N", help="fixes scene and noise (default 0)")
    run.add_argument("--view", choices=VIEWS, help="terminal view (default: live on a terminal, else plain)")
    run.add_argument("--record", type=Path, metavar="DIR", help="run folder (default runs/TIME-TREE-SEED)")
    run.add_argument("--video", action="store_true", help="film the run from an outside camera (genesis)")
    run.add_argument("--json", action="store_true", help="print the result as one last line of JSON on stdout")
    run.add_argument("--tree", dest="tree_id", metavar="ID", help="which tree of the file (default: its main tree)")
    run.add_argument("--detector", type=detector_name, metavar="NAME|FILE", help=DETECTOR)
    run.add_argument("--heatmap", type=Path, metavar="FILE", help="heatmap network (.onnx)")
    run.add_argument("--ideal-depth", action="store_true", help="depth without the sensor's faults, for tests")
    run.add_argument("--robot-file", type=Path, metavar="FILE", help="your own URDF or MJCF of the robot")
    run.add_argument("--device", choices=DEVICES, help="what the physics computes on (genesis; default cpu)")
    run.add_argument(
        "--time-limit",
        dest="time_limit_s",
        type=seconds,
        default=600.0,
        metavar="S",
        help="robot seconds (600)",
    )
    run.add_argument(
        "--watch", action="append", default=[], metavar="KEY", help="show a blackboard key in the view (repeatable)"
    )
    run.add_argument(
        "--groot",
        type=whole(1, 65534),
        nargs="?",
        const=1667,
        metavar="PORT",
        help="let Groot2 watch (default port 1667)",
    )
    run.add_argument("--groot-hooks", action="store_true", help="let Groot2 set breakpoints and results (simulation)")
    run.add_argument("--substitute", type=Path, metavar="FILE", help="JSON file that scripts leaves (simulation)")
    run.add_argument("--real-time", action="store_true", help="the fake keeps pace with the wall clock")
    add_target(run)
    add_control(run)


def _add_replay(replay: argparse.ArgumentParser) -> None:
    replay.add_argument("run", type=Path, metavar="RUN", help="a run folder, or its log.jsonl")
    replay.add_argument(
        "--speed", type=speed, metavar="X", help="robot seconds a second, negative backwards (1; at once in a pipe)"
    )
    replay.add_argument(
        "--from", dest="from_s", type=real(-1e9, 1e9), metavar="T", help="begin at this second of the run"
    )
    replay.add_argument("--to", dest="to_s", type=real(-1e9, 1e9), metavar="T", help="end there")
    replay.add_argument(
        "--watch", action="append", default=[], metavar="KEY", help="show a blackboard key (repeatable)"
    )
    replay.add_argument("--plain", action="store_true", help="a line for each transition, also on a terminal")


def _add_simulate(simulate: argparse.ArgumentParser) -> None:
    simulate.add_argument(
        "--robot", choices=("genesis", "fake"), default="genesis", help="what moves (default genesis)"
    )
    simulate.add_argument("--scene", metavar="S", help="name or TOML file of a scene (genesis; default bottle)")
    simulate.add_argument("--seed", type=seed, default=0, metavar="N", help="fixes scene and noise (default 0)")
    simulate.add_argument("--device", choices=DEVICES, help="what the physics computes on (genesis; default cpu)")
    simulate.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default 127.0.0.1)")
    simulate.add_argument("--port", type=whole(0, 65535), default=0, metavar="P", help="port (a free one, printed)")
    simulate.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="simulated seconds a second; 0 as fast as possible (1)"
    )
    simulate.add_argument("--faults", type=Path, metavar="FILE", help="what shall go wrong, as TOML or JSON")
    simulate.add_argument(
        "--exec",
        dest="programs",
        action="append",
        default=[],
        metavar="CMD",
        help="run a program against the simulator, then end with its exit code; may be given again",
    )
    simulate.add_argument(
        "--wall-clock", action="store_true", help="programs keep the wall clock, not the simulated one"
    )
    simulate.add_argument("--click", action="store_true", help="click on the target where a program waits for a click")
    simulate.add_argument(
        "--no-operator-estop",
        dest="operator_estop",
        action="store_false",
        help="no released e-stop is there from the start",
    )
    simulate.add_argument(
        "--lens", choices=LENSES, default="pinhole", help="camera model of all cameras (default pinhole)"
    )
    simulate.add_argument("--log", type=Path, metavar="FILE", help="append what is received as JSON lines (stderr)")
