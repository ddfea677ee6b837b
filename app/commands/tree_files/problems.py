"""The problems of files of trees, scenes and cases: as lines for people, as annotations, as rows for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.base.exit_codes import SUCCESS, UNUSABLE
from app.base.known_leaves import known_leaves
from app.base.output import tell
from trees.data.ports import NOTHING_KNOWN, Vocabulary
from trees.errors import SpotGraspError, TreeError
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
    github: bool = False,
) -> int:
    """Print every problem of every file; 2 if one is an error (if strict, a warning too), else 0.

    files: of trees, and TOML files of scenes and of cases. together: the trees are read as one. folders: where included
    files may lie. facts: gets `problems`, see docs/checking.md, instead of what is printed. github: print them as
    GitHub Actions reads them. The others: see `trees.load`.
    """
    import trees

    leaves = known_leaves()
    wrong = False
    reported: set[Problem] = set()
    rows: list[dict[str, Any]] = []
    show = tell if facts is None else lambda _: None
    line = annotation if github else str
    of_trees = [text for text in files if not text.endswith(".toml")]
    groups = [of_trees] if together and of_trees else [[text] for text in of_trees]
    for text in files:
        if text.endswith(".toml"):
            problems = toml_problems(Path(text))
            show("".join(f"{line(problem)}\n" for problem in problems) or f"{text}: no problem found\n")
            rows += [_row(problem) for problem in problems]
            wrong = wrong or any(strict or not problem.warning for problem in problems)
    for group in groups:
        paths = []
        for text in group:
            try:
                paths.append(find_tree(text))
            except TreeError as error:  # the others are looked at all the same
                show(f"{line(Problem(text, 1, 1, str(error))) if github else error}\n")
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
            show(f"{line(problem)}\n")
            rows.append(_row(problem))
        wrong = wrong or any(strict or not problem.warning for problem in problems)
        if not problems:
            show(f"{', '.join(map(str, paths))}: no problem found\n")
    if facts is not None:
        facts["problems"] = rows
    return UNUSABLE if wrong else SUCCESS


def toml_problems(file: Path) -> list[Problem]:
    """The problems of a scene file, or of a file of cases."""
    try:
        if file.name.endswith(".test.toml"):
            from app.cases.run import CaseRun

            CaseRun(file).check()
            return []
        from simulation.scene.check import scene_problems

        return scene_problems(file)
    except SpotGraspError as error:
        return [Problem(str(file), 1, 1, str(error).removeprefix(f"{file}: "))]


def annotation(problem: Problem) -> str:
    """A problem as a workflow command of GitHub Actions, which marks the line in a change."""

    def escaped(text: str, more: str = "") -> str:
        for character in f"%\r\n{more}":
            text = text.replace(character, f"%{ord(character):02X}")
        return text

    kind = "warning" if problem.warning else "error"
    place = f"file={escaped(problem.file, ':,')},line={problem.line},col={problem.column}"
    return f"::{kind} {place}::{escaped(problem.message)}"


def _row(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": "warning" if problem.warning else "error",
        "message": problem.message,
    }
