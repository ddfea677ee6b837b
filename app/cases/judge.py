"""Compares what came of a case with what must come of it."""

from __future__ import annotations

from collections.abc import Iterator

from app.cases.model import Expected
from app.cases.nodes import matching
from app.cases.play import Played
from app.session.substitution_file import fits


def mismatches(expected: Expected, played: Played, place: str) -> list[str]:
    """What is otherwise than expected, a line each; empty if all is right. place: of the case, for messages."""
    return list(_wrong(expected, played, place))


def _wrong(expected: Expected, played: Played, place: str) -> Iterator[str]:
    because = f": {played.reason}" if played.reason else ""
    if played.status != expected.status:
        yield f"status: expected {expected.status}, came {played.status}{because}"
    elif expected.reason not in played.reason:
        yield f"reason: expected '{expected.reason}' in it, came '{played.reason}'"
    if expected.attempts not in (None, played.attempts):
        yield f"attempts: expected {expected.attempts}, came {played.attempts}"
    least, most = expected.seconds
    if not least <= round(played.seconds, 3) <= most:
        yield f"seconds: expected {least:g} to {most:g}, came {played.seconds:.2f} on the robot's clock"
    if expected.reports is not None and not _same_reports(expected.reports, played.reports):
        yield f"reports: expected {list(expected.reports)}, came {list(played.reports)}"
    entered = set(played.entered)
    for pattern in expected.visited:
        if not any(node.uid in entered for node in matching(pattern, played.nodes, place)):
            yield f"visited: '{pattern}' was never ticked"
    for pattern in expected.unvisited:
        for node in matching(pattern, played.nodes, place):
            if node.uid in entered:
                yield f"unvisited: {node.path} was ticked"
                break
    yield from _wrong_order(expected, played, place)


def _same_reports(patterns: tuple[str, ...], reports: tuple[str, ...]) -> bool:
    return len(patterns) == len(reports) and all(map(fits, patterns, reports))


def _wrong_order(expected: Expected, played: Played, place: str) -> Iterator[str]:
    at, before = 0, "the start"
    for pattern in expected.order:
        uids = {node.uid for node in matching(pattern, played.nodes, place)}
        found = next((index for index in range(at, len(played.entered)) if played.entered[index] in uids), None)
        if found is None:
            yield f"order: '{pattern}' was not entered after {before}"
            return
        at, before = found + 1, f"'{pattern}'"
