"""`spot-grasp format`: tree files in their canonical form."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from difflib import unified_diff
from pathlib import Path

from app.base.command import Command, Parser
from app.base.exit_codes import FAILURE, SUCCESS
from app.base.interrupts import Interrupts
from app.base.output import tell, tell_file
from perception.base.files import write_atomic
from trees.errors import TreeError


def add_arguments(parser: Parser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a tree file; - is from stdin to stdout")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")


def run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    return format_files(arguments.files, check_only=arguments.check, diff=arguments.diff)


def format_files(files: Iterable[str], *, check_only: bool, diff: bool) -> int:
    """Bring files into the canonical form, in place; `-` is from stdin to stdout.

    check_only: write nothing, 1 if a file would change. diff: write nothing but the differences, to stdout.
    TreeError, with the place, if one is no XML: the files before it are written, it and those after it are not.
    """
    from trees.reading.format import format_text
    from trees.reading.markup import read_source

    changed = False
    for file in files:
        if file == "-":
            try:
                text = sys.stdin.buffer.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise TreeError(f"stdin: not a UTF-8 text: {error.reason}") from error
            done = format_text(text, "stdin")
        else:
            source = read_source(Path(file))
            text, before = source.text, source.raw
            done = format_text(text, file)
        differs = file != "-" and before != done.encode()
        changed = changed or differs or done != text
        if diff:
            tell_file("".join(unified_diff(text.splitlines(True), done.splitlines(True), file, f"{file} formatted")))
        elif check_only:
            if differs or done != text:
                tell(f"{file}: would be formatted\n")
        elif file == "-":
            tell_file(done)
        elif differs:
            write_atomic(Path(file), done.encode())
            tell(f"{file}: formatted\n")
    return FAILURE if changed and check_only else SUCCESS


COMMAND = Command(add_arguments, run)
