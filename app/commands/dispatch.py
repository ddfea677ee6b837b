"""The command line `spot-grasp`. Only light imports here: `spot-grasp --help` must be quick.

Exit codes: 0 the tree succeeded, 1 the tree failed, 2 bad usage, tree or configuration, 3 broken contract or robot
lost, 130 interrupted by a signal, whichever. Every error is one line on stderr; `--debug` adds the traceback.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Final

from app.base.interrupts import INTERRUPTED, Interrupts
from app.base.output import hurry, note, tell, tell_json, warn
from app.commands.parser import build_parser
from app.mission.arguments import mission
from app.session.options import RunOptions
from perception.base.errors import ConfigError, SpotGraspError

BROKEN: Final = 3
LONGEST_LINE: Final = 4000
"""Letters of an error: what a file holds may be in it."""


def main(argv: Sequence[str], interrupts: Interrupts) -> int:
    """Run one command and return the exit code. SystemExit(0 or 2) from argparse for help and bad usage."""
    arguments = None
    try:
        interrupts.release()
        parser = build_parser()
        arguments = parser.parse_args(argv)
        if arguments.version:
            from importlib.metadata import version

            tell(f"spot-grasp {version('spot-grasp')}\n")
            return 0
        if arguments.command is None:
            parser.print_help()
            return 2
        return _dispatch(arguments, interrupts)
    except SystemExit as error:
        if arguments is None:
            raise
        return _failed(error, interrupts, debug=arguments.debug)
    except BaseException as error:  # the boundary of the program: whatever happened becomes one line and an exit code
        return _failed(error, interrupts, debug=arguments is not None and arguments.debug)


def _failed(error: BaseException, interrupts: Interrupts, *, debug: bool) -> int:
    """Say what ended the command; the exit code."""
    interrupts.closing()
    interrupted = isinstance(error, KeyboardInterrupt)
    if debug and not interrupted:
        import traceback

        note("".join(traceback.format_exception(error)))
    if interrupted or interrupts.received is not None:  # a library may have made an error of its own of it
        hurry()
        warn(f"interrupted by {interrupts.received or 'SIGINT'}")
        return INTERRUPTED
    if isinstance(error, SpotGraspError):
        warn(one_line(error))
        return error.exit_code
    if isinstance(error, OSError) and error.filename is not None:  # a name that the system does not take, or not now
        from perception.base.files import shown

        warn(f"{shown(str(error.filename))}: {error.strerror}")
        return ConfigError.exit_code
    warn(f"internal error: {type(error).__name__}: {one_line(error)} (--debug shows where)")
    return BROKEN


def one_line(error: BaseException) -> str:
    """The error's message as a single line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]} ..."


def _together(arguments: argparse.Namespace) -> list[str]:
    """The files of one tree. ConfigError if several are given that are not to be read as one."""
    files: list[str] = arguments.trees
    if len(files) > 1 and not arguments.together:
        raise ConfigError(f"{arguments.command} takes one tree, not {len(files)}; --together reads the files as one")
    return files


def _dispatch(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    if "handler" in arguments:
        code: int = arguments.handler(arguments)
        return code
    match arguments.command:
        case "run":
            from app.session.run import run

            skipped = ("command", "version", "trees", "together")
            fields = {key: value for key, value in vars(arguments).items() if key not in skipped}
            first, *more = _together(arguments)
            lists = {"more": tuple(more), "folders": tuple(arguments.folders), "watch": tuple(arguments.watch)}
            return run(RunOptions(tree=first, **fields | lists), interrupts)
        case "simulate":
            from app.commands.simulate import SimulateOptions, simulate

            fields = {
                key: value for key, value in vars(arguments).items() if key not in ("command", "version", "debug")
            }
            return simulate(SimulateOptions(**fields | {"programs": tuple(fields["programs"])}), interrupts)
        case "check":
            from app.base.vocabulary import vocabulary_for_check
            from app.commands.check import check

            robot: str | None = arguments.robot or (None if arguments.hostname is None else "spot")
            code = 0
            facts: dict[str, Any] | None = {"problems": []} if arguments.json else None
            if not arguments.trees and arguments.hostname is None:
                raise ConfigError("check wants a tree, or --hostname with the name of a Spot, or both")
            if arguments.trees:
                code = check(
                    arguments.trees,
                    main=arguments.main,
                    together=arguments.together,
                    folders=arguments.folders,
                    strict=arguments.strict,
                    stub_unknown=arguments.stub_unknown,
                    known=vocabulary_for_check(arguments.detector, robot),
                    facts=facts,
                )
            if arguments.hostname is not None:
                from app.commands.preflight import check_robot

                code = check_robot(arguments.hostname, arguments.port, arguments.certificate, facts) or code
            if facts is not None:
                tell_json({"ok": code == 0, **facts})
            return code
        case "show":
            from app.commands.show import show

            files = _together(arguments)
            chosen = {"form": arguments.form, "out": arguments.out, "tree_id": arguments.tree_id}
            return show(files, **chosen, folders=arguments.folders)
        case "nodes":
            from app.commands.check import nodes

            return nodes(as_xml=arguments.xml, groot=arguments.groot, as_json=arguments.json)
        case "format":
            from app.commands.check import format_files

            return format_files(arguments.files, check_only=arguments.check, diff=arguments.diff)
        case "replay":
            from app.replay.player import replay

            return replay(
                arguments.run,
                speed=arguments.speed,
                from_s=arguments.from_s,
                to_s=arguments.to_s,
                watch=arguments.watch,
                plain=arguments.plain,
            )
        case "mission":
            return mission(arguments, interrupts)
        case "doctor":
            from app.commands.doctor import doctor

            return doctor(arguments.purpose, as_json=arguments.json)
        case "gif":
            from app.commands.gif import make_gif

            make_gif(arguments.video, arguments.out, width=arguments.width, fps=arguments.fps, speed=arguments.speed)
            return 0
    raise AssertionError(arguments.command)
