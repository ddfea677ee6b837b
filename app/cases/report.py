"""What came of a file of cases: as text for a terminal, as JSON values, and drawn on the tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from app.cases.coverage import Coverage, Seen
from app.cases.run import FileResult, Row
from app.drawing.svg import Mark, Marks, svg
from app.drawing.tree_view import Note, tree_page
from perception.base.errors import ConfigError

SEEN: Final = ("#dff3df", "#3b8246")
PARTLY: Final = ("#fff0c9", "#b07f1c")
NEVER: Final = ("#fbdcdc", "#b03030")
EXCUSED: Final = ("#e8ecf4", "#5c6c8c")


def case_line(row: Row) -> str:
    """A case in a line, and a line for each thing that is otherwise than expected."""
    word = "ok  " if row.passed else "FAIL"
    robot = f"{row.played.seconds:.1f} s on the robot, {1000 * row.wall_s:.0f} ms"
    return "".join([f"  {word}  {row.name}: {robot}\n", *(f"          {words}\n" for words in row.wrong)])


def coverage_lines(coverage: Coverage) -> str:
    """How much of the tree was seen, and what was not, by its place in the files."""
    excused = coverage.excused
    more = f", {excused} more excused" if excused else ""
    lines = [f"  seen: {coverage.count} of {coverage.total} outcomes of {len(coverage.rows)} nodes{more}\n"]
    for row in coverage.missing:
        lines.append(f"  {_place(row)}: {row.origin.path}: {words_of(row)}\n")
    lines += [f"  {words}\n" for words in coverage.stale]
    return "".join(lines)


def summary(result: FileResult) -> str:
    """The last line about a file."""
    failed = sum(not row.passed for row in result.rows)
    wall_s = sum(row.wall_s for row in result.rows)
    unseen = ", and not all of the tree was seen" if result.file.complete and not result.coverage.complete else ""
    return f"{result.file.file}: {len(result.rows)} cases, {failed} failed{unseen}; {wall_s:.1f} s\n"


def words_of(row: Seen) -> str:
    """What was seen of a node, and what not."""
    words = [] if row.visited else ["never ticked"]
    words += [f"never seen: {' and '.join(row.missing)}"] if row.missing else []
    words += [f"{outcome} need not be seen: {why}" for outcome, why in row.excused.items() if outcome not in row.seen]
    return "; ".join(words) or "all seen"


def marks(coverage: Coverage) -> Marks:
    """The colours of a drawing: what was seen in green, in part in yellow, never in red, excused in grey."""
    drawn: dict[int, Mark] = {}
    for row in coverage.rows:
        colour = (PARTLY if row.visited else NEVER) if row.missing else SEEN if row.possible <= row.seen else EXCUSED
        drawn |= dict.fromkeys(row.uids, Mark(*colour, words_of(row)))
    return drawn


def drawing(result: FileResult, form: str) -> str:
    """The tree with what was seen of it; form: svg or html."""
    title = f"{result.document.main}: {result.coverage.count} of {result.coverage.total} outcomes seen"
    drawn = marks(result.coverage)
    if form == "svg":
        return svg(result.nodes, title, marks=drawn)
    notes = {
        index: Note(mark.words, hue=mark.border)
        for index, node in enumerate(result.nodes)
        if (mark := drawn.get(node.uid)) is not None
    }
    return tree_page(result.nodes, title, notes=notes)


def form_of(out: Path) -> str:
    """The form of a drawing by the ending of its file. ConfigError for another ending."""
    form = out.suffix.lower().lstrip(".")
    if form not in ("svg", "html"):
        raise ConfigError(f"--coverage {out}: name it .svg or .html")
    return form


def facts(result: FileResult) -> dict[str, Any]:
    """The result as plain JSON values."""
    return {
        "file": str(result.file.file),
        "tree": result.file.tree,
        "passed": result.passed,
        "cases": [
            {
                "name": row.name,
                "passed": row.passed,
                "wrong": list(row.wrong),
                "status": row.played.status,
                "reason": row.played.reason,
                "attempts": row.played.attempts,
                "robot_s": round(row.played.seconds, 3),
                "wall_s": round(row.wall_s, 3),
            }
            for row in result.rows
        ],
        "seen": result.coverage.count,
        "outcomes": result.coverage.total,
        "unseen": [
            {
                "file": row.origin.element.file,
                "line": row.origin.element.line,
                "node": row.origin.path,
                "outcomes": list(row.missing),
            }
            for row in result.coverage.missing
        ],
        "stale": list(result.coverage.stale),
    }


def _place(row: Seen) -> str:
    return f"{row.origin.element.file}:{row.origin.element.line}"
