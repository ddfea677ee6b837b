"""`spot-grasp contract NAME`: does a robot keep the rules of `behaviours.contract`? A line a rule."""

from __future__ import annotations

import argparse
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from app.base.output import tell, tell_json
from app.base.plugins import make_robot, robot_name
from perception.base.errors import ConfigError
from perception.base.extras import require

if TYPE_CHECKING:
    from behaviours.contract import MakeRobot

HELP: Final = "does a robot keep the rules of the robot protocol? It walks and moves its arm"
SEED: Final = 3
"""Of the scene that Genesis shows."""


def register(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "contract", parents=parents, help=HELP, epilog="exit codes: 0 all rules are kept, 1 one is broken, 2 no robot"
    )
    parser.add_argument("robot", type=robot_name, metavar="NAME", help="fake, genesis, or one of an installed package")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead")
    parser.set_defaults(handler=contract)


def contract(arguments: argparse.Namespace) -> int:
    """The exit code. ConfigError for a robot that cannot be made from its name alone."""
    if not __debug__:
        raise ConfigError("contract: the rules are assert statements, which python -O leaves out; start it without -O")
    make = _maker(arguments.robot)
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
    return 1 if broken else 0


def _maker(name: str) -> MakeRobot:
    if name == "spot":
        raise ConfigError("contract: a Spot is not made from its name alone; `check --hostname H` looks at one")
    if name == "fake":
        from behaviours.robots.fake.robot import FakeRobot

        return FakeRobot
    if name == "genesis":
        require("contract genesis", "sim")
        from app.session.compose import DEFAULT_SCENE
        from simulation.genesis.robot import GenesisRobot

        return lambda: GenesisRobot(DEFAULT_SCENE, SEED)
    make_robot(name)  # one that cannot be made breaks no rule: it is told once
    return lambda: make_robot(name)


def judged(rule: Callable[[MakeRobot], None], make: MakeRobot) -> tuple[str, str]:
    """("kept", ""), ("broken", why) or ("skip", why it cannot be judged)."""
    from behaviours.contract import CannotJudge

    try:
        rule(make)
    except CannotJudge as error:
        return "skip", str(error)
    except Exception as error:  # whatever the robot raises there is its fault, and the next rule is judged all the same
        words = " ".join(str(error).split())
        if isinstance(error, AssertionError):
            return "broken", words or (traceback.extract_tb(error.__traceback__)[-1].line or "an assertion failed")
        return "broken", f"{type(error).__name__}: {words}"
    return "kept", ""
