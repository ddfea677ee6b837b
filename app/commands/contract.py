"""`spot-grasp contract NAME`: whether a robot keeps the rules of `behaviours.contract`, one line for each rule."""

from __future__ import annotations

import argparse
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from app.base.arguments import add_json
from app.base.command import Command, Parser
from app.base.exit_codes import FAILURE, SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell, tell_json
from app.parts.options import declared
from app.parts.robots import KINDS, add_robot, robot_kind, robot_name
from perception.base.errors import ConfigError

if TYPE_CHECKING:
    from behaviours.contract import MakeRobot

SEED: Final = 3
"""Of the scene that Genesis shows."""


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "robot", type=robot_name, metavar="NAME", help="fake, genesis, or one of an installed package; then its options"
    )
    add_json(parser)
    parser.before = _add_options


def _add_options(parser: Parser, words: Sequence[str]) -> None:
    """The options of the robot whose name comes first."""
    name = next((word for word in words if not word.startswith("-")), "")
    if name != "spot":
        add_robot(parser, name)


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    """The exit code. ConfigError for a robot that cannot be made from its name alone."""
    if not __debug__:
        raise ConfigError("contract: the rules are assert statements, which python -O leaves out; start it without -O")
    make = _maker(arguments)
    from behaviours.contract import CONTRACT

    rows = []
    for rule in CONTRACT:
        state, reason = judged(rule, make)
        rows.append({"rule": rule.__name__, "state": state, "reason": reason})
        if not arguments.json:
            tell(f"{state:<6} {rule.__name__.replace('_', ' ')}{': ' if reason else ''}{reason}\n")
    broken = sum(row["state"] == "broken" for row in rows)
    if arguments.json:
        tell_json({"ok": not broken, "robot": arguments.robot, "rules": rows})
    else:
        tell(f"{arguments.robot}: {broken} of {len(rows)} rules broken\n")
    return FAILURE if broken else SUCCESS


def _maker(arguments: argparse.Namespace) -> MakeRobot:
    if arguments.robot == "spot":
        raise ConfigError("contract: a Spot is not made from its name alone; `check --hostname H` looks at one")
    kind = robot_kind(arguments.robot)
    options = argparse.Namespace(**{dest: getattr(arguments, dest) for dest in declared(kind)})

    def make() -> Any:
        return kind.make(options, seed=SEED, folder=None)

    if arguments.robot not in KINDS:
        make()  # a robot that cannot be made is reported once, not as broken rules
    return make


def judged(rule: Callable[[MakeRobot], None], make: MakeRobot) -> tuple[str, str]:
    """("kept", ""), ("broken", why) or ("skip", why it cannot be judged)."""
    from behaviours.contract import CannotJudge

    try:
        rule(make)
    except CannotJudge as error:
        return "skip", str(error)
    except Exception as error:  # an error of the robot breaks this rule; the next one is judged too
        words = " ".join(str(error).split())
        if isinstance(error, AssertionError):
            return "broken", words or (traceback.extract_tb(error.__traceback__)[-1].line or "an assertion failed")
        return "broken", f"{type(error).__name__}: {words}"
    return "kept", ""


COMMAND = Command(
    add_arguments,
    run,
    "exit codes: 0 all rules are kept, 1 one is broken, 2 no robot",
)
