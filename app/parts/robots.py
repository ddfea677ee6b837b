"""The robots by name: the built-in ones and those of installed packages, with the options that each declares."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from app.base.command import Parser
from app.parts.fake import FakeKind
from app.parts.genesis import GenesisKind
from app.parts.options import accepted, declared, options_given
from app.parts.plugins import DETECTOR_GROUP, ROBOT_GROUP, PluginKind, offered, words_of
from app.parts.spot import SpotKind
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from behaviours.robot import Robot
    from behaviours.robot_kind import RobotKind

KINDS: Final[Mapping[str, GenesisKind | FakeKind | SpotKind]] = {
    "genesis": GenesisKind(), "fake": FakeKind(), "spot": SpotKind(),
}  # fmt: skip
"""The built-in robots; a package cannot replace them."""


def robot_name(text: str) -> str:
    """The value of --robot. argparse.ArgumentTypeError, with the choices, for an unknown name."""
    if text not in KINDS and text not in offered(ROBOT_GROUP):
        choices = ", ".join([*KINDS, *offered(ROBOT_GROUP)])
        raise argparse.ArgumentTypeError(f"invalid choice: {text!r} (choose from {choices})")
    return text


def robot_kind(name: str) -> RobotKind:
    """The kind of robot of a name. ConfigError, naming the plug-in, for one that cannot be imported."""
    return KINDS[name] if name in KINDS else PluginKind(name)


def add_robots(parser: Parser) -> None:
    """Add the options of every built-in robot, each in its group, and before parsing those of the plug-in chosen."""
    for name, kind in KINDS.items():
        borrows = " and of a simulated Spot" if isinstance(kind, GenesisKind) else ""
        kind.add_options(parser.add_argument_group(f"options of --robot {name}{borrows}"))
    parser.before = _add_chosen


def _add_chosen(parser: Parser, words: Sequence[str]) -> None:
    name = _chosen(words)
    if name not in KINDS:
        add_robot(parser, name)


def _chosen(words: Sequence[str]) -> str:
    """The value of --robot, the last if there are several, "" if there is none."""
    name: str | None = ""
    for word, following in zip(words, [*words[1:], None], strict=False):
        if word == "--":
            break
        if word == "--robot":
            name = following
        elif word.startswith("--robot="):
            name = word.partition("=")[2]
    return name or ""


def add_robot(parser: Parser, name: str) -> None:
    """Add the options of one robot, if there is one of this name. An option that a built-in robot has too is replaced.
    ConfigError if the command itself has one of them."""
    if name not in KINDS and name not in offered(ROBOT_GROUP):
        return
    kind = robot_kind(name)
    built_in = {flag for each in KINDS.values() for action in declared(each).values() for flag in action.option_strings}
    own = {flag for action in declared(kind).values() for flag in action.option_strings}
    if taken := own & (set(parser._option_string_actions) - built_in):
        raise ConfigError(f"robot '{name}' declares {', '.join(sorted(taken))}, which the command has for all robots")
    kind.add_options(parser.add_argument_group(f"options of --robot {name}", conflict_handler="resolve"))


def robot_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The values of the chosen robot's options. ConfigError if an option of another robot was given."""
    kind = robot_kind(arguments.robot)
    own = accepted(kind)
    for name, other in KINDS.items():
        if flags := [flag for dest, flag in options_given(other, arguments).items() if dest not in own]:
            raise ConfigError(
                f"{', '.join(flags)}: not for --robot {arguments.robot}; leave it out or take --robot {name}"
            )
    return {dest: getattr(arguments, dest) for dest in own}


def onlooker(name: str, options: argparse.Namespace, seed: int) -> Robot:
    """A robot that is only looked through: entering it takes nothing, and nothing moves. ConfigError if there is none.

    options: those of `robot_options`. A simulated robot can always be looked through.
    """
    kind = robot_kind(name)
    make = getattr(kind, "make_onlooker", None)
    robot: Robot | None = None if make is None else make(options, seed=seed)
    if robot is None:
        robot = kind.make(options, seed=seed, folder=None)
        if not robot.simulated_time:
            raise ConfigError(
                f"robot '{name}' cannot be looked through without taking control of it: its package offers no "
                "make_onlooker, see behaviours.robot_kind.LooksOn"
            )
    return robot


def owner_words(words: Sequence[str]) -> str:
    """The end of a message about unknown options: which robots of other packages declare them; "" if none does."""
    owners = []
    for name in offered(ROBOT_GROUP):
        try:
            flags = {flag for action in declared(PluginKind(name)).values() for flag in action.option_strings}
        except ConfigError:  # a broken plug-in is reported when it is used
            continue
        owners += [f"{word} is an option of --robot {name}" for word in words if word.partition("=")[0] in flags]
    return "".join(f"; {words}" for words in owners)


def plugins(robot: str, detector: str | Path | None) -> dict[str, str]:
    """The packages that the robot and the detector of a run come from, for its record; built-in ones have none."""
    used = {} if robot in KINDS else {"robot": words_of(ROBOT_GROUP, robot)}
    return used | ({"detector": words_of(DETECTOR_GROUP, detector)} if isinstance(detector, str) else {})
