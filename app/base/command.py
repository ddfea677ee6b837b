"""What a command is: its arguments and what it does. Every command is a value of this type, found by its name."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

from app.base.interrupts import Interrupts
from app.base.output import printable


class Parser(argparse.ArgumentParser):
    """A parser whose error messages hold no control characters: what was typed may come from anywhere.

    before: called with the words to parse before they are parsed; it may add options that depend on them.
    """

    before: Callable[[Parser, Sequence[str]], None] | None = None

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        before, self.before = self.before, None
        if before is not None:
            before(self, args)
        return super().parse_known_args(args, namespace)


@dataclass(frozen=True)
class Command:
    """A command; its module has it as `COMMAND`.

    add_arguments: declares its arguments; it must import nothing heavy. run: does the work and returns the exit code;
    errors are raised, see `app.base.exit_codes`. epilog: stands below its help, as it is.
    """

    add_arguments: Callable[[Parser], None]
    run: Callable[[argparse.Namespace, Interrupts], int]
    epilog: str = ""

    def fill(self, parser: Parser, words: Sequence[str] | None) -> None:
        """Make this parser that of the command."""
        parser.epilog = self.epilog or None
        self.add_arguments(parser)
        parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
        parser.set_defaults(run_command=self.run, command_parser=parser)


Table = Mapping[str, tuple[str, str]]
"""Commands by name: the module of each and its line in the help."""


@dataclass(frozen=True)
class Group:
    """A command that only holds others, as `dataset` holds `dataset generate`.

    metavar: what a usage line calls its commands.
    """

    metavar: str
    commands: Table

    def fill(self, parser: Parser, words: Sequence[str] | None) -> None:
        """Make this parser that of the group; words as for `add_commands`."""
        inner = parser.add_subparsers(dest=self.metavar.lower(), metavar=self.metavar, required=True)
        add_commands(inner, self.commands, words)


def add_commands(parsers: Any, table: Table, words: Sequence[str] | None) -> None:
    """Add the parsers of commands to `ArgumentParser.add_subparsers()`.

    words: what was typed: only the command that it names is imported and gets its arguments. None: all do.
    """
    typed = None if words is None else next((word for word in words if word in table), "")
    for name, (module, summary) in table.items():
        parser = parsers.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if typed in (None, name):
            command: Command | Group = import_module(module).COMMAND
            command.fill(parser, None if words is None else words[words.index(name) + 1 :])
