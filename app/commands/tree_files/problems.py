"""The problems of tree files, as lines for people and as rows for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.base.exit_codes import SUCCESS, UNUSABLE
from app.base.known_leaves import known_leaves
from app.base.output import tell
from trees.data.ports import NOTHING_KNOWN, Vocabulary
from trees.errors import TreeError
from trees.library import find_tree
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
    reported: set[Problem] = set()
    rows: list[dict[str, Any]] = []
    show = tell if facts is None else lambda _: None
    groups = [list(files)] if together else [[text] for text in files]
    for group in groups:
        paths = []
        for text in group:
            try:
                paths.append(find_tree(text))
            except TreeError as error:  # the others are looked at all the same
                show(f"{error}\n")
                rows.append(_row(Problem(text, 1, 1, str(error))))
                wrong = True
        if not paths:
            continue
        problems = trees.problems(
            paths, leaves, main, folders=folders, strict=strict, stub_unknown=stub_unknown, known=known
        )
        new = [problem for problem in problems if problem not in reported]  # two files may include a third
        reported.update(new)
        for problem in new:
            show(f"{problem}\n")
            rows.append(_row(problem))
        wrong = wrong or any(strict or not problem.warning for problem in problems)
        if not problems:
            show(f"{', '.join(map(str, paths))}: no problem found\n")
    if facts is not None:
        facts["problems"] = rows
    return UNUSABLE if wrong else SUCCESS


def _row(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": "warning" if problem.warning else "error",
        "message": problem.message,
    }
