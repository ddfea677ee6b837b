"""`spot-grasp check`, `nodes` and `format`: what can be said about trees and leaves without a robot."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

from app.base.known_leaves import known_leaves
from app.base.output import tell, tell_file, tell_json, warn
from perception.base.files import write_atomic
from trees.data.ports import NOTHING_KNOWN, Vocabulary
from trees.errors import TreeError
from trees.library_files import find_tree
from trees.reading.elements import Problem


def check(
    files: Sequence[str],
    *,
    main: str | None = None,
    together: bool = False,
    folders: Sequence[str] = (),
    strict: bool = False,
    stub_unknown: bool = False,
    known: Vocabulary = NOTHING_KNOWN,
    facts: dict[str, Any] | None = None,
) -> int:
    """Print every problem of every file; 2 if one is an error (if strict, a warning too), else 0.

    together: the files are read as one. folders: where included files may lie. facts: gets `problems`, see
    docs/checking.md, instead of what is printed. The others: see `trees.load`.
    """
    import trees

    leaves = known_leaves()
    wrong = False
    told: set[Problem] = set()
    rows: list[dict[str, Any]] = []
    say = tell if facts is None else lambda _: None
    groups = [list(files)] if together else [[text] for text in files]
    for group in groups:
        paths = []
        for text in group:
            try:
                paths.append(find_tree(text))
            except TreeError as error:  # the others are looked at all the same
                say(f"{error}\n")
                rows.append(_row(Problem(text, 1, 1, str(error))))
                wrong = True
        if not paths:
            continue
        problems = trees.problems(
            paths, leaves, main, folders=folders, strict=strict, stub_unknown=stub_unknown, known=known
        )
        new = [problem for problem in problems if problem not in told]  # two files may include a third
        told.update(new)
        for problem in new:
            say(f"{problem}\n")
            rows.append(_row(problem))
        wrong = wrong or any(strict or not problem.warning for problem in problems)
        if not problems:
            say(f"{', '.join(map(str, paths))}: no problem found\n")
    if facts is not None:
        facts["problems"] = rows
    return 2 if wrong else 0


def _row(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": "warning" if problem.warning else "error",
        "message": problem.message,
    }


def nodes(*, as_xml: bool, groot: str | None = None, as_json: bool = False) -> int:
    """Print the leaves with their ports: a table for people, or a TreeNodesModel for Groot2.

    groot: the file to write the model to, `-` prints it. as_json: as one line, see
    docs/trees.md. A plug-in that cannot be used is told on stderr; 2 if one is.
    """
    import trees

    every = known_leaves()
    leaves, broken = {}, 0
    for tag in every:
        try:
            leaves[tag] = every[tag]
        except TreeError as error:
            warn(f"<{tag}>: {error}")
            broken += 1
    if as_json:
        tell_json({"ok": not broken, "nodes": trees.facts(leaves)})
    elif as_xml or groot is not None:
        write_atomic(Path(groot or "-"), trees.palette_xml(leaves).encode())
    else:
        for row in trees.table(leaves):
            tell(f"{row}\n")
    return 2 if broken else 0


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
    return 1 if changed and check_only else 0
