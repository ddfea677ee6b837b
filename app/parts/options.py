"""The options that a robot declares, and which of them were given."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from behaviours.robot_kind import RobotKind


def declared(kind: RobotKind) -> dict[str, argparse.Action]:
    """The options of a kind of robot, by the name that their value has in the parsed arguments."""
    parser = argparse.ArgumentParser(add_help=False)
    kind.add_options(parser.add_argument_group())
    return {action.dest: action for action in parser._actions}


def accepted(kind: RobotKind) -> dict[str, argparse.Action]:
    """The options that a run on this kind of robot takes: its own, and those of the kind that it `borrows` from."""
    borrowed: RobotKind | None = getattr(kind, "borrows", None)
    return declared(kind) | ({} if borrowed is None else declared(borrowed))


def with_defaults(kind: RobotKind, values: Mapping[str, Any]) -> argparse.Namespace:
    """These values of a robot's options, and the default of every other."""
    return argparse.Namespace(**{dest: action.default for dest, action in accepted(kind).items()} | dict(values))


def options_given(kind: RobotKind, values: argparse.Namespace) -> dict[str, str]:
    """The flags, by name, of the options of a kind of robot whose value is not their default."""
    return {
        dest: action.option_strings[0]
        for dest, action in declared(kind).items()
        if getattr(values, dest, action.default) != action.default
    }
